"""How the crawl treats the service: measured at the service, or said by workers that the test plays."""

import json
import re
import signal
import socket
import subprocess
import threading
import time

import lmdb
import pytest

import store_file
from crawl import Crawl, wait_for
from fake_worker import crews, subscribe_summary
from ports import free_port
from sampling import one_in

SMALL = ("--tracks", 4, "--classes", 3, "--entries", 100, "--drivers", 50)


class Requests:
    """The log of a stand-in."""

    def __init__(self, path):
        self.path = path

    def all(self):
        return [json.loads(line) for line in self.path.read_text().rpartition("\n")[0].splitlines()] if self.path.exists() else []

    def listings(self):
        return [request for request in self.all() if "track" in request]

    def robots(self):
        return [request for request in self.all() if "track" not in request]

    def times(self):
        """When listings arrived, in seconds, in order."""
        return sorted(request["monotonic_us"] / 1e6 for request in self.listings())


@pytest.fixture
def crawl(build_dir, tmp_path, upstream):
    """A function that starts a stand-in with the options given; the Crawl of it has the stand-in and its Requests."""

    def make(*options):
        catalogue, log = tmp_path / "catalogue.cfg", tmp_path / "requests.log"
        started = upstream(*options, "--write-catalogue", catalogue, "--log", log)
        made = Crawl(build_dir, tmp_path, started.url, catalogue)
        made.upstream, made.requests = started, Requests(log)
        made.status_endpoint = f"ipc://{tmp_path}/store/status.sock"
        return made

    return make


@pytest.fixture
def crew(build_dir, tmp_path):
    """As conftest's; those that give up may end by themselves."""
    with crews(build_dir, tmp_path, codes=(0, 1, 3, -signal.SIGKILL)) as start:
        yield start


# ---- the rate ----


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(400)
@pytest.mark.parametrize("rate", [20, 0])
def test_the_crawl_converges_on_what_the_service_allows(crawl, rate):
    """10 requests per second, 429 above it, 300 ms: less than 5 % lost, fewer than 1 % refused."""
    made = crawl("--tracks", 40, "--classes", 30, "--entries", 2000, "--drivers", 500, "--rate", 10,
                 "--latency-ms", 300)
    made.settings.update({"politeness.rate_per_s": rate, "politeness.max_in_flight": 6, "workers.local": 6})
    assert made.once(timeout_s=300) == 0, made.log()
    times = made.requests.times()
    refused = sum(request["status"] == 429 for request in made.requests.listings())
    took_s, ideal_s = times[-1] - times[0] + 0.3, (len(times) - refused) / 10
    print(f"rate_per_s = {rate}: {len(times)} requests in {took_s:.1f} s, ideal {ideal_s:.1f} s "
          f"({100 * (took_s / ideal_s - 1):+.1f} %), {refused} refused ({100 * refused / len(times):.2f} %)")
    assert len(times) - refused >= 1200
    assert took_s < 1.05 * ideal_s
    assert refused < 0.01 * len(times)


