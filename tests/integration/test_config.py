"""The coordinator's configuration: what is wrong with a file is said with file, line and key, and exit code 2."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("R3E_BUILD", ROOT / "build")).resolve()
COORDINATOR = BUILD / "coordinator" / "r3e-coordinator"
TIMEOUT_S = 20

REQUIRED = 'store : { dir = "store"; };\npublic : { dir = "public"; };\n'  # lines 1 and 2
CATALOGUE = 'tracks = ( { id = 1; name = "T"; } );\nclasses = ( { id = 2; name = "C"; } );\n'


def run(*arguments, cwd=None):
    return subprocess.run(
        [str(COORDINATOR), *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, cwd=cwd
    )


@pytest.fixture
def write(tmp_path):
    """A function that writes a configuration (bytes or text) beside a catalogue and returns its path."""
    (tmp_path / "catalogue.cfg").write_text(CATALOGUE)

    def write_config(content):
        path = tmp_path / "r3e.cfg"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_config


# name: (content, line, key, words of the message)
WRONG = {
    "unknown key": (REQUIRED + "workers : { lokal = 3; };", 3, "workers.lokal", "did you mean workers.local?"),
    "unknown key without a near one": (REQUIRED + "log : { zzzzzzzzzz = 3; };", 3, "log.zzzzzzzzzz", "unknown key"),
    "key in the wrong group": (REQUIRED + "store2 : { };", 3, "store2", "did you mean store?"),
    "key of another group": (REQUIRED + "refresh : { burst = 3; };", 3, "refresh.burst", "did you mean politeness.burst?"),
    "key without its unit": (REQUIRED + "politeness : { rate = 3; };", 3, "politeness.rate", "politeness.rate_per_s"),
    "unknown group": (REQUIRED + "politness : { burst = 3; };", 3, "politness", "did you mean politeness?"),
    "key outside of groups": (REQUIRED + "burst = 3;", 3, "burst", "group politeness"),
    "group that is a number": (REQUIRED + "log = 3;", 3, "log", "allowed: a group"),
    "string for an integer": (REQUIRED + 'politeness : { burst = "1"; };', 3, "politeness.burst", "is a string; allowed: an integer"),
    "fraction for an integer": (REQUIRED + "politeness : { burst = 1.5; };", 3, "politeness.burst", "allowed: an integer from 1"),
    "string for a number": (REQUIRED + 'politeness : { rate_per_s = "4"; };', 3, "politeness.rate_per_s", "allowed: a number"),
    "integer for a bool": (REQUIRED + "politeness : { robots = 1; };", 3, "politeness.robots", "allowed: true or false"),
    "bool for a string": (REQUIRED + "upstream : { base_url = true; };", 3, "upstream.base_url", "allowed: a string"),
    "group for a value": (REQUIRED + "upstream : { page_size : { }; };", 3, "upstream.page_size", "is a group"),
    "below the range": (REQUIRED + "upstream : {\n page_size = 0;\n};", 4, "upstream.page_size", "from 1 to 1500"),
    "above the range": (REQUIRED + "upstream : {\n\n page_size = 1501;\n};", 5, "upstream.page_size", "from 1 to 1500"),
    "negative": (REQUIRED + "politeness : { rate_per_s = -0.1; };", 3, "politeness.rate_per_s", "out of range"),
    "infinite": (REQUIRED + "politeness : { rate_per_s = 1e999; };", 3, "politeness.rate_per_s", "out of range"),
    "hexadecimal": (REQUIRED + "politeness : { burst = 0x100000001; };", 3, "politeness.burst", "not decimal"),
    "burst of nothing": (REQUIRED + "politeness : { burst = 0; };", 3, "politeness.burst", "out of range"),
    "unknown choice": (REQUIRED + 'log : { level = "loud"; };', 3, "log.level", '"debug", "info", "warn", "error"'),
    "unknown layout": (REQUIRED.replace('"public"', '"p"; layouts = ("round")'), 2, "public.layouts", '"flat", "sharded"'),
    "layout twice": (REQUIRED.replace('"public"', '"p"; layouts = ("flat", "flat")'), 2, "public.layouts", "twice"),
    "no layout": (REQUIRED.replace('"public"', '"p"; layouts = ()'), 2, "public.layouts", "empty"),
    "layout as a string": (REQUIRED.replace('"public"', '"p"; layouts = "flat"'), 2, "public.layouts", "a list"),
    "time of day": (REQUIRED + 'refresh : { daily_at = "24:00"; };', 3, "refresh.daily_at", '"HH:MM"'),
    "url scheme": (REQUIRED + 'upstream : { base_url = "ftp://x"; };', 3, "upstream.base_url", "https://"),
    "url with a query": (REQUIRED + 'upstream : { base_url = "http://x/?a"; };', 3, "upstream.base_url", "does not belong"),
    "header forged by the user agent": (REQUIRED + 'upstream : { user_agent = "a\\r\\nHost: b"; };', 3, "upstream.user_agent", "control character"),
    "endpoint scheme": (REQUIRED + 'sockets : { jobs = "http://x"; };', 3, "sockets.jobs", "tcp://ADDRESS:PORT"),
    "endpoint port": (REQUIRED + 'sockets : { jobs = "tcp://127.0.0.1:99999"; };', 3, "sockets.jobs", "port"),
    "endpoint open to all": (REQUIRED + 'sockets : { jobs = "tcp://0.0.0.0:5555"; };', 3, "sockets.jobs", "security.server_key"),
    "web server open to all": (REQUIRED + 'http : { listen = "0.0.0.0:8080"; };', 3, "http.listen", "allow_insecure"),
    "one endpoint for two": (REQUIRED + 'sockets : { jobs = "ipc:///a"; status = "ipc:///a"; };', 3, "sockets.status", "also sockets.jobs"),
    "key file without the other": (REQUIRED + 'security : { server_key = "k"; };', 3, "security.authorized_keys", "missing"),
    "time-outs that contradict": (REQUIRED + "upstream : { timeout_s = 5; };", 3, "upstream.timeout_s", "connect_timeout_s"),
    "too many rows": (REQUIRED + "upstream : { max_pages = 1000; };", 3, "upstream.max_pages", "150000"),
    "store inside public": ('store : { dir = "p/s"; };\npublic : { dir = "p"; };', 1, "store.dir", "inside public.dir"),
    "socket path too long": (REQUIRED.replace('"store"', '"/' + "x" * 100 + '"'), 1, "store.dir", "bytes too long"),
    "required store": ('\n\npublic : { dir = "p"; };\n\nstore : { };', 5, "store.dir", "missing"),
    "required public": ('store : { dir = "s"; };', 1, "public.dir", "missing"),
    "empty required": ('store : { dir = ""; };\npublic : { dir = "p"; };', 1, "store.dir", "must not be empty"),
    "key twice": (REQUIRED + "log : {\n level = \"info\";\n level = \"warn\";\n};", 5, "log.level", "second time (first on line 4)"),
    "group twice": (REQUIRED + 'log : { };\nstore : { dir = "b"; };', 4, "store", "second time (first on line 1)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(write, name):
    content, line, key, words = WRONG[name]
    path = write(content)
    result = run("--config", path, "--check")
    assert result.returncode == 2
    assert result.stdout == ""
    lines = [text for text in result.stderr.splitlines() if text.startswith(f"{path}:{line}: {key}: ")]
    assert len(lines) == 1, result.stderr
    assert words in lines[0]


# What cannot be blamed on a key: name: (content, line, words)
UNREADABLE = {
    "syntax": (REQUIRED + "log : { level = ; };", 3, "syntax error"),
    "not closed": (REQUIRED + "log : {", 3, "syntax error"),
    "include": (REQUIRED + '@include "/etc/hostname"', 3, "@include is not supported"),
    "include in a group": (REQUIRED + 'log : {\n  @include "/dev/zero"\n};', 4, "@include is not supported"),
    "NUL": (REQUIRED.encode() + b"\0garbage", 3, "NUL byte"),
    "not UTF-8": (REQUIRED.encode() + b'http : { listen = "\xff"; };', 3, "not valid UTF-8"),
    "number of 33 bits": (REQUIRED + "workers : { local = 4294967297; };", 3, "4294967297 is too large"),
    "nested deep": ("a : {" + " b : {" * 100000, 1, "memory exhausted"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable(write, name):
    content, line, words = UNREADABLE[name]
    path = write(content)
    result = run("--config", path, "--check")
    assert result.returncode == 2
    assert re.search(rf"^{re.escape(str(path))}:{line}: .*{re.escape(words)}", result.stderr, re.M), result.stderr


def test_all_problems_at_once(write):
    path = write("store : { dri = 1; };\nlog : { level = 5; };\nworkers : { local = 9999; };\n")
    result = run("--config", path, "--check", "--set", "politeness.burst=0", "--set", "nonsense")
    assert result.returncode == 2
    for text in ("1: store.dri: ", "1: store.dir: missing", "1: public.dir: missing", "2: log.level: ", "3: workers.local: "):
        assert f"{path}:{text}" in result.stderr
    assert "--set politeness.burst=0: " in result.stderr
    assert "--set nonsense: " in result.stderr


def test_problems_before_a_syntax_error_are_reported_too(write):
    path = write(REQUIRED + "workers : { local = -1; };\nlog : { level = = };")
    result = run("--config", path, "--check")
    assert f"{path}:3: workers.local: -1" in result.stderr
    assert f"{path}:4: syntax error" in result.stderr


@pytest.mark.parametrize(
    "override, words",
    [
        ("politeness.burst=0", "from 1 to 10000"),
        ("politeness.burst=", "not an integer"),
        ("politeness.brust=1", "did you mean politeness.burst?"),
        ("polite.burst=1", "unknown key"),
        ("burst", "group.key=value"),
        ("=", "group.key=value"),
        ("sockets.jobs=tcp://*:5555", "other hosts"),
        ("log.level=LOUD\nforged: line", "forged"),
    ],
)
def test_wrong_override(write, override, words):
    result = run("--config", write(REQUIRED), "--check", "--set", override)
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("--set " + override.replace("\n", "?")), result.stderr
    assert words in lines[0]


def test_file_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.cfg", tmp_path / "none" / "r3e.cfg", tmp_path):
        result = run("--config", path, "--check")
        assert result.returncode == 2
        assert str(path) in result.stderr
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "not a regular file" in run("--config", pipe, "--check").stderr
    large = tmp_path / "large.cfg"
    large.write_bytes(b"#" * (1024 * 1024 + 1))
    assert "larger than the 1048576 bytes" in run("--config", large, "--check").stderr


def test_right(write, tmp_path):
    # What stands in comments and strings is not looked at.
    path = write(
        REQUIRED + '# @include "x"\n/* 99999999999 */ // 99999999999\n'
        'upstream : { user_agent = "99999999999 @include"; };\npoliteness : { rate_per_s = 4; };\n'
    )
    result = run("--config", path, "--check", cwd="/")
    assert (result.returncode, result.stderr) == (0, "")
    assert str(tmp_path / "catalogue.cfg") in result.stdout
    assert not (tmp_path / "store").exists()


def test_check_reads_the_catalogue(write, tmp_path):
    path = write(REQUIRED)
    (tmp_path / "catalogue.cfg").write_text('tracks = (\n { id = 0; name = "T"; } );\n')
    result = run("--config", path, "--check")
    assert result.returncode == 2
    assert f"{tmp_path}/catalogue.cfg:2: tracks[0]: 0 \"T\" is an id out of range" in result.stderr
    (tmp_path / "catalogue.cfg").unlink()
    result = run("--config", path, "--check")
    assert result.returncode == 2
    assert str(tmp_path / "catalogue.cfg") in result.stderr


def test_printed_configuration_loads_to_the_same(write, tmp_path):
    path = write(REQUIRED + 'log : { level = "warn"; };')
    printed = run("--config", path, "--print-config", "--set", "politeness.rate_per_s=0.125", cwd=tmp_path)
    assert printed.returncode == 0
    assert "rate_per_s = 0.125;" in printed.stdout
    assert f'dir = "{tmp_path}/store";' in printed.stdout
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "again.cfg").write_text(printed.stdout)
    again = run("--config", tmp_path / "sub" / "again.cfg", "--print-config", cwd="/")
    assert again.stdout == printed.stdout


def test_example_is_what_print_config_writes():
    assert run("--print-config").stdout == (ROOT / "deploy" / "r3e-leaderboard.cfg").read_text()
    result = run("--config", ROOT / "deploy" / "r3e-leaderboard.cfg", "--check")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [[], ["--nonsense"], ["--config"], ["extra", "--config", "x"], ["--config", "x", "--once", "--check"]],
)
def test_wrong_usage(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert "--help" in result.stderr


def test_help_and_version():
    assert "--check" in run("--help").stdout
    assert re.fullmatch(r"r3e-coordinator \d+\.\d+\.\d+\n", run("--version").stdout)
