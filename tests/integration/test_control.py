"""The control socket and the r3ectl commands that use it, against a real coordinator and workers that the test plays."""

import gzip
import json
import os
import re
import signal
import subprocess
import time

import lmdb
import pytest
import zmq

import store_file
from crawl import wait_for
from fake_worker import Crew, crews

PATIENCE_S = 20


class Operated(Crew):
    """A coordinator that is given commands by r3ectl."""

    def ctl(self, command, *options):
        """r3ectl COMMAND against this coordinator, as a finished process."""
        self.summary()  # it listens
        return subprocess.run(
            [str(self.program.parent / "ctl" / "r3ectl"), command, "--connect", self.endpoint("control"),
             *map(str, options)], capture_output=True, text=True, timeout=60)

    def ask(self, command, *options, code=0):
        """What it said, for an expected exit code."""
        done = self.ctl(command, *options)
        assert done.returncode == code, (done.stdout, done.stderr, self.log())
        return done.stdout if code in (0, 3) else done.stderr

    def why(self, target, code=0):
        """(kind, sentence)."""
        done = self.ctl("why", target, "--json")
        assert done.returncode == code, (done.stdout, done.stderr, self.log())
        reply = json.loads(done.stdout)
        return reply["details"]["why"], reply["text"]

    def ended(self):
        """Its exit code once it has ended by itself."""
        self.ended_with = self.process.wait(timeout=PATIENCE_S)
        return self.ended_with


@pytest.fixture
def crew(build_dir, tmp_path):
    """A function that starts such a coordinator; it and its workers are ended after the test."""
    with crews(build_dir, tmp_path, kind=Operated) as start:
        yield start


# ---- pause and resume ----


def test_a_pause_finishes_what_is_under_way_and_outlives_a_restart(crew):
    coordinator = crew()
    worker = coordinator.worker()
    job = worker.take()
    assert "1 board under way is finished" in coordinator.ask("pause", "--reason", "the service asked")
    summary = coordinator.summary(lambda s: s["hold"] == "paused")
    assert "the service asked" in summary["hold_reason"] and "since 20" in summary["hold_reason"]
    assert summary["hold_ms"] is None
    worker.say("more", lease=job["lease"], page=1)
    assert worker.hear("grant")["page"] == 1
    assert worker.answer(job) == "stored"
    worker.say("ready")
    assert worker.hears_nothing("job")
    coordinator.stop(signal.SIGKILL)
    coordinator.start()
    summary = coordinator.summary()
    assert summary["hold"] == "paused" and "the service asked" in summary["hold_reason"]
    worker.say_hello()
    worker.say("ready")
    assert worker.hears_nothing("job")
    assert coordinator.ask("resume") == "resumed\n"
    assert worker.hear("job")
    assert "was not paused" in coordinator.ask("resume")
    coordinator.stop()
    coordinator.start()
    assert coordinator.summary()["hold"] == ""


def test_a_pause_ends_by_itself(crew):
    coordinator = crew()
    worker = coordinator.worker()
    assert coordinator.ask("pause", "--for", "1s").startswith("paused for 1 s")
    started = time.monotonic()
    worker.take()
    assert time.monotonic() - started >= 0.3
    coordinator.summary(lambda s: s["hold"] == "")


def test_resume_says_what_else_holds_back(crew):
    coordinator = crew()
    worker = coordinator.worker()
    worker.fail(worker.take(), http_status=503, retry_after_ms=60000)
    coordinator.ask("pause")
    assert "nothing is fetched yet: the service asked to wait" in coordinator.ask("resume")


# ---- drain ----


def published(coordinator):
    return coordinator.folder / "public/cache/driver_index.json.gz"


def test_drain_finishes_publishes_and_ends(crew):
    coordinator = crew(settings=["refresh.index_every_min=1000"])
    worker = coordinator.worker()
    other = coordinator.worker()
    first, second = worker.take(), other.take()
    assert worker.answer(first) == "stored"
    assert coordinator.ask("drain").startswith("draining: 1 board under way is finished")
    assert "draining" in coordinator.ask("drain")  # twice is once
    worker.say("ready")
    assert worker.hears_nothing("job")
    assert coordinator.summary()["state"] == "draining"
    assert coordinator.process.poll() is None
    assert other.answer(second, names=["Late Driver"]) == "stored"
    assert coordinator.ended() == 0, coordinator.log()
    assert b"late driver" in gzip.decompress(published(coordinator).read_bytes())


def test_drain_with_nothing_under_way_ends_at_once(crew):
    coordinator = crew()
    coordinator.ask("drain")
    assert coordinator.ended() == 0


