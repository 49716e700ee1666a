"""The worker against a coordinator made here of two sockets, and against the stand-in service with its faults."""

import gzip
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time

import msgpack
import pytest
import xxhash
import zmq

from conftest import ROOT

VERSION = next(line.split("'")[1] for line in (ROOT / "meson.build").read_text().splitlines() if "version:" in line)
TIMEOUT_S = 15
MB = 1024 * 1024
TRACK, CLASS = 253, 1685
NAME = "Brands Hatch - Grand Prix"
ONE = ("--tracks", 1, "--classes", 1, "--filled", 100)


class Coordinator:
    """The coordinator's side of common/PROTOCOL.md, driven by the test message by message."""

    def __init__(self, folder, base_url, **welcome):
        self.jobs_endpoint = f"ipc://{folder}/jobs"
        self.results_endpoint = f"ipc://{folder}/results"
        self.welcome = {
            "version": VERSION, "worker": "w1", "results": self.results_endpoint, "base_url": base_url,
            "user_agent": "r3e-test/1", "page_size": 1500, "max_pages": 100, "connect_timeout_ms": 2000,
            "timeout_ms": 10000, "max_response_bytes": 16 * MB, "session": False, "heartbeat_ms": 60000,
            "max_jobs": 1000000, "max_age_ms": 3600000, "max_rss_kb": 10000000, "lease": 0, **welcome,
        }
        self.identity = None
        self.lease = 0
        self.open()

    def open(self):
        self.context = zmq.Context()
        self.jobs, self.results = self.context.socket(zmq.ROUTER), self.context.socket(zmq.PULL)
        for bound, endpoint in ((self.jobs, self.jobs_endpoint), (self.results, self.results_endpoint)):
            bound.linger = 0
            bound.rcvtimeo = TIMEOUT_S * 1000
            bound.bind(endpoint)
        self.jobs.router_mandatory = 1

    def close(self):
        self.context.destroy(linger=0)

    def tell(self, kind, **fields):
        self.tell_raw(json.dumps({"v": 1, "type": kind, **fields}).encode())

    def tell_raw(self, *frames):
        self.jobs.send_multipart([self.identity, *frames])

    def hear(self, *kinds, skip=("heartbeat",)):
        """The next message, which must be of one of these kinds; those to skip are skipped."""
        while True:
            self.identity, frame = self.jobs.recv_multipart()
            message = json.loads(frame)
            if message["type"] not in skip or message["type"] in kinds:
                assert message["type"] in kinds, message
                return message

    def silent(self, *kinds, for_ms):
        """Nothing of these kinds comes for so long."""
        until = time.monotonic() + for_ms / 1000
        while (left := until - time.monotonic()) > 0:
            if self.jobs.poll(left * 1000):
                assert json.loads(self.jobs.recv_multipart()[1])["type"] not in kinds

    def join(self):
        hello = self.hear("hello")
        self.tell("welcome", **self.welcome)
        return hello

    def give(self, track=TRACK, car_class=CLASS, name=NAME, content_hash=""):
        self.lease += 1
        self.tell("job", lease=self.lease, attempt=1, track_id=track, class_id=car_class, track_name=name,
                  content_hash=content_hash, issued_at_ms=1767434400000, lease_ms=20000)
        return self.lease

    def grant(self):
        more = self.hear("more")
        self.tell("grant", lease=more["lease"], page=more["page"])
        return more

    def result(self):
        frame, *payload = self.results.recv_multipart()
        return json.loads(frame), payload

    def finish(self, lease):
        """Grants each page that is asked for. The result, when its worker has said, with it or not, that it is ready."""
        ready, poller = False, zmq.Poller()
        poller.register(self.jobs, zmq.POLLIN)
        poller.register(self.results, zmq.POLLIN)
        while events := dict(poller.poll(TIMEOUT_S * 1000)):
            if self.jobs not in events:
                result, payload = self.result()
                if not ready and not result["ready"]:
                    self.hear("ready")
                return result, payload
            message = self.hear("more", "ready", "heartbeat")
            ready |= message["type"] == "ready"
            if message["type"] == "more":
                self.tell("grant", lease=lease, page=message["page"])
        raise TimeoutError("neither a page is asked for nor a result there")

    def acknowledge(self, lease, verdict="stored"):
        self.tell("ack", leases=[lease], verdict=verdict)

    def acknowledge_all(self):
        for lease in range(1, self.lease + 1 if self.identity else 0):
            try:
                self.acknowledge(lease)
            except zmq.ZMQError:
                return  # it has left

    def fetch(self, grants=0, **job):
        """One whole job; the worker is READY before and after it."""
        lease = self.give(**job)
        for _ in range(grants):
            self.grant()
        result, payload = self.finish(lease)
        self.acknowledge(lease)
        assert result["lease"] == lease
        return result, payload


