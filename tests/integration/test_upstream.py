"""The stand-in of the leaderboard service does what tests/upstream/README.md says."""

import email.utils
import gzip
import http.client
import json
import re
import socket
import subprocess
import time
import zlib

import pytest

from conftest import ROOT

SMALL = ("--tracks", 6, "--classes", 5, "--entries", 900, "--drivers", 400)
# Of the truth of `SMALL` with --seed 7.
WORLD_7_CRC = 4292964990
XHR = {"X-Requested-With": "XMLHttpRequest"}
ONE = ("--tracks", 1, "--classes", 1, "--filled", 100, "--drivers", 9000)
ONE_TRACK, ONE_CLASS = 253, 1685


def path_of(track, car_class, start=0, count=1500):
    return f"/leaderboard/listing/0?track={track}&car_class=class-{car_class}&start={start}&count={count}"


def ask(service, path, headers=XHR, connection=None, method="GET"):
    """Returns (answer, body) over a connection of its own or the one given."""
    own = connection or http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    try:
        own.request(method, path, headers=headers)
        answer = own.getresponse()
        return answer, answer.read()
    finally:
        if connection is None:
            own.close()


def rows(service, track=ONE_TRACK, car_class=ONE_CLASS, start=0, count=1500):
    answer, body = ask(service, path_of(track, car_class, start, count))
    assert answer.status == 200
    return json.loads(body)["context"]["c"]["results"]


