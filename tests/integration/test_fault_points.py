"""Fault points: compiled in by an option, in no other build, and each of them used as the table says."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("coordinator/r3e-coordinator", "worker/r3e-worker", "exporter/r3e-exporter")
ROW = re.compile(r'^    X\((\w+), "([\w.]+)", "(\w+)", (true|false)\)', re.MULTILINE)
TABLE = ROW.findall((ROOT / "common" / "fault_point.h").read_text())
NAMES = [name for _, name, _, _ in TABLE]


def run(program, specification):
    return subprocess.run([str(program)], env=os.environ | {"R3E_FAULT": specification}, capture_output=True, text=True,
                          timeout=20)


def has_points(build):
    """Whether a build folder was made with the option."""
    return NAMES[0].encode() in (build / PROGRAMS[0]).read_bytes()


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_the_option_no_name_is_in_the_programs(program, plain_build_dir, build_dir):
    if plain_build_dir == build_dir:
        pytest.skip("there is only one build")
    content = (plain_build_dir / program).read_bytes()
    found = [text for text in [*NAMES, "R3E_FAULT", "R3E_TRACE", "fault_point_reached"] if text.encode() in content]
    assert not found


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_list_is_the_table(program, build_dir):
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    done = run(build_dir / program, "list")
    assert done.returncode == 0
    assert [tuple(line.split()) for line in done.stdout.splitlines()] == [(name, owner) for _, name, owner, _ in TABLE]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_specification_ends_the_program(program, build_dir):
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    done = run(build_dir / program, "collect.sometime=kill")
    assert done.returncode == 1
    assert "R3E_FAULT: no point is called `collect.sometime`" in done.stderr


def test_every_point_is_used_as_the_table_says():
    assert len(TABLE) >= 30 and len(set(NAMES)) == len(NAMES)
    text = "".join(path.read_text() for folder in ("common", "coordinator", "worker", "exporter")
                   for path in (ROOT / folder).rglob("*.c"))
    passed = set(re.findall(r"FAULT_POINT\((\w+)\)", text))
    failing = set(re.findall(r"FAULT_FAIL\((\w+)\)", text))
    assert failing == {identifier for identifier, _, _, fails in TABLE if fails == "true"}
    assert passed == {identifier for identifier, _, _, fails in TABLE if fails == "false"}