class Worker:
    def __init__(self, program, endpoint, *options):
        self.process = subprocess.Popen([str(program), "--connect", endpoint, "--log-level", "debug", *options],
                                        stderr=subprocess.PIPE, text=True)
        self.log = None

    def end(self, number=None):
        """Sends a signal, if one is given; returns the exit code."""
        if number:
            self.process.send_signal(number)
        _, self.log = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode

    def peak_kb(self):
        status = open(f"/proc/{self.process.pid}/status", encoding="ascii").read()
        return int(status.split("VmHWM:")[1].split()[0])


@pytest.fixture
def program(build_dir):
    return build_dir / "worker" / "r3e-worker"


@pytest.fixture
def make(tmp_path, program):
    """make(base_url, **welcome) starts coordinator and worker; `options` go to the worker."""
    started = []

    def start(base_url, options=(), join=True, **welcome):
        coordinator = Coordinator(tmp_path, base_url, **welcome)
        worker = Worker(program, coordinator.jobs_endpoint, *options)
        started.append((coordinator, worker))
        if join:
            coordinator.join()
            coordinator.hear("ready")
        return coordinator, worker

    yield start
    for coordinator, worker in started:
        if worker.log is None and worker.process.returncode is None:
            coordinator.acknowledge_all()
            assert worker.end(signal.SIGTERM) == 0, worker.log
        coordinator.close()
        assert "Sanitizer" not in str(worker.log) and "runtime error" not in str(worker.log), worker.log


class Service:
    """A small web service whose answers a test makes: `answer(handler)` writes each of them."""

    def __init__(self, answer):
        self.requests = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.requests.append((self.path, dict(self.headers), self.client_address))
                answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def serve():
    services = []

    def start(answer):
        services.append(Service(answer))
        return services[-1]

    yield start
    for service in services:
        service.close()