def raw_body(service, path):
    """Everything that comes after the header until the connection ends, and the error that ended it."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
        plain.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Requested-With: XMLHttpRequest\r\n\r\n".encode())
        received, error = b"", None
        try:
            while part := plain.recv(65536):
                received += part
        except OSError as caught:
            error = caught
    header, _, body = received.partition(b"\r\n\r\n")
    return header, body, error


# --- the boards ---


def test_pages_equal_the_truth(upstream, upstream_truth):
    truth = upstream_truth(*SMALL)
    service = upstream(*SMALL)
    assert len(truth) == 30
    keys = [(board["track_id"], board["class_id"]) for board in truth]
    assert keys == sorted(keys)
    for board in truth:
        expected = board["results"]
        got = []
        for start in range(0, len(expected) + 1, 40):
            page = rows(service, board["track_id"], board["class_id"], start, 40)
            assert len(page) == min(40, max(0, len(expected) - start))
            got += page
        assert got == expected


def test_the_bytes_of_the_truth_are_those_of_the_pages(upstream, upstream_program):
    options = [str(option) for option in (*ONE, "--entries", 700)]
    line = subprocess.run([str(upstream_program), *options, "--truth", "-"], check=True, capture_output=True).stdout
    _, body = ask(upstream(*options), path_of(ONE_TRACK, ONE_CLASS))
    assert line.split(b'"results":', 1)[1] == body.split(b'"results":', 1)[1].removesuffix(b"}}}") + b"}\n"


def test_entry_and_combination_counts_are_exact(upstream_truth):
    options = ("--tracks", 40, "--classes", 31, "--entries", 5001, "--drivers", 2000, "--filled", 55)
    truth = upstream_truth(*options)
    assert len(truth) == 1240
    assert sum(len(board["results"]) for board in truth) == 5001
    assert sum(bool(board["results"]) for board in truth) == 682
    by_default = upstream_truth(*options[:-2])
    assert sum(bool(board["results"]) for board in by_default) == 558


def test_rows_are_in_order_and_drivers_come_once(upstream_truth):
    truth = upstream_truth("--tracks", 20, "--classes", 20, "--entries", 20000, "--drivers", 4000, "--plain")
    drivers = set()
    for board in truth:
        results = board["results"]
        paths = [entry["driver"]["path"] for entry in results]
        assert len(set(paths)) == len(paths)
        drivers.update(paths)
        assert [entry["index"] for entry in results] == list(range(len(results)))
        assert [entry["global_index"] for entry in results] == list(range(1, len(results) + 1))
        gaps = [float(entry["relative_laptime"].strip("+s") or 0) for entry in results]
        assert gaps == sorted(set(gaps))
        assert all(entry["track"]["name"] == board["track_name"] for entry in results)
        assert all(entry["car_class"]["class"]["id"] == board["class_id"] for entry in results)
    assert len(drivers) > 3900


def test_plain_is_ascii_and_the_default_is_not(upstream_program):
    def truth(*options):
        command = [str(upstream_program), *map(str, SMALL), *options, "--truth", "-"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    plain = truth("--plain")
    boards = b"\n".join(line.split(b'"results":', 1)[1] for line in plain.splitlines())
    names = [entry["driver"]["name"] for part in boards.splitlines() for entry in json.loads(part[:-1])]
    assert len(names) == 900 and all(name.isascii() and name == " ".join(name.split()) for name in names)
    assert not truth().isascii()


def test_names_have_all_the_irregularities(upstream_truth):
    truth = upstream_truth("--entries", 40000, "--drivers", 20000)
    entries = [entry for board in truth for entry in board["results"]]
    named = [entry["driver"]["name"] for entry in entries if "name" in entry["driver"]]
    for part in ("'", "’", "ʼ", "‘", '"', "\\", "\t", "\x01", "  ", "🏎", "é", "ß", "Ж", "Γ", "王", "כ", "e\u0301"):
        assert any(part in name for name in named), repr(part)
    assert any(name.isupper() and not name.isascii() for name in named)
    assert 2 <= len(entries) - len(named) <= 60
    people, spellings = {}, {}
    for entry in entries:
        path, name = entry["driver"].get("path"), entry["driver"].get("name")
        if path and name:
            people.setdefault(name, set()).add(path)
            spellings.setdefault(path, {})[name] = entry
    assert any(len(paths) > 1 for paths in people.values())
    assert any(len(names) > 1 for names in spellings.values())
    assert any(not entry["driver"].get("path") for entry in entries)
    assert any(isinstance(entry.get("team"), dict) for entry in entries)
    assert any("car_class" not in entry for entry in entries)


def test_same_options_same_boards(upstream_program):
    def truth(*options):
        command = [str(upstream_program), *map(str, SMALL), *options, "--truth", "-"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    assert truth() == truth("--seed", "1")
    assert truth("--seed", "2") != truth()
    # Boards must stay as they are for good; a change of this number is a change of every recorded figure.
    assert zlib.crc32(truth("--seed", "7")) == WORLD_7_CRC


@pytest.mark.parametrize("entries", [0, 1, 1500, 3000, 3001])
def test_paging(upstream, entries):
    service = upstream(*ONE, "--entries", entries)
    lengths = []
    while not lengths or lengths[-1] == 1500:
        lengths.append(len(rows(service, start=1500 * len(lengths), count=100000)))
    assert lengths == [1500] * (entries // 1500) + [entries % 1500]
    assert rows(service, start=10**9) == []


def test_worked_example(upstream):
    service = upstream("--worked-example")
    got = [
        (
            entry["driver"]["name"],
            entry["driver"]["path"],
            entry["laptime"],
            entry["date_time"],
            entry["country"]["name"],
            entry["team"],
            entry["rank"],
            entry["car_class"]["car"]["name"],
            entry["driving_model"],
        )
        for entry in rows(service, 1671, 1703)
    ]
    site, car = "https://game.raceroom.com/users/info/", "Audi R8 LMS GT3"
    assert got == [
        ("Bob Dylan", f"{site}71/", "1m 46.000s", "2026-01-03T10:00:00", "Germany", "Team X", "A", car, "Get Real"),
        ("Ömer  Can", f"{site}91/", "1m 47.000s, +01.000s", "2026-01-02T10:00:00", "Turkey", "", "", car, "Get Real"),
        ("Bob Dylan", f"{site}72/", "1m 48.000s, +02.000s", "2026-01-01T10:00:00", "France", "Team X", "B", car,
         "Get Real"),
    ]
    assert rows(service, 1850, 1703) == []


# --- HTTP ---


def test_without_the_header_it_is_a_page(upstream):
    service = upstream(*SMALL)
    answer, body = ask(service, path_of(ONE_TRACK, ONE_CLASS), headers={})
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html") and b"<html>" in body
    answer, body = ask(service, f"/leaderboard/?car_class=class-{ONE_CLASS}&track={ONE_TRACK}", headers={})
    assert answer.status == 200 and "PHPSESSID=" in answer.headers["Set-Cookie"] and b"<html>" in body


def test_unknown_paths_and_combinations(upstream):
    service = upstream(*SMALL)
    assert rows(service, 1, 1) == []
    assert ask(service, "/nothing")[0].status == 404
    assert ask(service, "/leaderboard/listing/0?track=x")[0].status == 400


def test_robots(upstream, tmp_path):
    assert ask(upstream(), "/robots.txt", headers={})[1] == b"User-agent: *\nDisallow:\n"
    file = tmp_path / "robots.txt"
    file.write_text("User-agent: *\nDisallow: /leaderboard/\n" * 500)
    assert ask(upstream("--robots", file), "/robots.txt", headers={})[1] == file.read_bytes()


def test_gzip_only_for_those_who_accept_it(upstream):
    service = upstream(*ONE, "--entries", 100, "--gzip")
    plain, body = ask(service, path_of(ONE_TRACK, ONE_CLASS))
    packed, packed_body = ask(service, path_of(ONE_TRACK, ONE_CLASS), {**XHR, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed_body) < len(body)
    assert gzip.decompress(packed_body) == body


def test_catalogue_round_trip(upstream_program, upstream_truth, tmp_path):
    file = tmp_path / "catalogue.cfg"
    written = upstream_truth(*SMALL, "--write-catalogue", file)
    assert upstream_truth(*SMALL[4:], "--catalogue", file) == written
    file.write_text(
        'tracks = ( { id = 1671; name = "Monza Circuit - Grand Prix"; }, { id = 5; name = "Ünïted \\"Q\\""; } );\n'
        'classes = ( { id = 1703; name = "GTR 3"; } );\nsuperclasses = ( { name = "GT3"; classes = ( 1703 ); } );\n'
    )
    read = upstream_truth("--entries", 10, "--filled", 100, "--catalogue", file)
    assert [(board["track_id"], board["track_name"]) for board in read] == [
        (5, 'Ünïted "Q"'),
        (1671, "Monza Circuit - Grand Prix"),
    ]
    file.write_text('tracks = ( { id = 5; name = "A"; }, { id = "x"; } ); classes = ( { id = 1; name = "C"; } );')
    done = subprocess.run([str(upstream_program), "--catalogue", str(file)], capture_output=True, text=True)
    assert done.returncode == 2 and "catalogue.cfg:1: tracks" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--entries", "x"),
        ("--listen", "nowhere"),
        ("--rate", "5:0"),
        ("--latency-ms", "9-3"),
        ("--fault", "253-1685=unheard-of"),
        ("--fault", "253=500"),
        ("--fault", "253-1685=500:7"),
        ("--fault-every", "0=500"),
        ("--filled", "101"),
        ("--unheard-of",),
        ("surplus",),
        ("--entries", "1000", "--drivers", "2", "--tracks", "2", "--classes", "2"),
        ("--catalogue", "/nonexistent"),
    ],
)
def test_wrong_usage(upstream_program, options):
    done = subprocess.run([str(upstream_program), *options], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and done.stderr and not done.stdout


# --- counting and limits ---


def test_stats_and_log(upstream, tmp_path):
    log = tmp_path / "log"
    service = upstream(*SMALL, "--log", log)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    body = 0
    for start in (0, 1500, 3000):
        headers = {**XHR, "User-Agent": 'a "test"'}
        body += len(ask(service, path_of(ONE_TRACK, ONE_CLASS, start), headers, connection)[1])
    body += len(ask(service, "/nothing", {}, connection)[1])
    connection.close()
    stats = service.stats()
    assert stats["requests"] == 4 and stats["listing_requests"] == 3 and stats["peak_per_second"] == 3
    assert stats["by_status"] == {"200": 3, "404": 1} and stats["bytes"] == body
    assert stats["connections"] == 2 and stats["in_flight"] == 0 and stats["peak_in_flight"] == 1
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line.get("start") for line in lines] == [0, 1500, 3000, None]
    first = lines[0]
    assert (first["track"], first["class"], first["count"], first["status"]) == (ONE_TRACK, ONE_CLASS, 1500, 200)
    assert first["user_agent"] == 'a "test"' and first["x_requested_with"] == "XMLHttpRequest"
    assert lines[3]["user_agent"] is None and lines[3]["status"] == 404
    assert {line["connection"] for line in lines} == {1}
    assert [line["monotonic_us"] for line in lines] == sorted(line["monotonic_us"] for line in lines)
    service.reset()
    assert service.stats()["requests"] == 0
    assert service.stop() == 0
    assert service.last_stats["requests"] == 0


def test_rate_limit(upstream):
    service = upstream(*SMALL, "--rate", "1:3", "--retry-after", 7)
    answers = [ask(service, path_of(ONE_TRACK, ONE_CLASS))[0] for _ in range(8)]
    statuses = [answer.status for answer in answers]
    assert statuses[:3] == [200] * 3 and 429 in statuses[3:5]
    limited = answers[statuses.index(429)]
    assert limited.headers["Retry-After"] == "7"
    dated = upstream(*SMALL, "--rate", "1", "--retry-after", "date")
    assert [ask(dated, path_of(ONE_TRACK, ONE_CLASS))[0].status for _ in range(2)] == [200, 429]
    header = ask(dated, path_of(ONE_TRACK, ONE_CLASS))[0].headers["Retry-After"]
    assert abs(email.utils.parsedate_to_datetime(header).timestamp() - time.time()) < 10
    silent = upstream(*SMALL, "--rate", "1", "--retry-after", "none")
    ask(silent, path_of(ONE_TRACK, ONE_CLASS))
    assert "Retry-After" not in ask(silent, path_of(ONE_TRACK, ONE_CLASS))[0].headers


def test_latency_lets_others_through(upstream):
    service = upstream(*SMALL, "--latency-ms", "300-400")
    connections = [http.client.HTTPConnection("127.0.0.1", service.port, timeout=10) for _ in range(10)]
    began = time.monotonic()
    for connection in connections:
        connection.request("GET", path_of(ONE_TRACK, ONE_CLASS), headers=XHR)
    assert [connection.getresponse().status for connection in connections] == [200] * 10
    took = time.monotonic() - began
    for connection in connections:
        connection.close()
    assert 0.3 <= took < 2
    assert service.stats()["peak_in_flight"] == 10


# --- faults ---


def faulty(upstream, mode, entries=30, tracks=1):
    options = ("--tracks", tracks, "--classes", 1, "--filled", 100, "--drivers", 9000, "--entries", entries)
    return upstream(*options, "--fault", f"{ONE_TRACK}-{ONE_CLASS}={mode}")


def fault_answer(upstream, mode, entries=30):
    return ask(faulty(upstream, mode, entries), path_of(ONE_TRACK, ONE_CLASS))


def fault_json(upstream, mode):
    answer, body = fault_answer(upstream, mode)
    assert answer.status == 200
    return json.loads(body)


@pytest.mark.parametrize("status", [204, 400, 403, 404, 410, 429, 500, 502, 503])
def test_status_faults(upstream, status):
    answer, body = fault_answer(upstream, status)
    assert answer.status == status and "Retry-After" not in answer.headers
    assert (body == b"") == (status == 204)


def test_retry_after_faults(upstream):
    assert fault_answer(upstream, "429-retry-after:17")[0].headers["Retry-After"] == "17"
    assert fault_answer(upstream, "503-retry-after:3")[0].headers["Retry-After"] == "3"
    date = fault_answer(upstream, "429-date:3600")[0].headers["Retry-After"]
    assert abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time() - 3600) < 10


def test_fault_count_and_order(upstream):
    key = f"{ONE_TRACK}-{ONE_CLASS}"
    service = upstream(*ONE, "--entries", 3, "--fault", f"{key}=500*2", "--fault", f"{key}=403*1")
    statuses = [ask(service, path_of(ONE_TRACK, ONE_CLASS))[0].status for _ in range(5)]
    assert statuses == [500, 500, 403, 200, 200]


def test_fault_every(upstream, upstream_truth):
    options = ("--tracks", 30, "--classes", 20, "--entries", 1, "--drivers", 1)
    keys = [(board["track_id"], board["class_id"]) for board in upstream_truth(*options)]
    service = upstream(*options, "--fault-every", "10=503*1")
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    first = [ask(service, path_of(*key), connection=connection)[0].status for key in keys]
    again = [ask(service, path_of(*key), connection=connection)[0].status for key in keys]
    connection.close()
    assert 30 <= first.count(503) <= 90 and first.count(200) + first.count(503) == 600
    assert again == [200] * 600


def test_hang(upstream):
    service = faulty(upstream, "hang:1")
    began = time.monotonic()
    assert len(rows(service)) == 30
    assert 1 <= time.monotonic() - began < 3


def test_stopping_does_not_wait_for_those_who_hang(upstream):
    service = faulty(upstream, "hang:300")
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
        path = path_of(ONE_TRACK, ONE_CLASS)
        plain.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Requested-With: XMLHttpRequest\r\n\r\n".encode())
        deadline = time.monotonic() + 10
        while service.stats()["in_flight"] == 0:
            assert time.monotonic() < deadline
        assert service.stop() == 0
        assert plain.recv(100) == b""
    assert service.last_stats["peak_in_flight"] == 1


@pytest.mark.parametrize("mode,body_first", [("slow:200", True), ("drip-header:200", False)])
def test_slow_and_drip_header(upstream, mode, body_first):
    service = faulty(upstream, mode)
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
        path = path_of(ONE_TRACK, ONE_CLASS)
        began = time.monotonic()
        plain.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Requested-With: XMLHttpRequest\r\n\r\n".encode())
        received = b""
        while len(received) < 3 or (body_first and not received.partition(b"\r\n\r\n")[2][2:]):
            received += plain.recv(65536)
    assert time.monotonic() - began >= 0.4
    header, _, body = received.partition(b"\r\n\r\n")
    if body_first:
        assert header.startswith(b"HTTP/1.1 200 OK\r\n") and body == b'{"c'
    else:
        assert received == b"HTT"


def test_drip_header_completes(upstream):
    assert len(rows(faulty(upstream, "drip-header:1"))) == 30


def test_big_header(upstream):
    header, body, error = raw_body(faulty(upstream, "big-header:100"), path_of(ONE_TRACK, ONE_CLASS))
    assert len(header) > 100 * 1024 and len(json.loads(body)["context"]["c"]["results"]) == 30 and error is None


def announced_length(header):
    return int(header.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


def test_reset(upstream):
    header, body, error = raw_body(faulty(upstream, "reset"), path_of(ONE_TRACK, ONE_CLASS))
    assert isinstance(error, ConnectionResetError)
    assert len(body) < announced_length(header)


def test_truncated(upstream):
    header, body, error = raw_body(faulty(upstream, "truncated:77", 1500), path_of(ONE_TRACK, ONE_CLASS))
    assert error is None and announced_length(header) == len(body) + 77
    assert len(json.loads(body)["context"]["c"]["results"]) == 1500


def test_broken_json(upstream):
    answer, body = fault_answer(upstream, "truncated-json")
    assert answer.status == 200 and int(answer.headers["Content-Length"]) == len(body) > 1000
    with pytest.raises(ValueError):
        json.loads(body)
    answer, body = fault_answer(upstream, "html")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html") and b"Back soon" in body
    assert fault_answer(upstream, "empty-body")[1] == b""
    answer, body = fault_answer(upstream, "invalid-utf8")
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert json.loads(body.decode(errors="replace"))["context"]["c"]["results"][0]["index"] == 0
    assert fault_answer(upstream, "deep")[1].count(b"[") == 60000
    assert fault_answer(upstream, "deep:500")[1].count(b"]") == 500


def test_other_json(upstream):
    assert fault_json(upstream, "null") is None
    assert isinstance(fault_json(upstream, "not-object"), list)
    assert "context" not in fault_json(upstream, "error-field")
    assert fault_json(upstream, "results-null")["context"]["c"]["results"] is None
    assert "results" not in fault_json(upstream, "results-missing")["context"]["c"]
    wrong = fault_json(upstream, "wrong-types")["context"]["c"]["results"]
    assert {type(entry) for entry in wrong} == {dict, str, int, type(None), list, bool}
    assert not any(isinstance(entry.get("laptime"), str) for entry in wrong if isinstance(entry, dict))


def test_huge(upstream):
    service = faulty(upstream, "huge:3")
    entries = rows(service)
    assert len(entries) > 10000 and all(entry["driver"]["name"] == "Ann Other" for entry in entries)
    assert service.stats()["bytes"] == pytest.approx(3 << 20, rel=0.05)


def test_gzip_bomb(upstream):
    answer, body = fault_answer(upstream, "gzip-bomb:20")
    assert answer.headers["Content-Encoding"] == "gzip" and len(body) < 50000
    inflated = gzip.decompress(body)
    assert len(inflated) > 20 << 20 and json.loads(inflated)["context"]["c"]["results"] == []
    assert len(fault_answer(upstream, "gzip-bomb")[1]) < 3 << 20


def test_bad_gzip(upstream):
    answer, body = fault_answer(upstream, "bad-gzip")
    assert answer.headers["Content-Encoding"] == "gzip" and json.loads(body)


def test_redirects(upstream):
    path = path_of(ONE_TRACK, ONE_CLASS)
    answer, _ = fault_answer(upstream, "redirect-loop")
    assert answer.status == 302 and answer.headers["Location"] == path
    service = faulty(upstream, "redirect-same")
    answer, _ = ask(service, path)
    assert answer.status == 302
    assert len(json.loads(ask(service, answer.headers["Location"])[1])["context"]["c"]["results"]) == 30
    service = faulty(upstream, "redirect-other")
    answer, _ = ask(service, path)
    prefix = f"http://localhost:{service.port}"
    assert answer.status == 302 and answer.headers["Location"].startswith(prefix)
    assert ask(service, answer.headers["Location"].removeprefix(prefix))[0].status == 200
    answer, _ = fault_answer(upstream, "redirect-other:elsewhere.example:81")
    assert answer.headers["Location"].startswith("http://elsewhere.example:81/leaderboard/")


def test_wrong_track(upstream, upstream_truth):
    service = faulty(upstream, "wrong-track", entries=60, tracks=2)
    names = {entry["track"]["name"] for entry in rows(service) if "track" in entry}
    assert len(names) == 1 and names != {"Brands Hatch - Grand Prix"}


def people(entries):
    return [(entry["driver"].get("path"), entry.get("laptime")) for entry in entries]


def test_bent_boards(upstream):
    whole = people(rows(upstream(*ONE, "--entries", 100)))
    assert people(rows(faulty(upstream, "shrunk:25", 100))) == whole[:25]
    assert rows(faulty(upstream, "emptied", 100)) == []
    shifting = faulty(upstream, "shifting", 100)
    pages = [people(rows(shifting, start=start, count=40)) for start in (0, 40, 80)]
    assert pages == [whole[:40], whole[39:79], whole[79:]]
    duplicate = faulty(upstream, "duplicate", 100)
    assert people(rows(duplicate)) == whole[:1] + whole
    endless = faulty(upstream, "endless", 100)
    assert [len(rows(endless, start=start)) for start in (0, 1500, 150000)] == [1500] * 3
    assert people(rows(endless, start=200, count=100)) == whole


# --- its document ---


def test_readme_has_every_option_and_mode(upstream_program):
    help_text = subprocess.run([str(upstream_program), "--help"], check=True, capture_output=True, text=True).stdout
    usage, modes = help_text.split("\nModes:\n")
    options = set(re.findall(r"--[a-z-]+", usage.split("Examples:")[0]))
    names = {line.split()[0] for line in modes.splitlines()}
    assert len(options) > 20 and len(names) > 35
    readme = (ROOT / "tests" / "upstream" / "README.md").read_text()
    assert options == set(re.findall(r"`(--[a-z-]+)", readme.split("## Options")[1].split("## Faults")[0]))
    table = readme.split("| MODE |")[1].split("## Statistics")[0]
    documented = {name for line in table.splitlines()[2:] if line for name in re.findall(r"`([^`]+)`", line.split("|")[1])}
    assert documented == names
