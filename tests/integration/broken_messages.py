"""Every message of the protocol with one thing wrong in it: each field missing, of another type, out of its range.

Made from the tables of common/protocol.c, as test_protocol_document.py reads them: a field that is new there is broken
here without a line being added.
"""

import json

from test_protocol_document import CODED

SHARED = {"grant": "more"}  # messages with the fields of another one
EMPTY = ("ready", "robots")  # without fields
TYPES = {"number": ["7", None, True, [1], {"a": 1}], "string": [7, None, True, ["w1"], {"a": "w1"}],
         "boolean": [1, "true", None, [True]], "numbers": [7, "7", None, {"1": 1}]}


def good_value(kind, limits):
    """A value that the field may have: the least, or the first of the known ones."""
    if kind == "boolean":
        return False
    if kind == "numbers":
        return [1]
    if kind == "string":
        return limits.split("`")[1] if "`" in limits else "x" * max(1, int(limits.split("–")[0]))
    return max(1, int(limits.split("–")[0]))


def out_of_range(kind, limits):
    """Values of the right type that the field may not have."""
    if kind == "boolean":
        return []
    if kind == "numbers":
        return [[], [1] * 65, [0], [1, -1], [1.5], [2**53 + 2], ["1"], [[1]]]
    if kind == "string" and "`" in limits:
        return ["", "nonsense", limits.split("`")[1] + "\0", limits.split("`")[1].upper()]
    least, most = map(int, limits.split("–"))
    if kind == "string":
        return ["x" * (most + 1), *([""] if least else [])]
    # A number in quotes is one that Python cannot write so.
    above = most + 1 if most < 2**53 else most + 2  # the next one that is another number in a JSON number
    return [least - 1, above, -1, 0.5 + least, RawNumber("1e400"), RawNumber("-1e400"), 2**64]


class RawNumber(str):
    """A number as it is to stand in the frame."""


def fields_of(message):
    return {} if message in EMPTY else CODED[SHARED.get(message, message)]


def messages():
    return [*CODED, *SHARED, *EMPTY]


def encode(message, values):
    parts = ['"v":1', f'"type":"{message}"']
    for name, value in values.items():
        parts.append(f"{json.dumps(name)}:{value if isinstance(value, RawNumber) else json.dumps(value)}")
    return ("{" + ",".join(parts) + "}").encode()


def good(message, **changes):
    return {name: good_value(*rest) for name, rest in fields_of(message).items()} | changes


def broken(message, values=None):
    """Yields (field, what is wrong, frame), one for each way to break each field; `values`: the fields of a good one."""
    values = values or good(message)
    for name, (kind, limits) in fields_of(message).items():
        yield name, "missing", encode(message, {key: value for key, value in values.items() if key != name})
        wrong = [value for value in TYPES[kind] if not (kind == "number" and value is True)]
        for value in (*wrong, *out_of_range(kind, limits)):
            yield name, repr(value)[:40], encode(message, values | {name: value})


def broken_envelopes(message):
    """The same for what every message has: version and type."""
    whole = encode(message, good(message))
    version, kind = b'"v":1,', b'"type":"%s"' % message.encode()
    return [whole.replace(version, b""), whole.replace(version, b'"v":2,'), whole.replace(version, b'"v":"1",'),
            whole.replace(version, b'"v":null,'), whole.replace(kind, b'"typo":1'), whole.replace(kind, b'"type":7'),
            whole.replace(kind, b'"type":"nonsense"'), whole[:-1], whole + b"x", b"[" + whole + b"]"]