def test_a_refusal_costs_the_board_no_attempt(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.retries=0"])
    worker = coordinator.worker()
    for _ in range(3):
        job = worker.take()
        assert job["attempt"] == 1
        assert worker.fail(job, http_status=429, retry_after_ms=100) == "noted"
    assert coordinator.summary(lambda s: s["failures"] == {"http_status": 3})["failed"] == 0
    # The fourth may be about this board after all.
    assert worker.fail(worker.take(), http_status=429, retry_after_ms=100) == "noted"
    coordinator.summary(lambda s: s["failed"] == 1)


def be_refused(worker):
    """Enough requests for a refusal to mean something, and one."""
    for _ in range(3):
        worker.answer(worker.take())
    worker.fail(worker.take(), http_status=429, retry_after_ms=100)


def test_status_says_how_fast_it_may_go(crew):
    coordinator = crew(settings=["politeness.rate_per_s=20"])
    assert coordinator.summary()["rate_allowed_per_s"] == 20
    worker = coordinator.worker()
    be_refused(worker)
    summary = coordinator.summary(lambda s: s["rate_allowed_per_s"] < 20)
    assert summary["rate_allowed_per_s"] > 0


def meta(coordinator, change=None):
    """The politeness record of a store that nobody has open, or writes another."""
    environment = lmdb.open(str(coordinator.folder / "store"), max_dbs=4, map_size=2**32)
    with environment.begin(write=True) as transaction:
        database = environment.open_db(b"meta", transaction, create=False)
        if change is not None:
            transaction.put(b"politeness", store_file.seal_meta("politeness", change), db=database)
        value = transaction.get(b"politeness", db=database)
        value = store_file.unseal_meta("politeness", bytes(value)) if value is not None else None
    environment.close()
    return value


def test_the_rate_survives_a_restart_and_a_broken_record_halves_it(crew):
    coordinator = crew(settings=["politeness.rate_per_s=20"])
    worker = coordinator.worker()
    be_refused(worker)
    lowered = coordinator.summary(lambda s: s["rate_allowed_per_s"] < 20)["rate_allowed_per_s"]
    coordinator.stop(signal.SIGKILL)
    coordinator.start()
    assert coordinator.summary()["rate_allowed_per_s"] == lowered
    coordinator.stop()
    assert json.loads(meta(coordinator))["knee_per_s"] > 0
    for broken in (b"", b"nonsense", b"{}", b'{"rate_per_s":-1}', b"[" * 1000):
        meta(coordinator, broken)
        coordinator.start()
        assert coordinator.summary()["rate_allowed_per_s"] == 10
        coordinator.stop()
        assert "half the rate" in coordinator.log()
    store_file.damage(coordinator.folder / "store", "meta", b"politeness")
    coordinator.start()
    assert coordinator.summary()["rate_allowed_per_s"] == 10
    coordinator.stop()


# ---- the gate ----


@pytest.mark.parametrize("pause_s, killed", [(3, False), pytest.param(7, True, marks=pytest.mark.slow)])
def test_after_retry_after_no_request_arrives_from_anywhere(build_dir, crawl, upstream_truth, pause_s, killed):
    options = ("--tracks", 20, "--classes", 10, "--entries", 500, "--drivers", 100)
    bad = upstream_truth(*options)[60]
    made = crawl(*options, "--latency-ms", 20, "--fault",
                 f"{bad['track_id']}-{bad['class_id']}=429-retry-after:{pause_s}*1")
    made.settings.update({"politeness.rate_per_s": 100})
    process = made.start("--once")
    jobs = f"ipc://{made.folder}/store/jobs.sock"
    others = subprocess.Popen([build_dir / "worker" / "r3e-worker", "--connect", jobs, "--pool", "4"])
    try:
        refused = wait_for(lambda: [r for r in made.requests.listings() if r["status"] == 429])
        if killed:
            summary = subscribe_summary(made.status_endpoint, lambda s: s["hold"] == "retry_after")
            assert "asked to wait" in summary["hold_reason"]
            process.kill()
            process.wait()
            process = made.start("--once")
            summary = subscribe_summary(made.status_endpoint, lambda s: s["hold"] == "retry_after")
            assert 0 < summary["hold_ms"] <= 1100 * pause_s
        assert process.wait(timeout=60) == 0, made.log()
    finally:
        process.kill()
        others.send_signal(signal.SIGTERM)
        others.wait(timeout=10)
    at = refused[0]["monotonic_us"] / 1e6
    after = [t - at for t in made.requests.times() if t > at]
    # What was on its way when the refusal went out arrives still; then nothing.
    assert not [t for t in after if 1 <= t < pause_s], after
    assert len(after) > 100


def test_a_result_that_comes_too_late_closes_the_gate_too(crew):
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=2"])
    first = coordinator.worker()
    job = first.take()
    second = coordinator.worker()
    again = second.take_patiently()  # the first one is silent for longer than its lease
    assert again["track_id"] == job["track_id"] and again["lease"] != job["lease"]
    assert second.answer(again) == "stored"
    first.say_hello()
    assert first.fail(job, http_status=429, retry_after_ms=60000) == "superseded"
    summary = coordinator.summary(lambda s: s["hold"] == "retry_after")
    assert 50000 < summary["hold_ms"] <= 66000
    second.say("ready")
    assert second.hears_nothing("job")


def test_a_failure_of_a_lease_that_never_was_closes_no_gate(crew):
    coordinator = crew()
    worker = coordinator.worker()
    job = worker.take()
    assert worker.answer(job) == "stored"
    for lease in (job["lease"] - 1, job["lease"] + 1000):
        assert worker.fail({**job, "lease": lease}, http_status=429, retry_after_ms=60000) == "superseded"
    assert worker.take()  # the next
    assert coordinator.summary()["hold"] != "retry_after"


def test_a_worker_that_does_not_wait_for_its_page_harms_nobody(crew):
    coordinator = crew()
    first, second = coordinator.worker(), coordinator.worker()
    job = first.take()
    second.fail(second.take(), http_status=429, retry_after_ms=1000)
    first.say("more", lease=job["lease"], page=1)  # waits for the gate …
    first.hears_nothing("grant")
    assert first.answer(job) == "stored"  # … and its lease is over before it opens
    first.say("ready")
    first.hear("job")
    assert first.hears_nothing("grant")


# ---- the breaker ----


class Mute:
    """Accepts connections, notes when requests come, and resets them, or never answers."""

    def __init__(self, resets):
        self.times, self.kept, self.resets = [], [], resets
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.times.append(time.monotonic())
            if self.resets:
                connection.close()
            else:
                self.kept.append(connection)

    def close(self):
        self.socket.close()
        for connection in self.kept:
            connection.close()


SEEN_LATE_S = 0.5  # a request that was let go may be on its way so long, on a machine that has much to do; unit/test_breaker is exact


def check_spacing(times, failures, in_flight, probes, pause_s):
    """A first volley, then one request in each pause."""
    assert failures <= len(times) <= failures + in_flight + probes, times
    for earlier, later in zip(times[-probes - 1:], times[-probes:]):
        assert later - earlier >= pause_s - SEEN_LATE_S, times


@pytest.mark.parametrize("mode", one_in(4, ["503", "reset", "hang", "refused"]))
def test_a_service_that_is_down_is_asked_once_in_a_pause(crawl, mode):
    failures, in_flight, retries, pause_s = 5, 2, 1, 2
    made = crawl(*SMALL, *(("--fault-every", "1=503") if mode == "503" else ()))
    made.settings.update({"politeness.breaker_failures": failures, "politeness.breaker_pause_s": pause_s,
                          "politeness.max_in_flight": in_flight, "refresh.retries": retries,
                          "upstream.timeout_s": 1, "upstream.connect_timeout_s": 1, "workers.local": in_flight})
    mute = Mute(mode == "reset") if mode in ("reset", "hang") else None
    if mode == "refused":
        made.url = f"http://127.0.0.1:{free_port()}"
    elif mute:
        made.url = mute.url
    process = made.start("--once")
    summary = subscribe_summary(made.status_endpoint, lambda s: s["hold"] == "breaker")
    assert summary["hold_reason"].startswith("breaker open: 5 × "), summary
    assert process.wait(timeout=30) == 3, made.log()
    times = made.requests.times() if mode == "503" else mute.times if mute else None
    if mute:
        mute.close()
    if times is not None:
        check_spacing(times, failures, in_flight, retries + 1, pause_s)
    requests = int(re.search(r"results with (\d+) requests", made.log()).group(1))
    assert failures <= requests <= failures + in_flight + retries + 1
    status = made.status()
    assert status["failed_fetch_count"] == 12 and len(status["failed_fetches"]) == 12
    assert {failed["error"].split(" ")[0] for failed in status["failed_fetches"]} == {
        {"503": "http_status", "reset": "reset", "hang": "timeout", "refused": "connect"}[mode]}


def test_a_service_that_comes_back_is_crawled_on(crawl, upstream):
    port = free_port()
    made = crawl(*SMALL)
    made.url = f"http://127.0.0.1:{port}"
    made.settings.update({"politeness.breaker_pause_s": 1, "refresh.retries": 30})
    process = made.start("--once")
    subscribe_summary(made.status_endpoint, lambda s: s["hold"] == "breaker")
    upstream(*SMALL, "--listen", f"127.0.0.1:{port}")
    assert process.wait(timeout=60) == 0, made.log()
    assert "the service answers again" in made.log()
    assert made.status()["total_fetched_combinations"] == 12


def test_one_request_tries_it_and_its_success_lets_the_others_go(crew):
    coordinator = crew(tracks=10, settings=["politeness.breaker_pause_s=1", "refresh.backoff_s=1"])
    first, second, third = (coordinator.worker() for _ in range(3))
    held = third.take()
    for _ in range(4):
        first.fail(first.take(), failure="timeout", http_status=0)
    first.fail(first.take(), failure="timeout", http_status=0)
    opened = time.monotonic()
    assert "5 × timeout" in coordinator.summary(lambda s: s["hold"] == "breaker")["hold_reason"]
    # What was under way is let finish, and says nothing any more; its next page has to wait like all.
    third.say("more", lease=held["lease"], page=1)
    first.say("ready")
    second.say("ready")
    grant = third.hear("grant")
    assert time.monotonic() - opened >= 0.9
    assert first.hears_nothing("job") and second.hears_nothing("job")
    third.say("more", lease=held["lease"], page=2)
    assert third.hear("grant")["page"] == grant["page"] + 1
    assert third.answer(held) == "stored"
    first.hear("job")
    second.hear("job")


def test_rubbish_does_not_end_a_row_of_failures(crew):
    coordinator = crew(tracks=10)
    worker = coordinator.worker()
    good = worker.take()
    assert worker.answer(good) == "stored"
    for _ in range(4):
        worker.fail(worker.take(), failure="timeout", http_status=0)
    stale = {**good, "lease": good["lease"] - 1}
    assert worker.fail(stale, failure="none", http_status=200) == "superseded"
    assert worker.answer(stale) == "superseded"
    assert worker.answer(good) == "duplicate"
    job = worker.take()
    assert worker.answer(job, content_hash="nonsense") == "invalid"
    worker.fail(worker.take(), failure="timeout", http_status=0)
    coordinator.summary(lambda s: s["hold"] == "breaker")


def test_the_breaker_survives_kill_9(crew):
    coordinator = crew(tracks=10)
    worker = coordinator.worker()
    for _ in range(5):
        worker.fail(worker.take(), failure="connect", http_status=0)
    coordinator.summary(lambda s: s["hold"] == "breaker")
    coordinator.stop(signal.SIGKILL)
    coordinator.start()
    summary = coordinator.summary(lambda s: s["hold"] == "breaker")
    assert 280000 < summary["hold_ms"] <= 300000
    worker.say_hello()
    worker.say("ready")
    assert worker.hears_nothing("job")


def test_a_challenge_page_stops_it_sooner(crew):
    coordinator = crew(tracks=10)
    worker = coordinator.worker()
    for _ in range(3):
        worker.fail(worker.take(), http_status=403)
    coordinator.summary(lambda s: s["hold"] == "breaker")


def test_one_bad_board_in_three_does_not_stop_the_others(crawl):
    made = crawl("--tracks", 10, "--classes", 9, "--entries", 500, "--drivers", 100, "--fault-every", "3=404")
    assert made.once() == 3, made.log()
    status = made.status()
    assert status["total_fetched_combinations"] + status["failed_fetch_count"] == 90
    assert 15 <= status["failed_fetch_count"] <= 45


# ---- robots.txt ----


def robots_file(made_or_folder, text):
    path = made_or_folder / "robots.txt"
    path.write_text(text)
    return path


ALLOWING = {
    "allow": ("User-agent: *\nDisallow: /admin\nUser-agent: r3e-leaderboard\nAllow: /leaderboard/\nDisallow: /\n", ()),
    "404": ("", ("--robots-status", "404")),
    "403": ("", ("--robots-status", "403")),
    "two redirects": ("User-agent: *\nDisallow:\n", ("--robots-status", "302*2")),
    "a redirect without end": ("", ("--robots-status", "302")),
    "503 at first": ("User-agent: *\nDisallow:\n", ("--robots-status", "503*1")),
    "not text": ("\x00\xff<html>", ()),
}


@pytest.mark.parametrize("case", ALLOWING)
def test_robots_that_allow(crawl, tmp_path, case):
    text, options = ALLOWING[case]
    made = crawl(*SMALL, "--robots", robots_file(tmp_path, text), *options)
    made.settings.update({"politeness.robots": "true", "politeness.breaker_pause_s": 1})
    assert made.once() == 0, made.log()
    requests = made.requests.all()
    assert len(made.requests.robots()) == {"two redirects": 3, "a redirect without end": 6, "503 at first": 2}.get(case, 1)
    assert "track" not in requests[0]  # before any listing
    assert len(made.requests.listings()) >= 12
    # A verdict younger than a day is used again.
    assert made.once() == 0
    assert len(made.requests.all()) == len(requests)


def test_robots_that_refuse_stop_everything_and_say_how_to_go_on(crawl, tmp_path):
    text = "User-agent: *\nDisallow: /leaderboard/listing/\n"
    made = crawl(*SMALL, "--robots", robots_file(tmp_path, text))
    made.settings["politeness.robots"] = "false"
    assert made.once() == 0 and not made.requests.robots()  # the override
    published = sorted(path.read_bytes() for path in made.public.rglob("*.gz"))
    fetched = len(made.requests.listings())
    store_file.age(made.folder / "store", hours=48)
    made.settings["politeness.robots"] = "true"
    assert made.once() == 1
    assert "Disallow: /leaderboard/listing/" in made.log() and "politeness.robots = false" in made.log()
    assert len(made.requests.listings()) == fetched and len(made.requests.robots()) == 1
    assert sorted(path.read_bytes() for path in made.public.rglob("*.gz")) == published
    # A stored refusal holds from the first moment, and is looked at again at each start.
    assert made.once() == 1
    assert len(made.requests.listings()) == fetched and len(made.requests.robots()) == 2


def test_robots_that_cannot_be_had_hold_everything_back(crawl):
    made = crawl(*SMALL, "--robots-status", "503")
    made.settings.update({"politeness.robots": "true", "politeness.breaker_pause_s": 1, "refresh.retries": 1})
    process = made.start("--once")
    summary = subscribe_summary(made.status_endpoint, lambda s: "cannot be had" in s["hold_reason"])
    assert summary["hold"] == "robots" and "503" in summary["hold_reason"]
    assert process.wait(timeout=30) == 3, made.log()
    assert not made.requests.listings()
    assert len(made.requests.robots()) == 2
    assert made.status()["failed_fetch_count"] == 12


def test_crawl_delay_lowers_the_rate(crawl, tmp_path):
    made = crawl(*SMALL, "--robots", robots_file(tmp_path, "User-agent: *\nCrawl-delay: 0.2\n"))
    made.settings["politeness.robots"] = "true"
    assert made.once() == 0, made.log()
    times = made.requests.times()
    assert len(times) >= 12 and times[-1] - times[0] >= 0.2 * (len(times) - 9)  # a burst of 8 is allowed
    process = made.start()
    assert subscribe_summary(made.status_endpoint)["rate_allowed_per_s"] == 5  # known again after a restart
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10)