def reply(handler, body, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def page(*entries):
    return json.dumps({"context": {"c": {"results": entries}}}).encode()


def entry(place, name="x", **more):
    return {"index": place, "driver": {"name": name, "path": f"/users/info/{place + 100}/"},
            "car_class": {"car": {"name": "Audi"}}, "laptime": f"{place}s", **more}


def unpack_rows(data):
    unpacker = msgpack.Unpacker()
    unpacker.feed(data)
    version, count, shared = next(unpacker)
    rows = list(unpacker)
    assert version == 1 and count == len(rows)
    return [row[:7] + [shared[place] for place in row[7:]] for row in rows]


def content_hash(detail):
    document = gzip.decompress(detail)
    return xxhash.xxh3_128_hexdigest(document.replace(b'"cached_at":"2026-01-03T10:00:00Z",', b"", 1))


def whole_board(upstream_truth, *options):
    return upstream_truth(*options)[0]["results"]


# ---- the ordinary life ----


def test_joins_with_what_it_is(make):
    coordinator, worker = make("http://127.0.0.1:1", join=False)
    hello = coordinator.join()
    assert hello["version"] == VERSION and hello["pid"] == worker.process.pid
    assert hello["host"] == socket.gethostname()
    coordinator.hear("ready")


@pytest.mark.parametrize("entries, early", [(5, False), (1400, True)])
def test_it_is_ready_with_a_small_board_and_before_a_large_one(make, upstream, entries, early):
    """Nothing is gained by saying apart what can go with the result; a large page takes a while to digest."""
    coordinator, _ = make(upstream(*ONE, "--entries", entries).url)
    for _ in range(2):
        lease = coordinator.give()
        if early:
            coordinator.hear("ready")
        result, _ = coordinator.result()
        assert result["ready"] is not early and (result["bytes"] >= 256 * 1024) is early
        coordinator.acknowledge(lease)
    coordinator.silent("ready", for_ms=100)


def test_a_board_of_one_page(make, upstream, upstream_truth):
    options = (*ONE, "--entries", 300)
    coordinator, _ = make(upstream(*options).url)
    truth = whole_board(upstream_truth, *options)
    result, (rows, detail) = coordinator.fetch()
    assert (result["outcome"], result["failure"], result["problem"]) == ("changed", "none", "")
    assert (result["worker"], result["track_id"], result["class_id"], result["attempt"]) == ("w1", TRACK, CLASS, 1)
    assert (result["pages"], result["requests"], result["entries"], result["rejected"]) == (1, 1, 300, 0)
    assert result["http_status"] == 200 and result["bytes"] > 100000
    document = json.loads(gzip.decompress(detail))
    assert document == {"track_info": {"Name": NAME, "TrackID": str(TRACK), "ClassID": str(CLASS), "Data": truth},
                        "cached_at": "2026-01-03T10:00:00Z", "track_name": NAME, "track_id": str(TRACK),
                        "entry_count": 300}
    assert list(document) == ["track_info", "cached_at", "track_name", "track_id", "entry_count"]
    assert result["content_hash"] == content_hash(detail)
    unpacked = unpack_rows(rows)
    assert [row[0] for row in unpacked] == list(range(1, 301))
    names = [row.get("driver") for row in truth]
    assert [row[2] for row in unpacked] == [
        driver["name"] if isinstance(driver, dict) and isinstance(driver.get("name"), str) else "" for driver in names]


def test_an_unchanged_board_has_no_payload(make, upstream):
    coordinator, _ = make(upstream(*ONE, "--entries", 50).url)
    first, _ = coordinator.fetch()
    second, payload = coordinator.fetch(content_hash=first["content_hash"])
    assert (second["outcome"], second["entries"], payload) == ("unchanged", 50, [])
    assert second["content_hash"] == first["content_hash"]
    third, payload = coordinator.fetch(content_hash="0" * 32)
    assert third["outcome"] == "changed" and len(payload) == 2


def test_a_board_without_entries(make, upstream):
    coordinator, _ = make(upstream(*ONE, "--entries", 1, "--fault", f"{TRACK}-{CLASS}=emptied").url)
    result, (rows, detail) = coordinator.fetch()
    assert (result["outcome"], result["entries"]) == ("changed", 0)
    assert unpack_rows(rows) == []
    assert json.loads(gzip.decompress(detail))["track_info"]["Data"] == []


def test_each_page_waits_for_its_grant(make, upstream, upstream_truth):
    options = (*ONE, "--entries", 3000, "--drivers", 9000)
    service = upstream(*options)
    coordinator, worker = make(service.url)
    lease = coordinator.give()
    for page_number in (1, 2):  # an exact multiple is followed by an empty page
        more = coordinator.hear("more")
        assert more == {"v": 1, "type": "more", "lease": lease, "page": page_number}
        assert service.stats()["listing_requests"] == page_number
        coordinator.tell("grant", lease=lease + 7, page=page_number)  # of somebody else
        coordinator.tell("grant", lease=lease, page=page_number)
    result, (rows, detail) = coordinator.result()
    assert (result["pages"], result["requests"], result["entries"]) == (3, 3, 3000)
    assert json.loads(gzip.decompress(detail))["track_info"]["Data"] == whole_board(upstream_truth, *options)
    assert result["content_hash"] == content_hash(detail)
    assert len(unpack_rows(rows)) == 3000
    assert service.stats()["connections"] == 1 + 3  # the worker's, and one for each look at the statistics


def test_one_connection_and_honest_headers(make, serve):
    service = serve(lambda handler: reply(handler, page(entry(0))))
    coordinator, _ = make(service.url)
    for _ in range(20):
        coordinator.fetch()
    assert len({address for _, _, address in service.requests}) == 1
    path, headers, _ = service.requests[0]
    assert path == f"/leaderboard/listing/0?track={TRACK}&car_class=class-{CLASS}&start=0&count=1500"
    assert headers["X-Requested-With"] == "XMLHttpRequest"
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["User-Agent"] == "r3e-test/1"
    assert "Cookie" not in headers and "Referer" not in headers


def test_session_page_once_with_cookie_and_referer(make, serve):
    def answer(handler):
        if handler.path.startswith("/leaderboard/?"):
            reply(handler, b"<html></html>", Set_Cookie="id=7; Path=/")
        else:
            reply(handler, page())

    service = serve(answer)
    coordinator, _ = make(service.url, session=True)
    coordinator.fetch(grants=1)  # the job's own grant went to the session's page
    coordinator.fetch()
    paths = [path for path, _, _ in service.requests]
    assert [path.split("?")[0] for path in paths] == ["/leaderboard/"] + 2 * ["/leaderboard/listing/0"]
    for _, headers, _ in service.requests[1:]:
        assert headers["Cookie"] == "id=7"
        assert headers["Referer"] == service.url + paths[0]


def test_compressed_answers(make, upstream, upstream_truth):
    options = (*ONE, "--entries", 200)
    coordinator, _ = make(upstream(*options, "--gzip").url)
    result, (_, detail) = coordinator.fetch()
    assert json.loads(gzip.decompress(detail))["track_info"]["Data"] == whole_board(upstream_truth, *options)
    assert result["bytes"] > 5 * len(detail)


def test_a_board_that_changes_between_pages_is_looked_at_again(make, serve):
    first, second = [entry(i) for i in range(4)], [entry(3), entry(4)]

    def answer(handler):
        start = int(handler.path.split("start=")[1].split("&")[0])
        quiet = len(service.requests) > 2
        reply(handler, page(*(first if start == 0 else second[1:] if quiet else second)))

    service = serve(answer)
    coordinator, _ = make(service.url, page_size=4)
    coordinator.give()
    assert [coordinator.grant()["page"] for _ in range(3)] == [1, 2, 3]
    result, (rows, _) = coordinator.result()
    assert (result["outcome"], result["entries"], result["requests"]) == ("changed", 5, 4)
    assert [row[0] for row in unpack_rows(rows)] == [1, 2, 3, 4, 5]


def test_a_board_that_never_holds_still_has_its_duplicates_dropped(make, upstream):
    options = (*ONE, "--entries", 2000, "--drivers", 9000, "--plain")
    coordinator, _ = make(upstream(*options, "--fault", f"{TRACK}-{CLASS}=shifting").url)
    coordinator.give()
    for _ in range(3):
        coordinator.grant()
    result, (rows, _) = coordinator.result()
    people = [(row[3], row[8], row[5]) for row in unpack_rows(rows)]
    assert result["requests"] == 4 and len(set(people)) == len(people) == result["entries"]


# ---- what goes wrong ----

FAULTS = {
    "400": ("http_status", "400"), "403": ("http_status", "403"), "404": ("http_status", "404"),
    "410": ("http_status", "410"), "429": ("http_status", "429"), "500": ("http_status", "500"),
    "503": ("http_status", "503"), "204": ("http_status", "204"), "reset": ("reset", ""),
    "truncated": ("truncated", ""), "truncated-json": ("truncated", "middle"), "html": ("not_json", "HTML"),
    "empty-body": ("not_json", "empty"), "null": ("not_a_listing", "null"), "not-object": ("not_a_listing", "list"),
    "error-field": ("not_a_listing", "error"), "results-null": ("not_a_listing", "null"),
    "results-missing": ("not_a_listing", "missing"), "deep": ("not_json", "deeper"),
    "bad-gzip": ("encoding", ""), "big-header": ("too_large", ""), "redirect-loop": ("redirect", "3 redirects"),
    "redirect-other": ("redirect", "own host"), "wrong-track": ("wrong_board", NAME),
    "hang:30": ("timeout", ""), "slow:100": ("timeout", ""), "drip-header:100": ("timeout", ""),
}


def test_every_fault_has_its_name_and_the_worker_lives(make, upstream, upstream_truth):
    """One worker meets them all, and fetches a good board after them."""
    options = ("--tracks", 4, "--classes", 8, "--filled", 100, "--entries", 400, "--seed", 3)
    boards = upstream_truth(*options)
    last = boards.pop()
    plan = dict(zip(FAULTS, boards))
    faults = [part for fault, board in plan.items()
              for part in ("--fault", f"{board['track_id']}-{board['class_id']}={fault}")]
    coordinator, worker = make(upstream(*options, *faults).url, timeout_ms=700)
    for fault, board in plan.items():
        lease = coordinator.give(board["track_id"], board["class_id"],
                                 NAME if fault == "wrong-track" else board["track_name"])
        result, payload = coordinator.finish(lease)
        coordinator.acknowledge(lease, "noted")
        failure, said = FAULTS[fault]
        assert (result["failure"], payload, result["content_hash"]) == (failure, [], ""), (fault, result)
        assert said in result["problem"] and result["problem"], (fault, result)
    result, (_, detail) = coordinator.fetch(
        track=last["track_id"], car_class=last["class_id"], name=last["track_name"])
    assert json.loads(gzip.decompress(detail))["track_info"]["Data"] == last["results"]
    assert worker.end(signal.SIGTERM) == 0


def test_connection_refused_and_unknown_host(make, serve):
    service = serve(lambda handler: None)
    service.close()
    coordinator, _ = make(service.url)
    assert coordinator.fetch()[0]["failure"] == "connect"


def test_unknown_host(make):
    coordinator, _ = make("http://no-such-host.invalid")
    result, _ = coordinator.fetch()
    assert result["failure"] == "dns" and "no-such-host.invalid" in result["problem"]


def test_tls_that_is_none(make, serve):
    service = serve(lambda handler: reply(handler, page()))
    coordinator, _ = make(service.url.replace("http:", "https:"))
    assert coordinator.fetch()[0]["failure"] == "tls"


@pytest.mark.parametrize("field, least, most", [
    ({"Retry_After": "7"}, 7000, 7000),
    ({"Retry_After": "1e20"}, 0, 0),
    ({"Retry_After": "-7"}, 0, 0),
    ({"Retry_After": "Thu, 01 Jan 2099 00:00:00 GMT"}, 86400000, 86400000),
    ({}, 0, 0),
])
def test_retry_after(make, serve, field, least, most):
    coordinator, _ = make(serve(lambda handler: reply(handler, b"", 429, **field)).url)
    result, _ = coordinator.fetch()
    assert (result["failure"], result["http_status"]) == ("http_status", 429)
    assert least <= result["retry_after_ms"] <= most


def sanitized(program):
    return b"__asan_init" in program.read_bytes()


@pytest.mark.parametrize("fault", ["huge:200", "gzip-bomb:1024"])
def test_memory_stays_within_its_cap(make, program, upstream, fault):
    cap_mb = 4
    coordinator, worker = make(upstream(*ONE, "--entries", 10, "--fault", f"{TRACK}-{CLASS}={fault}").url,
                               max_response_bytes=cap_mb * MB)
    before = worker.peak_kb()
    result, _ = coordinator.fetch()
    assert result["failure"] == "too_large" and "body" in result["problem"]
    # AddressSanitizer keeps what was freed, for a while.
    assert worker.peak_kb() - before < (cap_mb + 3) * 1024 * (8 if sanitized(program) else 1)
    assert result["bytes"] <= cap_mb * MB


def test_too_many_pages(make, upstream):
    coordinator, _ = make(upstream(*ONE, "--entries", 10, "--fault", f"{TRACK}-{CLASS}=endless").url, max_pages=3,
                          page_size=100)
    assert coordinator.finish(coordinator.give())[0]["failure"] == "too_many_pages"


def test_redirect_within_the_host_is_followed_with_a_grant(make, upstream):
    service = upstream(*ONE, "--entries", 30, "--fault", f"{TRACK}-{CLASS}=redirect-same")
    coordinator, _ = make(service.url)
    result, _ = coordinator.fetch(grants=1)
    assert (result["outcome"], result["entries"], result["requests"]) == ("changed", 30, 2)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "https://127.0.0.1:{port}/", "http://127.0.0.1:1/",
                                    "http://localhost:{port}/", "http://user@127.0.0.1.example:{port}/", ""])
