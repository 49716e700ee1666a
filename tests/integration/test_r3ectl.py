"""r3ectl search, status and watch: what they find and say, in files and against sockets that the test plays."""

import gzip
import json
import os
import pty
import select
import signal
import subprocess
import time
import types

import pytest
import zmq

SUMMARY = {
    "v": 1, "type": "summary", "version": "9.9", "time": "2026-01-03T10:00:00Z", "started": "2026-01-01T00:00:00Z",
    "state": "fetching", "reason": "a full refresh, 1500 of 2000 boards are left", "hold": "",
    "combinations": 2000, "done": 500, "due": 1496, "leased": 4, "retrying": 0, "failed": 2, "missing": 1500,
    "queue": {"leased": 4, "urgent": 7, "missing": 1485, "stale": 4, "retrying": 0, "quarantined": 1, "resting": 499},
    "oldest_overdue_s": 7200, "requests_per_s": 123.4, "rate_allowed_per_s": 150, "time_left_s": 12, "in_flight": 4,
    "entries": 45678, "requests": 510, "bytes": 9_000_000, "stored": 480, "unchanged": 20, "kept_aside": 1,
    "failed_attempts": 3, "failures": {"timeout": 3}, "answers": {"0": 3, "200": 500, "429": 7},
    "latency": {"count": 507, "p50_ms": 60, "p95_ms": 90, "p99_ms": 300, "max_ms": 1200},
    "workers": 4, "workers_joined": 9, "workers_lost": 1, "workers_left": {"max_jobs": 3, "signal": 1, "max_age": 0},
    "exports": 2, "export_failures": 1, "export_error": "disk full", "generation": 17,
    "export": {"running_ms": 40, "last_time": "2026-01-03T09:59:00Z", "duration_ms": 900, "peak_rss_kb": 30720,
               "files_written": 7, "files_unchanged": 14871},
    "publication_delay": {"count": 480, "p50_ms": 4000, "p95_ms": 61000},
    "store_boards": 500, "store_entries": 45678, "store_bytes": 86_000_000, "descriptors": 41,
    "tree_memory_kb": 40_000, "tree_memory_peak_kb": 50_000, "memory_kb": 9_000,
    "refresh": {"kind": "full", "started": "2026-01-03T03:45:00Z", "left": 1500, "targeted_left": 7,
                "next_daily": "2026-01-04T03:45:00Z", "trigger_problem": "unknown: 99"},
}

STATUS = """\
r3e-coordinator 9.9 at 2026-01-03T10:00:00Z, since 2026-01-01T00:00:00Z
state         fetching: a full refresh, 1500 of 2000 boards are left
progress      500 of 2,000 combinations are up to date (25.0 %), 12 s left
queue         4 being fetched, 7 asked for, 1,485 never fetched, 4 too old
              0 to be tried again, 2 failed, 1 quarantined
overdue       the oldest board by 2 h 00 min
full refresh  since 2026-01-03T03:45:00Z, 1,500 left
asked for     7 combinations go first
next daily    2026-01-04T03:45:00Z
trigger file  unknown: 99
requests      123.4 a second of 150 allowed, 4 in flight; 510 so far, 8.6 MB
answers       3 × no answer, 500 × 200, 7 × 429
latency       half within 60 ms, 95 % 90 ms, 99 % 300 ms, all 1200 ms
results       480 new or changed, 20 unchanged, 1 kept aside until confirmed
failures      3 attempts: 3 timeout
workers       4 connected, 9 joined, 4 recycled (3 max_jobs, 1 signal), 1 died
exports       2, 1 failed, one runs
              the last failed: disk full
published     2026-01-03T09:59:00Z in 900 ms, 30 MB
              7 files written, 14,871 left alone
delay         half of the boards published within 4 s, 95 % within 1 min 01 s
store         500 boards, 45,678 entries, 82 MB, generation 17
memory        39 MB in all, 49 MB at most; coordinator 8.8 MB, 41 descriptors
              r3ectl failed lists them, r3ectl release ends a quarantine
"""


def entry(name, position, total, **other):
    return {
        "name": name, "position": position, "laptime": "1m 46.000s, +01.000s", "time_diff": 1.0, "country": "Germany",
        "car": "Audi R8", "car_class": "GTR 3", "team": "", "rank": "", "difficulty": "Get Real",
        "track": "Monza Circuit - Grand Prix", "track_id": "1671", "class_id": "1703",
        "date_time": "2026-01-03T10:00:00", "found": True, "total_entries": total,
    } | other


