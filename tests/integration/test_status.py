"""The status socket: who connects has the whole state at once, it says what is so, and who does not read costs nothing."""

import contextlib
import json
import pathlib
import re
import time

import pytest
import zmq

from crawl import wait_for, workers_of
from fake_worker import Crew, crews, subscribe_summary

DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] / "common" / "PROTOCOL.md").read_text()
STATUS = DOCUMENT.partition("\n## Status\n")[2].partition("\n## Control\n")[0]


class Subscriber:
    """A SUB socket that keeps the last message of each topic."""

    def __init__(self, endpoint, *topics):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        for topic in topics:
            self.socket.subscribe(topic)
        self.last = {}
        self.events = {}

    def take(self, timeout_ms):
        if not self.socket.poll(timeout_ms):
            return False
        topic, text = self.socket.recv_multipart()
        message = json.loads(text)
        assert message["v"] == 1 and message["type"] == topic.decode()
        self.last[message["type"]] = message
        for event in message.get("events", []):
            self.events[event["number"]] = event
        return True

    def wait(self, condition, patience_s=20):
        """Takes messages until `condition` of this holds, and returns its value."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            value = condition(self)
            if value:
                return value
            self.take(200)
        raise AssertionError(f"it was not told: {self.last} {self.events}")

    def event(self, kind, text=""):
        """Waits for an event of this kind with that in its text."""
        return self.wait(lambda s: next((e for e in s.events.values() if e["kind"] == kind and text in e["text"]), None))

    def worker(self, condition):
        """Waits until the first worker that is listed is so, and returns it."""
        def first(subscriber):
            workers = subscriber.last.get("worker", {}).get("workers")
            return workers and condition(workers[0]) and workers[0]
        return self.wait(first)

    def close(self):
        self.socket.close()


@pytest.fixture
def listen():
    with contextlib.ExitStack() as open_ones:
        def start(endpoint, *topics):
            return open_ones.enter_context(contextlib.closing(Subscriber(endpoint, *topics)))
        yield start


@pytest.fixture
def crew(build_dir, tmp_path):
    with crews(build_dir, tmp_path, kind=Crew) as start:
        yield start


def test_who_connects_has_the_whole_state_within_100_ms(crew, listen):
    coordinator = crew()
    coordinator.worker()
    coordinator.summary(lambda s: s["workers"] == 1)
    best = 1e9
    for _ in range(10):  # the machine may be busy with something else
        started = time.monotonic()
        subscriber = listen(coordinator.endpoint("status"), "")
        subscriber.wait(lambda s: len(s.last) == 3)
        best = min(best, time.monotonic() - started)
        assert subscriber.last["worker"]["count"] == 1
        assert subscriber.last["event"]["all"] is True
        assert [e["kind"] for e in subscriber.last["event"]["events"]][0] == "state"
    assert best < 0.1


def test_a_topic_is_sent_to_those_who_want_it(crew, listen):
    coordinator = crew()
    coordinator.summary()
    subscriber = listen(coordinator.endpoint("status"), "worker")
    subscriber.wait(lambda s: "worker" in s.last)
    for _ in range(10):
        subscriber.take(100)
    assert set(subscriber.last) == {"worker"}


def keys_of(value):
    """Every key of an object and of those in it, but for the counts by code or reason."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(keys_of(v) for k, v in value.items() if k not in ("answers", "failures", "workers_left")))


def test_every_field_is_documented(crew, listen):
    coordinator = crew(settings=["refresh.retries=0"])
    worker = coordinator.worker()
    subscriber = listen(coordinator.endpoint("status"), "")
    worker.fail(worker.take())
    job = worker.take()
    subscriber.worker(lambda w: w["board"])
    worker.answer(job)
    subscriber.event("board_stored")
    for topic in ("summary", "worker", "event"):
        undocumented = {key for key in keys_of(subscriber.last[topic]) if f"`{key}`" not in STATUS and f'"{key}"' not in STATUS}
        assert undocumented == set(), topic
    documented = set(re.findall(r"`(\w+)`", STATUS.partition("### Topic `summary`")[2].partition("`refresh` is an object")[0]
                                .partition("|---|---|")[2]))
    summary = keys_of(subscriber.last["summary"])
    described = {"starting", "fetching", "waiting", "exporting", "draining", "stopping", "done", "store_error", "disk_full",
                 "paused", "robots", "breaker", "retry_after", "null", "daily_at"}
    assert documented - summary - described == set()