def test_redirects_that_are_refused(make, serve, target):
    service = serve(lambda handler: reply(
        handler, b"", 302, Location=target.format(port=service.url.rsplit(":", 1)[1])))
    coordinator, _ = make(service.url)
    result, _ = coordinator.fetch()
    assert result["failure"] == "redirect" and len(service.requests) == 1


def test_entries_of_any_shape(make, serve):
    strange = [None, 7, [], {"driver": 3, "index": {}, "unknown": {"a": [None, 1.5]}}, {"driver": {"name": "ok"}},
               {"index": "1e9", "laptime": [], "team": {"name": {}}}, "text"]
    coordinator, _ = make(serve(lambda handler: reply(handler, page(*strange))).url)
    result, (rows, detail) = coordinator.fetch()
    assert (result["entries"], result["rejected"]) == (3, 4)
    assert json.loads(gzip.decompress(detail))["track_info"]["Data"] == [e for e in strange if isinstance(e, dict)]
    assert [row[2] for row in unpack_rows(rows)] == ["", "ok", ""]


# ---- results are not lost ----


def wait_for(condition):
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_sigterm_waits_for_the_acknowledgement(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url)
    lease = coordinator.give()
    coordinator.finish(lease)
    worker.process.send_signal(signal.SIGTERM)
    assert coordinator.hear("bye")["reason"] == "signal"
    assert worker.process.poll() is None
    coordinator.acknowledge(lease)
    assert worker.end() == 0