RULES = {"outcome": "found", "allowed": True, "crawl_delay_ms": 0, "failure": "none", "problem": "", "http_status": 200,
         "retry_after_ms": 0, "requests": 1}


def test_robots_come_before_the_first_job(crew):
    coordinator = crew(settings=["politeness.robots=true"])
    assert coordinator.summary()["hold_reason"] == "robots.txt is being fetched"
    first, second = coordinator.worker(), coordinator.worker()
    first.say("ready")
    first.hear("robots")
    second.say("ready")
    assert second.hears_nothing("job", "robots")
    second.say("rules", **RULES)  # it was not asked
    assert second.hears_nothing("job")
    first.say("rules", **RULES)
    second.hear("job")
    first.say("ready")
    first.hear("job")
    assert coordinator.summary(lambda s: s["hold"] == "")["bad_frames"] == 0


@pytest.mark.parametrize("way", ["ready", "hello", "silence"])
def test_robots_are_asked_for_again_when_the_worker_lets_go(crew, way):
    coordinator = crew(settings=["politeness.robots=true", "workers.lease_s=3"])
    first, second = coordinator.worker(), coordinator.worker()
    first.say("ready")
    first.hear("robots")
    if way == "ready":
        first.say("ready")
        first.hear("robots")
        first.say("rules", **RULES)
        return
    if way == "hello":
        first.say_hello()
    second.say("ready")
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        second.say("heartbeat", lease=0, page=0, jobs=0, rss_kb=1)
        try:
            second.hear("robots", timeout_ms=500)
            break
        except TimeoutError:
            pass
    second.say("rules", **RULES)
    second.say("ready")
    second.hear("job")


def test_hostile_rules_are_refused(crew):
    coordinator = crew(settings=["politeness.robots=true"])
    worker = coordinator.worker()
    worker.say("ready")
    worker.hear("robots")
    for change in ({"crawl_delay_ms": -1}, {"outcome": "yes"}, {"allowed": 1}, {"requests": 7}, {"problem": "x" * 301}):
        worker.say("rules", **{**RULES, **change})
        worker.hear("refuse")
    assert coordinator.summary(lambda s: s["bad_frames"] == 5)["hold"] == "robots"
    worker.say("rules", **{**RULES, "retry_after_ms": 60000})
    assert coordinator.summary(lambda s: s["hold"] == "retry_after")["hold_ms"] > 50000