def test_the_client_of_the_document_runs(crew):
    coordinator = crew()
    coordinator.summary()
    client = re.search(r"```python\n(.*?)```", STATUS, re.S).group(1)
    assert client.count("\n") == 5
    client = client.replace("ipc:///var/lib/r3e-leaderboard/status.sock", coordinator.endpoint("status"))

    class Enough(Exception):
        pass

    said = []

    def say(text):
        said.append(text)
        if len(said) == 2:
            raise Enough

    names = {"print": say}
    with pytest.raises(Enough):
        exec(client, names)  # noqa: S102: our own document's
    names["socket"].close(linger=0)
    assert said[0] == "a full refresh, 6 of 6 boards are left"


def test_what_happens_becomes_an_event(crew, listen):
    coordinator = crew(tracks=2, classes=2, settings=["refresh.retries=1", "refresh.backoff_s=1"])
    subscriber = listen(coordinator.endpoint("status"), "event")
    assert subscriber.event("refresh_begun")["text"] == "a full refresh, 4 boards are left"
    worker = coordinator.worker()
    joined = subscriber.event("worker_joined")
    assert joined["worker"] == worker.name and f"pid {worker.pid}" in joined["text"]
    job = worker.take()
    assert worker.answer(job, names=("a", "b")) == "stored"
    stored = subscriber.event("board_stored")
    assert {k: stored[k] for k in ("track_id", "class_id", "track", "class", "worker", "text")} == {
        "track_id": 10, "class_id": 1, "track": "Track 1", "class": "Class 1", "worker": worker.name, "text": "2 entries, new"}
    bad = worker.take()
    assert worker.fail(bad, failure="timeout") == "noted"
    assert "attempt 1 failed: timeout: a test" in subscriber.event("board_failed")["text"]
    while True:  # the others, until it comes again
        job = worker.take()
        if (job["track_id"], job["class_id"]) == (bad["track_id"], bad["class_id"]):
            break
        worker.answer(job)
    assert worker.fail(job, failure="timeout") == "noted"
    assert "attempt 2 failed, given up" in subscriber.event("board_given_up")["text"]
    assert "the full refresh is done" in subscriber.event("refresh_ended")["text"]
    assert subscriber.event("export_begun")
    assert "files written" in subscriber.event("export_done")["text"]
    assert subscriber.event("state", "waiting")
    numbers = sorted(subscriber.events)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_deaths_and_departures_become_events(crew, listen):
    coordinator = crew(tracks=1, classes=1)
    subscriber = listen(coordinator.endpoint("status"), "event", "summary")
    first, second = coordinator.worker(), coordinator.worker()
    first.take()
    second.say("bye", reason="max_jobs")
    assert "left after 0 jobs: max_jobs" in subscriber.event("worker_left", second.name)["text"]
    assert subscriber.event("worker_died", first.name)
    summary = subscriber.wait(lambda s: s.last["summary"]["workers"] == 0 and s.last["summary"])
    assert summary["workers_left"]["max_jobs"] == 1 and summary["workers_lost"] == 1 and summary["workers_joined"] == 2