def test_sigterm_does_not_wait_for_ever(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url)
    coordinator.give()
    coordinator.result()
    started = time.monotonic()
    assert worker.end(signal.SIGTERM) == 0
    assert 1.0 < time.monotonic() - started < 4
    assert "1 results unacknowledged" in worker.log


def test_sigterm_aborts_a_fetch(make, upstream):
    service = upstream(*ONE, "--entries", 5, "--fault", f"{TRACK}-{CLASS}=hang:30")
    coordinator, worker = make(service.url)
    coordinator.give()
    wait_for(lambda: service.stats()["listing_requests"] == 1)
    started = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    assert coordinator.hear("bye")["reason"] == "signal"
    assert worker.end() == 0
    assert time.monotonic() - started < 1
    assert not coordinator.results.poll(0)


def test_results_are_sent_again_to_a_coordinator_that_restarted(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, heartbeat_ms=100)
    leases, first = [], []
    for _ in range(3):
        leases.append(coordinator.give())
        first.append(coordinator.finish(leases[-1]))
    coordinator.acknowledge(leases[1])
    coordinator.tell("retire", reason="so that it leaves as soon as the others are acknowledged")
    coordinator.hear("bye")
    coordinator.close()
    coordinator.welcome["worker"] = "w9"
    coordinator.open()
    coordinator.join()
    again = [coordinator.result() for _ in range(2)]
    assert [result["lease"] for result, _ in again] == [leases[0], leases[2]]
    for (result, payload), (old, old_payload) in zip(again, (first[0], first[2])):
        assert result == {**old, "worker": "w9", "ready": False} and payload == old_payload
    coordinator.acknowledge(leases[0], "duplicate")
    coordinator.acknowledge(leases[2])
    assert worker.end() == 0


def test_results_are_sent_again_over_a_connection_that_broke(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, heartbeat_ms=60000)
    lease = coordinator.give()
    first = coordinator.finish(lease)
    endpoint = coordinator.results.last_endpoint
    coordinator.results.close()
    coordinator.results = coordinator.context.socket(zmq.PULL)
    coordinator.results.linger, coordinator.results.rcvtimeo = 0, TIMEOUT_S * 1000
    coordinator.results.bind(endpoint)
    result, payload = coordinator.result()
    assert (result, payload) == ({**first[0], "ready": False}, first[1])
    coordinator.hear("ready")  # the one that went with the result may be lost too
    coordinator.acknowledge(lease)


def test_hello_is_said_again_over_a_connection_that_broke(make, upstream):
    """The coordinator did not restart, and is not silent: libzmq made the connection anew without a word."""
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, heartbeat_ms=60000)
    endpoint = coordinator.jobs.last_endpoint
    coordinator.jobs.close()
    coordinator.jobs = coordinator.context.socket(zmq.ROUTER)
    coordinator.jobs.linger, coordinator.jobs.rcvtimeo = 0, TIMEOUT_S * 1000
    coordinator.jobs.bind(endpoint)
    coordinator.join()
    coordinator.hear("ready")
    coordinator.give()
    assert coordinator.result()[0]["outcome"] == "changed"


