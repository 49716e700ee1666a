"""common/PROTOCOL.md says what common/protocol.c does: the same messages, fields, types and limits."""

import pathlib
import re

import pytest

COMMON = pathlib.Path(__file__).resolve().parents[2] / "common"
CODE = (COMMON / "protocol_fields.h").read_text() + (COMMON / "protocol.c").read_text()
HEADER = (COMMON / "protocol.h").read_text()
RECORD = (COMMON / "record.h").read_text()
DOCUMENT = (COMMON / "PROTOCOL.md").read_text()

HEADINGS = {"page": "more"}  # MORE and GRANT share a struct and a section


def constants():
    """The numeric macros that the tables use."""
    values = {"INT32_MAX": 2**31 - 1, "UINT32_MAX": 2**32 - 1, "RECORD_HASH_SIZE": 16}
    for text in (RECORD, HEADER, CODE):
        for name, body in re.findall(r"#define\s+([A-Z0-9_]+)\s+(.+)", text):
            body = body.split("/*")[0].strip()
            body = re.sub(r"\((?:uint64_t|size_t)\)", "", body)
            body = re.sub(r"(?<=\d)u\b", "", body)
            if re.fullmatch(r"[\w\s()+*<-]+", body):
                try:
                    values[name] = eval(body, {}, dict(values))  # noqa: S307: our own header's arithmetic
                except (NameError, SyntaxError, TypeError):
                    pass
    return values


VALUES = constants()


def number(text):
    text = re.sub(r"\((?:uint64_t|size_t)\)", "", text)
    return eval(text, {}, VALUES)  # noqa: S307


def struct_size(message, member):
    body = re.search(r"struct message_%s \{(.*?)\};" % message, HEADER, re.S).group(1)
    size = re.search(r"\b%s\[(\w+)\]" % member, body).group(1)
    return number(size)


def coded_fields():
    """{message: {field: (type, limits)}} as the code has it."""
    result = {}
    for name, body in re.findall(r"static const struct protocol_field (\w+)_fields\[\] = \{(.*?)\};", CODE, re.S):
        fields = result.setdefault(HEADINGS.get(name, name), {})
        for kind, arguments in re.findall(r"\b(UINT|FLAG|TEXT|ENUM|LEASES)\(((?:[^()]|\([^()]*\))*)\)", body):
            parts = [part.strip() for part in arguments.split(",")]
            if kind == "UINT":
                fields[parts[1]] = ("number", f"{number(parts[2])}–{number(parts[3])}")
            elif kind == "LEASES":
                fields[parts[1]] = ("numbers", f"1–{number('PROTOCOL_LEASES_MAX')} of 1–{number('SAFE_INTEGER_MAX')}")
            elif kind == "FLAG":
                fields[parts[1]] = ("boolean", "")
            elif kind == "TEXT":
                fields[parts[1]] = ("string", f"{number(parts[2])}–{struct_size(parts[0], parts[1]) - 1}")
            else:
                table = parts[2].replace("_strings", "").upper() + "S"
                strings = re.search(r"#define PROTOCOL_%s\(X\)(.*?)\n\n" % table, HEADER, re.S).group(1)
                fields[parts[1]] = ("string", " ".join(f"`{s}`" for s in re.findall(r'"(\w+)"', strings)))
    return result


def documented_fields():
    result = {}
    messages = DOCUMENT.partition("\n## Status\n")[0]
    for section in re.split(r"^### ", messages, flags=re.M)[1:]:
        heading = section.split()[0]
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (?:.*?) ?\|$", section, re.M)
        result[heading] = {name: (kind, limits) for name, kind, limits in rows}
    return result


CODED = coded_fields()


@pytest.mark.parametrize("message", sorted(CODED))
def test_fields_agree(message):
    documented = documented_fields()[message]
    coded = dict(CODED[message])
    if "failure" in coded:  # the list of failures stands in a paragraph of its own
        assert documented["failure"][1] == "below"
        for failure in coded["failure"][1].split():
            assert failure in DOCUMENT
        coded["failure"] = documented["failure"]
    assert documented == coded


def test_every_type_has_a_section():
    types = re.search(r"#define PROTOCOL_TYPES\(X\)(.*?)\n\n", HEADER, re.S).group(1)
    for name in re.findall(r'"(\w+)"', types):
        assert re.search(r"^### .*\b%s\b" % name, DOCUMENT, re.M), name


# ---- the control socket ----

CONTROL_HEADER = (COMMON / "control_message.h").read_text()
CONTROL_SECTION = DOCUMENT.partition("\n## Control\n")[2]


def control_constants():
    found = re.findall(r"#define CONTROL_(\w+)\s+(\d+)u?\b", CONTROL_HEADER)
    return {name: int(value) for name, value in found}


def test_control_commands_agree():
    limits = control_constants()
    coded = {}
    for name, fewest, most, takes in re.findall(r'X\(CONTROL_\w+, "(\w+)", (\d+), (\w+), ([^)]*)\)', CONTROL_HEADER):
        most = limits["TARGETS_MAX"] if most.startswith("CONTROL_") else int(most)
        fields = {"FOR": "`for_s`", "REASON": "`reason`", "RUN": "`run`", "FROM": "`from`"}
        takes = " ".join(fields[part] for part in re.findall(r"CONTROL_TAKES_(\w+)", takes))
        coded[name] = (f"{fewest}–{most}", takes)
    rows = re.findall(r"^\| `(\w+)` \| (\d+–\d+) \| (.*?) ?\|", CONTROL_SECTION, re.M)
    assert {name: (targets, takes) for name, targets, takes in rows} == coded and len(coded) == 10


def test_control_limits_agree():
    limits = control_constants()
    assert f"at most {limits['REQUEST_MAX']:,} bytes; the answer is one of at most {limits['REPLY_MAX']:,}" in CONTROL_SECTION
    assert f"| 0–{limits['TARGETS_MAX']}, of 1–{limits['TARGET_SIZE'] - 1} bytes each |" in CONTROL_SECTION
    assert f"| `for_s` | number | 1–{limits['FOR_S_MAX']} |" in CONTROL_SECTION
    assert f"| `reason` | string | 0–{limits['REASON_SIZE'] - 1} |" in CONTROL_SECTION
    assert f"at most {limits['TEXT_SIZE'] - 1:,} bytes, for people" in CONTROL_SECTION


def test_every_reason_of_why_and_every_state_is_documented():
    folder = COMMON.parent / "coordinator"
    why = re.search(r"#define WHY_KINDS\(X\)(.*?)\n\n", (folder / "why.h").read_text(), re.S).group(1)
    states = re.search(r"#define STATUS_STATES\(X\)(.*?)\n\n", (folder / "status_sources.h").read_text(), re.S).group(1)
    holds = re.search(r"#define HOLDS\(X\)(.*?)\n\n", (folder / "holds.h").read_text(), re.S).group(1)
    events = re.search(r"#define EVENT_KINDS\(X\)(.*?)\n\n", (folder / "events.h").read_text(), re.S).group(1)
    kinds = re.search(r"#define PLAN_KINDS\(X\)(.*?)\n\n", (folder / "plan_survey.h").read_text(), re.S).group(1)
    for text in (why, states, holds, events, kinds):
        names = re.findall(r'"(\w+)"', text)
        assert len(names) > 5 and all(f"`{name}`" in DOCUMENT for name in names)