def test_drain_of_once_says_that_it_is_done_in_part(crew):
    coordinator = crew(once=True)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    coordinator.ask("drain")
    assert coordinator.ended() == 3
    assert published(coordinator).exists()


# ---- export ----


def test_export_waits_until_it_is_published(crew):
    coordinator = crew(settings=["refresh.index_every_min=1000"])
    worker = coordinator.worker()
    assert "no board yet" in coordinator.ask("export", code=1)
    assert worker.answer(worker.take()) == "stored"
    assert not published(coordinator).exists()
    assert coordinator.ask("export", "--wait") == "export 1 is published\n"
    assert published(coordinator).exists()
    assert coordinator.summary()["exports"] == 1
    assert json.loads(coordinator.ask("export", "--json"))["run"] == 2


def test_export_that_fails_says_so(crew):
    coordinator = crew(settings=["refresh.index_every_min=1000"])
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    coordinator.summary(lambda s: s["stored"] == 1)
    cache = coordinator.folder / "public/cache"
    wait_for(cache.exists)
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    cache.write_text("in the way")
    try:
        assert "failed" in coordinator.ask("export", "--wait", code=1)
    finally:
        cache.unlink()
    assert coordinator.ask("export", "--wait") == "export 2 is published\n"


# ---- refresh ----


def test_refresh_of_everything_merges_with_one_under_way(crew):
    coordinator = crew(tracks=1, classes=3)
    worker = coordinator.worker()
    for _ in range(3):
        assert worker.answer(worker.take()) == "stored"
    coordinator.summary(lambda s: s["refresh"]["kind"] == "none")
    assert coordinator.ask("refresh") == "a full refresh of 3 boards begins\n"
    assert worker.answer(worker.take()) == "stored"
    assert "is under way and serves this request too; 2 boards are left" in coordinator.ask("refresh")
    for _ in range(2):
        assert worker.answer(worker.take()) == "stored"
    coordinator.summary(lambda s: s["refresh"]["kind"] == "none" and s["stored"] == 6)


def test_refresh_by_name_overtakes_and_names_what_it_does_not_know(crew):
    coordinator = crew(tracks=3, classes=2)
    worker = coordinator.worker()
    done = coordinator.ctl("refresh", "30-2", "20", "99", "10-9", "1--2")
    assert done.returncode == 3 and done.stderr == ""
    assert done.stdout.startswith("3 boards are fetched before all others, 0 of them were under way already; not in the")
    assert done.stdout.endswith(': 99, 10-9, 1--2\n')
    jobs = [worker.take()]
    reply = json.loads(coordinator.ctl("refresh", "20-1", "20-1", "--json").stdout)
    assert reply["details"] == {"combinations": 2, "under_way": 2, "quarantined": 0, "unknown": []}
    while len(jobs) < 3:
        assert worker.answer(jobs[-1]) == "stored"
        jobs.append(worker.take())
    assert [(job["track_id"], job["class_id"]) for job in jobs] == [(20, 1), (20, 2), (30, 2)]
    assert "99" in coordinator.ask("refresh", "99", code=1)


# ---- why ----


def test_why_tells_every_state(crew):
    coordinator = crew(tracks=2, classes=2, settings=["refresh.backoff_s=100", "refresh.retries=1"])
    assert coordinator.why("99-1", code=1)[0] == "unknown"
    assert coordinator.why("10-1") == ("no_worker", "10-1 (Track 1, Class 1) is due, but no worker is connected")
    worker = coordinator.worker()
    kind, text = coordinator.why("20-2")
    assert kind == "queued" and text.endswith("is due and number 4 in the queue")
    job = worker.take()
    worker.say("heartbeat", lease=job["lease"], page=2, jobs=0, rss_kb=1)
    wait_for(lambda: "page 3" in coordinator.why("10-1")[1])
    kind, text = coordinator.why("10-1")
    assert kind == "leased" and f"by worker {worker.name} (test, pid {worker.pid}) since 20" in text
    assert worker.answer(job) == "stored"
    assert coordinator.why("10-1")[0] == "not_due" and "up to date" in coordinator.why("10-1")[1]
    assert worker.fail(worker.take(), failure="timeout", http_status=0) == "noted"
    kind, text = coordinator.why("10-2")
    assert kind == "retrying" and "failed (timeout) and is tried again at 20" in text and "attempt 2" in text
    assert worker.fail(worker.take(), http_status=404) == "noted"
    kind, text = coordinator.why("20-1")
    assert kind == "not_due" and "failed (http_status 404), was given up" in text
    coordinator.ask("pause")
    kind, text = coordinator.why("20-2")
    assert kind == "held" and "paused by an operator" in text
    assert "besides, nothing is fetched now: paused" in coordinator.why("10-1")[1]
    assert coordinator.ask("why", "20-2") == text + "\n"