def test_a_job_goes_on_while_the_coordinator_restarts(make, serve):
    go_on = threading.Event()

    def answer(handler):
        go_on.wait(TIMEOUT_S)
        reply(handler, page(entry(0)))

    service = serve(answer)
    coordinator, worker = make(service.url, heartbeat_ms=100)
    lease = coordinator.give()
    wait_for(lambda: service.requests)
    coordinator.close()
    coordinator.open()
    coordinator.join()
    go_on.set()
    result, _ = coordinator.result()
    assert result["lease"] == lease and result["outcome"] == "changed"
    coordinator.acknowledge(lease)
    coordinator.hear("ready")
    coordinator.fetch()


def test_a_further_page_of_a_forgotten_lease_is_given_up(make, serve):
    go_on = threading.Event()

    def answer(handler):
        go_on.wait(TIMEOUT_S)
        reply(handler, page(entry(0), entry(1)))

    service = serve(answer)
    coordinator, _ = make(service.url, heartbeat_ms=100, page_size=2)
    coordinator.give()
    wait_for(lambda: service.requests)
    coordinator.close()
    coordinator.open()
    coordinator.join()
    go_on.set()
    coordinator.hear("ready")
    assert not coordinator.results.poll(0) and len(service.requests) == 1
    lease = coordinator.give()  # this one is known here, and its further pages are asked for
    assert coordinator.hear("more") == {"v": 1, "type": "more", "lease": lease, "page": 1}


def test_a_further_page_is_asked_for_again_when_the_lease_is_still_its_own(make, upstream, upstream_truth):
    """MORE may be lost with the connection, and so may GRANT."""
    world = (*ONE, "--entries", 5)
    coordinator, worker = make(upstream(*world).url, heartbeat_ms=60000, page_size=2)
    lease = coordinator.give()
    for _ in range(2):
        assert coordinator.hear("more")["page"] == 1
        coordinator.close()
        coordinator.open()
        coordinator.welcome["lease"] = lease
        coordinator.join()
    coordinator.grant()
    coordinator.grant()
    result, _ = coordinator.result()
    assert result["lease"] == lease and result["entries"] == 5 and result["requests"] == 3


def test_a_job_that_comes_while_another_is_in_hand_is_said_not_to_be_taken(make, upstream):
    """By HELLO, which names the last one that was; the board in hand goes on."""
    coordinator, _ = make(upstream(*ONE, "--entries", 3).url, join=False, page_size=2)
    hello = coordinator.join()
    coordinator.hear("ready")
    assert hello["job"] == 0
    kept = coordinator.give()
    assert coordinator.hear("more")["lease"] == kept
    coordinator.give()
    coordinator.welcome["lease"] = kept
    assert coordinator.join() == {**hello, "job": kept}
    assert coordinator.grant() == {"v": 1, "type": "more", "lease": kept, "page": 1}
    result, _ = coordinator.finish(kept)
    assert result["lease"] == kept and result["entries"] == 3


def test_a_worker_gives_up_on_a_coordinator_that_stays_away(make):
    coordinator, worker = make("http://127.0.0.1:1", options=("--exit-deadline-s", "1"), heartbeat_ms=50)
    coordinator.close()
    assert worker.end() == 1
    assert "no answer from ipc://" in worker.log


# ---- leaving ----


def test_max_jobs(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, max_jobs=3)
    for number in range(3):
        lease = coordinator.give()
        assert coordinator.result()[0]["ready"] == (number < 2)
        coordinator.acknowledge(lease)
    assert coordinator.hear("bye")["reason"] == "max_jobs"
    assert worker.end() == 0


def test_max_age_also_while_idle(make):
    coordinator, worker = make("http://127.0.0.1:1", max_age_ms=300)
    assert coordinator.hear("bye")["reason"] == "max_age"
    assert worker.end() == 0


def test_max_rss(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, join=False, max_rss_kb=1)
    coordinator.join()
    assert coordinator.hear("bye")["reason"] == "max_rss"
    assert worker.end() == 0


def test_a_job_that_crosses_the_goodbye_is_done(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, max_age_ms=300)
    coordinator.hear("bye")
    lease = coordinator.give()
    assert coordinator.result()[0]["outcome"] == "changed"
    coordinator.acknowledge(lease)
    assert worker.end() == 0


def test_retire_after_the_job_in_hand(make, serve):
    go_on = threading.Event()

    def answer(handler):
        go_on.wait(TIMEOUT_S)
        reply(handler, page(entry(0)))

    service = serve(answer)
    coordinator, worker = make(service.url)
    lease = coordinator.give()
    wait_for(lambda: service.requests)
    coordinator.tell("retire", reason="test")
    coordinator.silent("bye", for_ms=100)
    go_on.set()
    assert coordinator.result()[0]["outcome"] == "changed"
    assert coordinator.hear("bye")["reason"] == "asked"
    coordinator.acknowledge(lease)
    assert worker.end() == 0