INDEX = {
    "bob dylan": [entry("Bob Dylan", 2, 30), entry("Bob Dylan", 1, 3, time_diff=0), entry("Bob Dylan", 1, 900)],
    "bobby \"x\" \\ \u2028": [entry('Bobby "X" \\ \u2028', 7, 9, country="")],
    "evil\x1b[31mname": [entry("evil\x1b[31mname", 3, 9)],
    "jörg møller": [entry("Jörg Møller", n, 1000) for n in range(25, 0, -1)],
    "æther": [entry("Æther", 1, 9)],
    "a] } , {\" [": [entry('a] } , {" [', 1, 9, team="]}{[\\\"")],
    "nobody's list": [],
}


@pytest.fixture
def r3ectl(build_dir):
    def run(*options, **others):
        return subprocess.run(
            [str(build_dir / "coordinator" / "ctl" / "r3ectl"), *map(str, options)],
            capture_output=True, text=True, timeout=30, **others,
        )

    run.program = str(build_dir / "coordinator" / "ctl" / "r3ectl")
    return run


@pytest.fixture
def public(tmp_path):
    def write(content):
        (tmp_path / "cache").mkdir(exist_ok=True)
        (tmp_path / "cache" / "driver_index.json.gz").write_bytes(content)
        return tmp_path

    write(gzip.compress(json.dumps(INDEX, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0))
    return types.SimpleNamespace(folder=tmp_path, write=write)


def found(r3ectl, public, *options):
    done = r3ectl("search", "--public", public.folder, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "needle, keys",
    [
        ("bob dylan", ["bob dylan"]), ("BOB", ["bob dylan", 'bobby "x" \\ \u2028']), ("dyl", ["bob dylan"]),
        ("jorg moller", ["jörg møller"]), ("JÖRG", ["jörg møller"]), ("moller", ["jörg møller"]),
        ("aether", ["æther"]), ("ather", ["æther"]), ('"x" \\', ['bobby "x" \\ \u2028']),
        ("{\" [", ["a] } , {\" ["]),
    ],
)
def test_search_finds(r3ectl, public, needle, keys):
    result = found(r3ectl, public, needle)
    assert [driver["key"] for driver in result["drivers"]] == keys
    assert result["found"] == len(keys)


def test_search_gives_entries_as_published_best_first(r3ectl, public):
    driver = found(r3ectl, public, "bob dylan")["drivers"][0]
    assert driver["results"] == [INDEX["bob dylan"][2], INDEX["bob dylan"][1], INDEX["bob dylan"][0]]
    driver = found(r3ectl, public, "--limit", 3, "jorg")["drivers"][0]
    assert driver["entries"] == 25
    assert [result["position"] for result in driver["results"]] == [1, 2, 3]


def test_search_table(r3ectl, public):
    text = r3ectl("search", "--public", public.folder, "bob").stdout
    assert text.startswith('2 drivers match "bob":\n')
    assert "Bob Dylan, Germany: 3 entries" in text
    assert "  Monza Circuit - Grand Prix  GTR 3  1/900  1m 46.000s  +1.000 s  2026-01-03\n" in text
    assert "…" not in text


def test_search_cannot_steer_the_terminal(r3ectl, public):
    text = r3ectl("search", "--public", public.folder, "evil").stdout
    assert "\x1b" not in text and "evil\ufffd[31mname" in text


def test_search_nobody(r3ectl, public):
    done = r3ectl("search", "--public", public.folder, "zzz")
    assert (done.returncode, done.stdout) == (1, "") and "zzz" in done.stderr


WHOLE = gzip.compress(b'{"a":[{"name":"a"}]}', mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        b"", WHOLE[:-9], WHOLE[:15], gzip.compress(b""), gzip.compress(b"[]"), gzip.compress(b'{"a":[{}]'),
        gzip.compress(b'{"a":{}}'), gzip.compress(b'{"a":[1]}'), gzip.compress(b'{"a":[{}],}'),
        gzip.compress(b'{"\\u12":[{}]}'), gzip.compress(b"{} x"), gzip.compress(b'{"' + b"a" * 100_000),
        gzip.compress(b'{"a":[{"b":"' + b"c" * 100_000 + b'"}]}'), b"<html>", os.urandom(1000),
    ],
    ids=range(15),
)
def test_search_broken_index(r3ectl, public, content):
    done = r3ectl("search", "--public", public.write(content), "a")
    assert (done.returncode, done.stdout) == (1, "")
    assert "driver_index.json.gz" in done.stderr


