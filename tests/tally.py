#!/usr/bin/env python3
"""Counts test results for deploy/test.

    tally.py meson build-test/meson-logs/testlog.json
    tally.py pytest FILE.xml

Prints a line `failed NAME: REASON` or `skipped NAME: REASON` for each that did not pass, then `passed N`. Cmocka programs are
counted by the tests in them, if they were run with CMOCKA_MESSAGE_OUTPUT=TAP."""

import json
import re
import sys
import xml.etree.ElementTree

REASON_CHARACTERS = 240


def read_meson(path):
    """Yields (name, outcome, reason) from the log that `meson test` writes, one JSON object a line."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            results = re.findall(r"^(not ok|ok) \d+ - (.*)$", test.get("stdout", ""), re.MULTILINE)
            for result, case in results:
                skipped = case.endswith("# SKIP") or case.startswith("# SKIP")
                yield f"{name}: {case}", "skipped" if skipped else "passed" if result == "ok" else "failed", ""
            told_failure = any(result == "not ok" for result, _ in results)
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                if not results:
                    yield name, "passed", ""
            elif test["result"] == "SKIP":
                yield name, "skipped", "the program said so"
            elif not told_failure:
                # Crashed, timed out, or leaked after its last test.
                yield f"{name}: {test['result']}, code {test['returncode']}", "failed", ""


def read_pytest(path):
    """Yields (name, outcome, reason) from a JUnit file of pytest."""
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}: {case.get('name')}".lstrip(": ")
        skipped = case.find("skipped")
        failed = [found for kind in ("failure", "error") if (found := case.find(kind)) is not None]
        if failed:
            yield name, "failed", " ".join(failed[0].get("message", "").split())[:REASON_CHARACTERS]
        elif skipped is not None:
            yield name, "skipped", skipped.get("message", "")
        else:
            yield name, "passed", ""


def main():
    kind, path = sys.argv[1:]
    passed = 0
    for name, outcome, reason in {"meson": read_meson, "pytest": read_pytest}[kind](path):
        if outcome == "passed":
            passed += 1
        else:
            print(outcome, f"{name}: {reason}" if reason else name)
    print("passed", passed)


if __name__ == "__main__":
    main()