def test_refused(make):
    coordinator, worker = make("http://127.0.0.1:1", join=False)
    coordinator.hear("hello")
    coordinator.tell("refuse", reason="of another release")
    assert worker.end() == 1
    assert "of another release" in worker.log


# ---- staying awake ----


def test_heartbeats_during_a_slow_fetch(make, upstream):
    coordinator, _ = make(upstream(*ONE, "--entries", 5, "--latency-ms", "500").url, heartbeat_ms=40)
    lease = coordinator.give()
    beats = []
    while not coordinator.results.poll(0):
        coordinator.tell("heartbeat", lease=0, page=0, jobs=0, rss_kb=0)
        message = coordinator.hear("heartbeat", "ready")
        if message["type"] == "heartbeat":
            beats.append(message)
    assert len([beat for beat in beats if beat["lease"] == lease]) >= 5
    assert 1000 < beats[-1]["rss_kb"]


def test_hello_is_repeated(make):
    coordinator, _ = make("http://127.0.0.1:1", join=False)
    coordinator.hear("hello")
    coordinator.hear("hello")
    coordinator.tell("welcome", **coordinator.welcome)
    coordinator.hear("ready", skip=("heartbeat", "hello"))


def test_frames_that_make_no_sense_are_ignored(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url)
    frames = [b"", b"{}", b"\xff\xfe", b"[" * 5000, b'{"v":1,"type":"job"}', b'{"v":1,"type":"nonsense"}',
              b'{"v":1,"type":"hello","version":"0","host":"x","pid":1,"process":1,"job":0}', b'{"v":1,"type":"ack","leases":[]}',
              b'{"v":1,"type":"ack","leases":[77,78],"verdict":"stored"}', b'{"v":1,"type":"grant","lease":5,"page":1}']
    for frame in frames:
        coordinator.tell_raw(frame)
    coordinator.tell_raw(b"{}", b"two", b"three", b"four", b"five", b"six")
    assert coordinator.fetch()[0]["outcome"] == "changed"
    assert worker.end(signal.SIGTERM) == 0
    assert "message 1 from the coordinator that cannot be used" in worker.log
    assert "which only a worker sends" in worker.log


def test_no_room_no_ready(make, upstream):
    """Without acknowledgements it stops at 64 results, and goes on after one."""
    coordinator, worker = make(upstream(*ONE, "--entries", 1).url)
    leases = []
    for number in range(64):
        leases.append(coordinator.give())
        assert coordinator.result()[0]["ready"] == (number < 63)
    coordinator.silent("ready", for_ms=100)
    coordinator.acknowledge(leases[0])
    coordinator.hear("ready")


# ---- command line and pool ----


@pytest.mark.parametrize("arguments, said", [
    ([], "--connect"),
    (["--connect", "nonsense"], "neither ipc"),
    (["--connect", "tcp://10.0.0.1:4251"], "--allow-insecure"),
    (["--connect", "tcp://*:4251"], "host and port"),
    (["--connect", "tcp://127.0.0.1:0"], "host and port"),
    (["--connect", "ipc:///x", "--pool", "0"], "1 to 256"),
    (["--connect", "ipc:///x", "--pool", "257"], "1 to 256"),
    (["--connect", "ipc:///x", "--exit-deadline-s", "x"], "seconds"),
    (["--connect", "ipc:///x", "--log-level", "loud"], "debug"),
    (["--connect", "ipc:///x", "--log-format", "xml"], "json"),
    (["--connect", "ipc:///x", "extra"], "extra"),
    (["--key", "x"], "--help"),
])
def test_wrong_usage(program, arguments, said):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 2 and said in done.stderr


def test_help_and_version(program):
    done = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0 and "Examples:" in done.stdout
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.stdout == f"r3e-worker {VERSION}\n"


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def test_pool_replaces_its_workers_and_takes_them_with_it(make, upstream):
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url, options=("--pool", "2"), join=False)
    pids = set()
    while len(pids) < 3:
        message = coordinator.hear("hello", "ready", "bye")
        if message["type"] == "hello":
            pids.add(message["pid"])
            coordinator.tell("welcome", **coordinator.welcome)
        elif len(pids) == 2 and message["type"] == "ready":
            coordinator.tell("retire", reason="so that another takes its place")
    wait_for(lambda: len(children_of(worker.process.pid)) == 2)
    pids.update(children_of(worker.process.pid))
    assert worker.end(signal.SIGTERM) == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_pool_that_is_killed_leaves_nobody(make):
    coordinator, worker = make("http://127.0.0.1:1", options=("--pool", "2"), join=False)
    wait_for(lambda: len(children_of(worker.process.pid)) == 2)
    pids = children_of(worker.process.pid)
    worker.process.kill()
    worker.process.communicate(timeout=TIMEOUT_S)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))