@pytest.mark.parametrize(
    "options", [[], ["x"], ["--public", "."], ["--public", ".", "a", "b"], ["--public", ".", ""], ["--limit", "0", "x"],
                ["--limit", "501", "x"], ["--drivers", "51", "x"], ["--public", ".", b"\xff"], ["--nonsense", "x"]])
def test_search_wrong_usage(r3ectl, options):
    done = subprocess.run([r3ectl.program, "search", *options], capture_output=True, timeout=30)
    assert done.returncode == 2 and b"--help" in done.stderr


# ---- status and watch ----


class Publisher:
    """The status socket of a coordinator that the test plays."""

    def __init__(self, folder):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.endpoint = f"ipc://{folder}/status.sock"
        self.socket.bind(self.endpoint)

    def wait_for_subscriber(self, *topics):
        wanted = {b"\x01" + topic.encode() for topic in topics or ["summary"]}
        while wanted:
            assert self.socket.poll(10_000)
            wanted.remove(self.socket.recv())

    def send(self, **changes):
        self.socket.send_multipart([b"summary", json.dumps(SUMMARY | changes).encode()])

    def tell(self, topic, **fields):
        self.socket.send_multipart([topic.encode(), json.dumps({"v": 1, "type": topic, **fields}).encode()])

    def close(self):
        self.socket.close(linger=0)
        self.context.term()


@pytest.fixture
def publisher(tmp_path):
    made = Publisher(tmp_path)
    yield made
    made.close()