def test_why_of_a_board_that_waits_for_the_service(crew):
    coordinator = crew(tracks=1, classes=2)
    worker = coordinator.worker()
    worker.fail(worker.take(), http_status=503, retry_after_ms=600000)
    kind, text = coordinator.why("10-2")
    assert kind == "held" and re.search(r"the service asked to wait 6\d\d(\.\d)? s \(until 20", text)


# ---- quarantine ----


def die(coordinator, worker, counts=1):
    """The worker falls silent with its job: as if it had been killed on another host."""
    lost = lambda s: s["workers_lost"] + s["leases_expired"]
    before = coordinator.summary(lambda s: s["leased"] == 1)
    worker.jobs.close()
    return coordinator.summary(lambda s: s["leased"] == 0 and lost(s) == lost(before) + counts)


@pytest.mark.slow
def test_three_deaths_put_a_board_away_and_nothing_else(crew):
    coordinator = crew(tracks=1, classes=2, settings=["refresh.retries=10"])
    steady = coordinator.worker()
    job = steady.take()
    assert (job["track_id"], job["class_id"]) == (10, 1)
    assert steady.answer(job) == "stored"
    for deaths in (1, 2, 3):
        worker = coordinator.worker()
        job = worker.take()
        assert (job["track_id"], job["class_id"]) == (10, 2)
        assert die(coordinator, worker)["quarantined"] == (deaths == 3)
    kind, text = coordinator.why("10-2")
    assert kind == "quarantined" and "3 workers died while they held it" in text and "r3ectl release 10-2" in text
    worker = coordinator.worker()
    worker.say("ready")
    assert worker.hears_nothing("job")
    status = wait_for(lambda: (s := json.loads((coordinator.folder / "public/cache/status.json").read_text()))[
        "failed_fetch_count"] and s)
    assert status["failed_fetches"][0]["class_id"] == "2"
    assert status["failed_fetches"][0]["error"].startswith("quarantined: 3 workers died")
    assert "1 of them is quarantined and stays so" in coordinator.ask("refresh", "10-2")
    assert worker.hears_nothing("job")
    coordinator.stop()
    coordinator.start()
    assert coordinator.summary()["quarantined"] == 1  # it outlives a restart
    assert coordinator.summary()["missing"] == 1
    worker = coordinator.worker()
    worker.say("ready")
    assert worker.hears_nothing("job")
    done = coordinator.ctl("release", "10-2", "10-1", "0-1-2")
    assert (done.returncode, done.stderr) == (3, "") and "1 released" in done.stdout and "10-1, 0-1-2" in done.stdout
    assert "not quarantined" in coordinator.ask("release", "10-2", code=1)
    job = worker.hear("job")
    assert job["content_hash"] == "" and worker.answer(job) == "stored"
    summary = coordinator.summary(lambda s: s["failed"] == 0)
    assert summary["missing"] == summary["quarantined"] == 0