def test_a_results_address_that_means_all_of_the_coordinators(tmp_path, program, upstream):
    """A coordinator that listens on tcp://*:PORT announces just that; the host is that of the jobs socket."""
    coordinator = Coordinator(tmp_path, upstream(*ONE, "--entries", 5).url)
    jobs_port = coordinator.jobs.bind_to_random_port("tcp://127.0.0.1")
    results_port = coordinator.results.bind_to_random_port("tcp://127.0.0.1")
    coordinator.welcome["results"] = f"tcp://*:{results_port}"
    worker = Worker(program, f"tcp://127.0.0.1:{jobs_port}")
    coordinator.join()
    coordinator.hear("ready")
    assert coordinator.fetch()[0]["outcome"] == "changed"
    assert worker.end(signal.SIGTERM) == 0
    coordinator.close()


@pytest.mark.parametrize("endpoint, said", [("tcp://192.0.2.1:4252", "plain text"), ("nonsense", "neither ipc")])
def test_a_results_address_that_is_refused(make, endpoint, said):
    coordinator, worker = make("http://127.0.0.1:1", join=False, results=endpoint)
    coordinator.join()
    assert worker.end() == 1
    assert said in worker.log


# ---- robots.txt ----

REFUSING = b"User-agent: r3e-test\nDisallow: /leaderboard/?\nCrawl-delay: 1.5\n"
FOUND = {"outcome": "found", "allowed": True, "crawl_delay_ms": 0, "failure": "none", "problem": "", "http_status": 200,
         "retry_after_ms": 0, "requests": 1}
NONE = {**FOUND, "outcome": "none"}
UNREACHABLE = {**FOUND, "outcome": "unreachable", "allowed": False, "failure": "http_status"}


def rules_of(coordinator):
    coordinator.tell("robots")
    rules = coordinator.hear("rules")
    coordinator.hear("ready")
    return {key: value for key, value in rules.items() if key not in ("v", "type")}


ROBOTS = {
    "allowed": (dict(body=b"User-agent: *\nDisallow: /admin\n"), FOUND),
    "empty": (dict(body=b""), FOUND),
    "not UTF-8": (dict(body=b"User-agent: *\nDisallow: /leaderboard/\xff\nDisallow: /*listing*&count=\xff$\n"), FOUND),
    "of everybody": (dict(body=b"User-agent: *\nDisallow: /\n"), {**FOUND, "allowed": False, "problem": "Disallow: /"}),
    "204": (dict(body=b"", status=204), {**NONE, "http_status": 204}),
    "404": (dict(body=b"no", status=404), {**NONE, "http_status": 404}),
    "401": (dict(body=b"no", status=401), {**NONE, "http_status": 401}),
    "429": (dict(body=b"no", status=429, Retry_After="7"),
            {**UNREACHABLE, "http_status": 429, "retry_after_ms": 7000, "problem": "HTTP status 429"}),
    "500": (dict(body=b"no", status=500), {**UNREACHABLE, "http_status": 500, "problem": "HTTP status 500"}),
    "elsewhere": (dict(body=b"", status=301, Location="http://192.0.2.1/robots.txt"),
                  {**NONE, "http_status": 301,
                   "problem": "it is redirected to another host (http://192.0.2.1/robots.txt), which counts as none"}),
}


@pytest.mark.parametrize("case", ROBOTS)
def test_robots_txt_is_fetched_and_judged(make, serve, case):
    answer, expected = ROBOTS[case]
    service = serve(lambda handler: reply(handler, **answer))
    coordinator, _ = make(service.url + "/base")
    assert rules_of(coordinator) == expected
    path, headers, _ = service.requests[0]
    assert path == "/robots.txt" and headers["User-Agent"] == "r3e-test/1" and headers["Accept"] == "text/plain"
    assert len(service.requests) == 1


def test_robots_txt_of_a_session_is_asked_about_its_page_too(make, serve):
    service = serve(lambda handler: reply(handler, REFUSING))
    coordinator, _ = make(service.url)
    assert rules_of(coordinator) == {**FOUND, "crawl_delay_ms": 1500}
    coordinator.welcome["session"] = True
    coordinator.tell("welcome", **coordinator.welcome)
    coordinator.hear("ready")
    assert rules_of(coordinator) == {**FOUND, "crawl_delay_ms": 1500, "allowed": False,
                                     "problem": "Disallow: /leaderboard/?"}


def test_robots_txt_that_nobody_answers(make):
    coordinator, _ = make("http://127.0.0.1:1")
    rules = rules_of(coordinator)
    assert rules["outcome"] == "unreachable" and rules["failure"] == "connect" and rules["http_status"] == 0
    assert not rules["allowed"] and rules["problem"]


def test_a_job_follows_robots_txt(make, upstream):
    coordinator, _ = make(upstream(*ONE, "--entries", 5).url)
    assert rules_of(coordinator)["allowed"]
    assert coordinator.fetch()[0]["outcome"] == "changed"
    assert rules_of(coordinator)["allowed"]


def test_a_worker_that_fetches_robots_txt_beats_and_can_be_stopped(make, serve):
    gone = threading.Event()
    service = serve(lambda handler: gone.wait(TIMEOUT_S))
    coordinator, worker = make(service.url, heartbeat_ms=50)
    coordinator.tell("robots")
    wait_for(lambda: service.requests)
    coordinator.hear("heartbeat", skip=())
    assert worker.end(signal.SIGTERM) == 0
    gone.set()