def start(r3ectl, *options, **others):
    return subprocess.Popen([r3ectl.program, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **others)


def test_status(r3ectl, publisher):
    running = start(r3ectl, "status", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber()
    publisher.send()
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert text == STATUS
    assert text.count("\n") <= 24 and max(map(len, text.splitlines())) <= 80


def test_status_does_not_let_its_source_steer_the_terminal(r3ectl, publisher):
    running = start(r3ectl, "status", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber()
    last = {"address": "192.0.2.7", "socket": "jobs", "reason": "\x1b[2Jno key\x9b"}
    publisher.send(keys_problem="host\x1b]0;owned\x07.pub is unreadable", peers_refused=1, last_refused=[last])
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert "host?]0;owned?.pub" in text and "?[2Jno key" in text
    assert not [letter for letter in text if letter != "\n" and (letter < " " or "\x7f" <= letter <= "\x9f")]


def test_status_of_an_earlier_release(r3ectl, publisher):
    running = start(r3ectl, "status", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber()
    publisher.socket.send_multipart([b"summary", b'{"state":"waiting","hold":"paused","hold_reason":"by an operator","hold_ms":61000}'])
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert "held back     by an operator\nheld back     for another 1 min 01 s\n" in text


def test_status_json(r3ectl, publisher):
    running = start(r3ectl, "--connect", publisher.endpoint, "status", "--json")
    publisher.wait_for_subscriber()
    for junk in ([b"summary"], [b"summary", b"{"], [b"summary", b"[]"], [b"summary", b"{}", b"{}"]):
        publisher.socket.send_multipart(junk)
    publisher.send()
    assert json.loads(running.communicate(timeout=10)[0]) == SUMMARY


@pytest.mark.parametrize("command", ["status", "watch", "workers", "events"])
def test_nobody_answers(r3ectl, tmp_path, command):
    started = time.monotonic()
    done = r3ectl(command, "--connect", f"ipc://{tmp_path}/nobody.sock")
    assert done.returncode == 1 and "Is the coordinator running" in done.stderr
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("state, code", [("done", 0), ("stopping", 1)])
def test_watch_until_done(r3ectl, publisher, state, code):
    running = start(r3ectl, "watch", "--until-done", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber()
    publisher.send()
    assert running.stdout.readline() == (
        "fetching: 500 of 2,000 combinations, 45,678 entries, 123 requests/s, 12 s left, 39 MB in all processes, 2 failed\n"
    )
    publisher.send(state=state, done=2000)
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (code, "")
    assert text.startswith(f"{state}: 2,000 of 2,000")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_on_a_signal(r3ectl, publisher, number):
    running = start(r3ectl, "watch", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber()
    publisher.send(state="done")  # no reason to end without --until-done
    assert running.stdout.readline()
    running.send_signal(number)
    assert running.wait(timeout=5) == 0
    running.communicate()


def test_watch_in_one_line_of_a_terminal(r3ectl, publisher):
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [r3ectl.program, "watch", "--line", "--until-done", "--connect", publisher.endpoint],
        stdout=theirs, stderr=subprocess.PIPE, env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    os.close(theirs)
    publisher.wait_for_subscriber()
    shown = b""
    publisher.send()
    while b"\x1b[K" not in shown:
        assert select.select([ours], [], [], 10)[0]
        shown += os.read(ours, 4096)
    publisher.send(state="done", done=2000)
    assert running.wait(timeout=10) == 0
    shown += os.read(ours, 4096)
    os.close(ours)
    running.stderr.close()
    lines = shown.decode().strip("\r\n").split("\r")
    assert lines[0] == "fetching   ███░░░░░░░░░  500/2,000  2 failed  12 s left  123 req/s\x1b[K"
    assert lines[1].startswith("done       ████████████  2,000/2,000")


@pytest.mark.parametrize("command", ["status", "watch", "workers", "events", "failed"])
@pytest.mark.parametrize("options", [[], ["--connect", "nowhere"], ["--config", "/nonexistent"], ["extra"], ["--nonsense"]])
def test_wrong_usage(r3ectl, command, options):
    done = r3ectl(command, *options)
    assert done.returncode == 2 and done.stderr


# ---- workers and events ----

WORKERS = [
    {"name": "w10", "host": "beta", "pid": 7, "state": "ready", "board": None, "jobs": 1, "failures": 0, "rss_kb": 2048, "age_s": 61,
     "last_error": ""},
    {"name": "w9", "host": "alpha\x1b[2J", "pid": 12345, "state": "fetching", "jobs": 1500, "failures": 3, "rss_kb": 10240,
     "age_s": 4000, "last_error": "10-1: timeout: too slow",
     "board": {"track_id": 1671, "class_id": 1703, "track": "Monza", "class": "GTR 3", "attempt": 1, "page": 0, "elapsed_ms": 5}},
]


def test_workers(r3ectl, publisher):
    running = start(r3ectl, "workers", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber("worker")
    publisher.tell("worker", count=2, workers=WORKERS)
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert text == (
        "name    host                  pid     jobs   fails   memory           age  board\n"
        "w9      alpha?[2J           12345    1,500       3    10 MB    1 h 06 min  1671-1703 Monza, GTR 3\n"
        "        last error: 10-1: timeout: too slow\n"
        "w10     beta                    7        1       0   2.0 MB    1 min 01 s  ready\n")


def events(first, last, **fields):
    return [{"number": n, "time": "2026-01-03T10:00:00Z", "kind": "state", "text": f"number {n}"} | fields for n in range(first, last + 1)]


def test_events_prints_what_there_is_and_ends(r3ectl, publisher):
    running = start(r3ectl, "events", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber("event", "summary")
    publisher.tell("event", epoch=1, last=3, all=False, events=events(3, 3))  # on its way to others
    publisher.tell("event", epoch=1, last=3, all=True, events=events(1, 2) + events(
        3, 3, kind="board_stored", track_id=1671, class_id=1703, track="Monza", **{"class": "GTR 3"}, text="12 entries\x1b[2J"))
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert text == (
        "2026-01-03T10:00:00Z  state                         number 1\n"
        "2026-01-03T10:00:00Z  state                         number 2\n"
        "2026-01-03T10:00:00Z  board_stored     1671-1703    Monza, GTR 3: 12 entries?[2J\n")


def test_events_follow(r3ectl, publisher):
    running = start(r3ectl, "events", "--follow", "--json", "--kind", "state", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber("event", "summary")
    publisher.tell("event", epoch=1, last=2, all=True, events=events(1, 2))
    assert [json.loads(running.stdout.readline())["number"] for _ in range(2)] == [1, 2]
    publisher.tell("event", epoch=1, last=9, all=False, events=events(7, 8) + events(9, 9, kind="command"))
    assert [json.loads(running.stdout.readline())["number"] for _ in range(2)] == [7, 8]
    publisher.tell("event", epoch=2, last=1, all=True, events=events(1, 1))
    assert json.loads(running.stdout.readline())["number"] == 1
    running.send_signal(signal.SIGTERM)
    text, errors = running.communicate(timeout=10)
    assert (running.returncode, text) == (0, "")
    assert "4 events came faster than they could be told" in errors and "started anew" in errors


def test_events_ends_with_its_reader(r3ectl, publisher):
    running = start(r3ectl, "events", "--follow", "--connect", publisher.endpoint)
    publisher.wait_for_subscriber("event", "summary")
    running.stdout.close()
    deadline = time.monotonic() + 10
    number = 0
    while running.poll() is None:
        assert time.monotonic() < deadline
        number += 1
        publisher.tell("event", epoch=1, last=number, all=True, events=events(1, number))
        time.sleep(0.05)
    running.stderr.close()