def test_each_worker_is_told_of(crew, listen):
    coordinator = crew(tracks=2, classes=2)
    subscriber = listen(coordinator.endpoint("status"), "worker", "summary")
    worker = coordinator.worker()
    assert worker.fail(worker.take(), failure="reset", http_status=0, latency_ms=5) == "noted"
    job = worker.take()
    worker.say("more", lease=job["lease"], page=1)
    worker.hear("grant")
    assert worker.answer(job, bytes=700, latency_ms=40, requests=2) == "stored"
    job = worker.take()
    worker.say("heartbeat", lease=job["lease"], page=3, jobs=2, rss_kb=4321)
    told = subscriber.worker(lambda w: w["rss_kb"] == 4321)
    assert told["board"]["track_id"] == job["track_id"] and told["board"]["class_id"] == job["class_id"]
    assert told["board"]["track"].startswith("Track ") and told["board"]["class"].startswith("Class ")
    assert told["board"]["page"] == 3 and told["board"]["attempt"] == 1 and told["board"]["elapsed_ms"] >= 0
    assert (told["name"], told["host"], told["pid"], told["state"]) == (worker.name, "test", worker.pid, "fetching")
    assert (told["jobs"], told["failures"], told["bytes"], told["requests"]) == (2, 1, 800, 3)
    assert told["last_error"].endswith(": reset: a test") and told["last_error_time"].endswith("Z")
    summary = subscriber.wait(lambda s: s.last["summary"]["leased"] == 1 and s.last["summary"])
    assert summary["answers"] == {"0": 1, "200": 1}
    assert (summary["latency"]["count"], summary["latency"]["p50_ms"], summary["latency"]["max_ms"]) == (1, 40, 40)
    assert [100, 1] in summary["latency"]["at_most_ms"] and [25, 0] in summary["latency"]["at_most_ms"]
    assert summary["queue"]["leased"] == 1 and sum(summary["queue"].values()) == 4
    assert (summary["store_boards"], summary["store_entries"]) == (1, 1)


def test_publishing_and_the_store_are_told_of(crew, listen):
    coordinator = crew(tracks=1, classes=2)
    worker = coordinator.worker()
    worker.answer(worker.take(), names=("a", "b", "c"))
    worker.answer(worker.take(), names=())
    summary = coordinator.summary(lambda s: s["exports"] == 1 and s["state"] == "waiting")
    assert (summary["store_boards"], summary["store_entries"]) == (2, 3)
    assert summary["export"]["running_ms"] is None and summary["export"]["last_time"].endswith("Z")
    assert summary["export"]["files_written"] > 0 and summary["export"]["entries"] == 3 and summary["export"]["peak_rss_kb"] > 0
    assert summary["publication_delay"]["count"] == 2 and summary["unpublished_ms"] == 0
    assert re.fullmatch(r"waiting for (\w+ )?\d\d:\d\d, (the daily refresh|when the next board is due)", summary["reason"])
    assert summary["queue"]["resting"] == 2 and summary["ages"]["under_1h"] == 2 and summary["oldest_overdue_s"] == 0
    coordinator.stop()
    coordinator.start()
    again = coordinator.summary(lambda s: s["state"] == "waiting")
    assert (again["store_boards"], again["store_entries"], again["export"]["entries"]) == (2, 3, 3)
    assert again["started"] >= summary["started"]


def crawl_with(made, subscribers):
    """A crawl during which so many subscribers never read. What the coordinator says of itself at the end."""
    process = made.start()
    endpoint = f"ipc://{made.folder}/store/status.sock"
    context = zmq.Context()
    try:
        for _ in range(subscribers):
            socket = context.socket(zmq.SUB)
            socket.linger = 0
            socket.rcvhwm = 1
            socket.rcvbuf = 4096
            socket.connect(endpoint)
            socket.subscribe("")
        return subscribe_summary(endpoint, lambda s: s["state"] == "waiting" and s["exports"] > 0, patience_ms=120_000)
    finally:
        context.destroy(linger=0)
        process.terminate()
        assert process.wait(timeout=20) == 0
        wait_for(lambda: not workers_of(process.pid))


@pytest.mark.slow
@pytest.mark.alone
def test_fifty_subscribers_that_never_read_cost_nothing(plain_build_dir, crawl, tmp_path):
    figures = []
    for subscribers in (0, 50):
        made = crawl("--tracks", 60, "--classes", 40, "--entries", 8000, "--drivers", 1000, "--latency-ms", 5)
        made.program = plain_build_dir / "coordinator" / "r3e-coordinator"
        made.folder = tmp_path / str(subscribers)
        made.folder.mkdir()
        made.settings["politeness.rate_per_s"] = 150  # 16 s: longer than any queue holds
        started = time.monotonic()
        summary = crawl_with(made, subscribers)
        assert summary["stored"] == 2400 and summary["failed"] == 0
        figures.append((summary["memory_kb"], time.monotonic() - started))
    (alone_kb, alone_s), (crowd_kb, crowd_s) = figures
    assert crowd_kb < alone_kb + 6 * 1024, figures  # connections have buffers; messages are kept 16 at most
    assert crowd_s < alone_s * 1.25 + 2, figures