@pytest.mark.slow
def test_a_valid_answer_forgets_the_deaths(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.max_age_h=1", "refresh.retries=10"])
    for _ in range(2):
        worker = coordinator.worker()
        worker.take()
        die(coordinator, worker)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    coordinator.stop()
    store_file.age(coordinator.folder / "store", hours=2)
    coordinator.start()
    worker = coordinator.worker()
    worker.take()
    assert die(coordinator, worker)["quarantined"] == 0


def test_a_worker_that_was_told_to_stop_did_not_die(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.retries=0"])
    worker = coordinator.worker()
    worker.take()
    worker.say("bye", reason="signal")
    summary = die(coordinator, worker, counts=0)
    assert summary["failed"] == summary["workers_lost"] == 0
    assert coordinator.worker().take()["attempt"] == 1


def claims(coordinator):
    """The boards handed out, as the store has them."""
    with lmdb.open(str(coordinator.folder / "store"), readonly=True, max_dbs=4, map_size=2**32) as environment:
        with environment.begin() as transaction:
            meta = environment.open_db(b"meta", transaction, create=False)
            value = transaction.get(b"claims", db=meta)
            return json.loads(store_file.unseal_meta("claims", bytes(value))) if value else []


def test_what_was_handed_out_when_the_coordinator_died_counts_and_goes_last(crew):
    coordinator = crew(tracks=1, classes=3)
    for deaths in (1, 2, 3):
        worker = coordinator.worker()
        job = worker.take()
        while job["class_id"] != 1:  # the others are fetched first from the second time on
            assert deaths == 2
            assert worker.answer(job) == "stored"
            job = worker.take()
        wait_for(lambda: claims(coordinator) == [[10, 1]])
        coordinator.stop(signal.SIGKILL)
        coordinator.start()
        assert coordinator.summary()["quarantined"] == (deaths == 3)
    coordinator.stop()
    coordinator.start()
    assert coordinator.summary()["quarantined"] == 1


def test_a_clean_end_counts_nothing(crew):
    coordinator = crew(tracks=1, classes=1)
    for _ in range(3):
        worker = coordinator.worker()
        worker.take()
        wait_for(lambda: claims(coordinator) == [[10, 1]])
        assert coordinator.stop() == 0
        coordinator.start()
    assert coordinator.summary()["quarantined"] == 0
    assert "in good order" not in coordinator.log()


# ---- the socket itself ----


GARBAGE = [b"", b"\x00", b"{", b"null", b"[]", b"{}", b'{"v":1,"type":"command"}', b'{"v":2,"type":"command","command":"drain"}',
           b'{"v":1,"type":"command","command":"why","targets":["1\\u001b[2J-1"]}', b'{"a":' * 1000, b"x" * 8192,
           b'{"v":1,"type":"command","command":"pause","for_s":1e999}', os.urandom(2000)]


def test_garbage_is_refused_in_words_and_harms_nobody(crew):
    coordinator = crew(tracks=1, classes=1)
    coordinator.summary()
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(coordinator.endpoint("control"))
    for frame in GARBAGE:
        socket.send(frame)
        assert socket.poll(10000), frame
        reply = json.loads(socket.recv())
        assert reply["ok"] is False and reply["code"] == 2 and reply["text"], reply
    socket.send_multipart([b"{}"] * 10000)
    socket.send_multipart([b"", b'{"v":1,"type":"command","command":"drain"}'])
    for _ in range(2):
        assert socket.poll(10000) and json.loads(socket.recv())["text"] == "a request has one frame"
    socket.send(b"x" * 100000)  # above the limit: the connection is dropped
    assert not socket.poll(300)
    socket.close()
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    assert coordinator.summary()["hold"] == ""
    assert coordinator.summary()["bad_requests"] == len(GARBAGE) + 2


def test_a_client_that_never_reads_stops_nobody(crew):
    coordinator = crew(tracks=1, classes=1)
    coordinator.summary()
    deaf = zmq.Context.instance().socket(zmq.DEALER)
    deaf.linger = 0
    deaf.rcvhwm = 1
    deaf.connect(coordinator.endpoint("control"))
    for _ in range(5000):
        deaf.send(b'{"v":1,"type":"command","command":"why","targets":["10-1"]}')
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    assert coordinator.why("10-1")[0] == "not_due"
    deaf.close()


def test_the_control_socket_is_its_owners_only(crew):
    coordinator = crew()
    coordinator.summary()
    assert (coordinator.folder / "store/control.sock").stat().st_mode & 0o077 == 0


# ---- wrong usage ----


COMMANDS = ["refresh", "pause", "resume", "drain", "export", "release", "why"]


@pytest.fixture
def r3ectl(build_dir):
    def run(*options):
        return subprocess.run([str(build_dir / "coordinator" / "ctl" / "r3ectl"), *map(str, options)],
                              capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(r3ectl, command):
    done = r3ectl(command, "--help")
    assert done.returncode == 0 and f"Usage: r3ectl {command} " in done.stdout
    assert f"  r3ectl {command} --con" in done.stdout.partition("Examples:\n")[2]
    assert command in r3ectl("--help").stdout


WRONG = [["why", "--connect", "ipc:///x"], ["why", "--connect", "ipc:///x", "1-2", "3-4"], ["release", "--connect", "ipc:///x"],
         ["why", "1-2"], ["pause", "--connect", "ipc:///x", "--for", "soon"], ["pause", "--connect", "ipc:///x", "--for", "0"],
         ["pause", "--connect", "ipc:///x", "--for", "367d"], ["pause", "--connect", "ipc:///x", "--reason", "x" * 121],
         ["pause", "--connect", "ipc:///x", "10-1"], ["resume", "--connect", "ipc:///x", "--for", "1"],
         ["drain", "--connect", "nowhere"], ["drain", "--connect", "ipc:///x", "--wait"], ["export", "--config", "/nonexistent"],
         ["refresh", "--connect", "ipc:///x", ""], ["refresh", "--connect", "ipc:///x", "1" * 60], ["drain", "--nonsense"]]


@pytest.mark.parametrize("options", WRONG, ids=lambda options: " ".join(options)[:40])
def test_wrong_usage(r3ectl, options):
    done = r3ectl(*options)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_nobody_answers(r3ectl, tmp_path):
    done = r3ectl("why", "--connect", f"ipc://{tmp_path}/nobody.sock", "1-2")
    assert done.returncode == 1 and "Is the coordinator running" in done.stderr and "sockets.control" in done.stderr
