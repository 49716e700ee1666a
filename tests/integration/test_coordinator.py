"""The coordinator against workers played by the test: credits, leases, verdicts, limits, restarts."""

import contextlib
import json
import signal
import struct
import subprocess
import time

import lmdb
import pytest

import store_file
from fake_worker import pack_board


def stored(coordinator):
    """{(track, class): rows bytes} of a store whose coordinator has ended."""
    environment = lmdb.open(str(coordinator.folder / "store"), readonly=True, max_dbs=4, lock=False)
    with environment.begin() as transaction:
        rows = environment.open_db(b"rows", transaction, create=False)
        result = {struct.unpack(">II", key): bytes(value) for key, value in transaction.cursor(rows)}
    environment.close()
    return result


def test_every_combination_is_handed_out_once_and_kept(crew):
    coordinator = crew()
    worker = coordinator.worker()
    seen = []
    for _ in range(6):
        job = worker.take()
        seen.append((job["track_id"], job["class_id"]))
        assert job["attempt"] == 1 and job["content_hash"] == ""
        assert worker.answer(job, names=[f"{job['track_id']}-{job['class_id']}"]) == "stored"
    assert seen == [(t, c) for t in (10, 20, 30) for c in (1, 2)]
    worker.say("ready")
    assert worker.hears_nothing("job")
    assert coordinator.stop() == 0
    assert stored(coordinator) == {(t, c): pack_board([f"{t}-{c}"]) for t, c in seen}


def next_job(worker, before, verdict="stored"):
    """The job that follows a result which says ready; its acknowledgement may come before or after."""
    heard = {message["type"]: message for message in (worker.hear("job", "ack"), worker.hear("job", "ack"))}
    assert heard["ack"]["leases"] == [before["lease"]] and heard["ack"]["verdict"] == verdict
    return heard["job"]


def test_a_result_may_say_that_its_worker_is_ready(crew):
    coordinator = crew(tracks=2, classes=2)
    worker = coordinator.worker()
    seen = [worker.take()]
    for _ in range(3):
        worker.send(worker.result(seen[-1], ready=True))
        seen.append(next_job(worker, seen[-1]))
    assert worker.answer(seen[-1]) == "stored"
    assert {(job["track_id"], job["class_id"]) for job in seen} == {(10, 1), (10, 2), (20, 1), (20, 2)}


def test_a_result_that_says_ready_late_brings_no_second_job(crew):
    """The worker has reconnected, said READY, and got a job; what it sent before arrives only now."""
    coordinator = crew(tracks=2, classes=2)
    worker = coordinator.worker()
    first = worker.take()
    second = worker.take()  # its READY came before the result of the first
    worker.send(worker.result(first, ready=True))
    assert worker.verdict(first) == "stored"
    assert worker.hears_nothing("job")
    # When the second is over the READY counts.
    worker.send(worker.result(second))
    third = next_job(worker, second)
    assert third["lease"] not in (first["lease"], second["lease"])


@pytest.mark.parametrize("what", ["duplicate", "invalid"])
def test_a_result_that_is_not_taken_may_say_ready(crew, what):
    coordinator = crew(tracks=1, classes=3)
    worker = coordinator.worker()
    job = worker.take()
    if what == "duplicate":
        assert worker.answer(job) == "stored"
    worker.send(worker.result(job, ready=True, **({"pages": 0} if what == "invalid" else {})))
    assert next_job(worker, job, what)["class_id"] != job["class_id"]


def test_a_board_without_entries_has_a_detail_but_no_rows(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    assert worker.answer(worker.take(), names=[]) == "stored"
    assert coordinator.stop() == 0
    assert stored(coordinator) == {}


@pytest.mark.slow
def test_a_board_is_not_held_for_ever_by_heartbeats(crew):
    """Twice the time-out, 30 s to digest, 20 s of the lease: then another worker gets it."""
    coordinator = crew(tracks=1, classes=1, settings=["upstream.timeout_s=1", "upstream.connect_timeout_s=1"])
    holder, other = coordinator.worker(), coordinator.worker()
    job = holder.take()
    other.say("ready")
    deadline = time.monotonic() + 70
    while time.monotonic() < deadline:
        for worker in (holder, other):
            worker.say("heartbeat", lease=job["lease"] if worker is holder else 0, page=0, jobs=0, rss_kb=1)
        with contextlib.suppress(TimeoutError):
            again = other.hear("job", timeout_ms=1000)
            break
    assert (again["track_id"], again["class_id"], again["attempt"]) == (job["track_id"], job["class_id"], 2)
    assert coordinator.summary(lambda summary: summary["leases_expired"] == 1)


@pytest.mark.slow
def test_a_coordinator_that_stood_still_takes_nobody_for_silent(crew):
    """Three beats and more: what its workers said meanwhile waits in the sockets when it looks at its clock."""
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    job = worker.take()
    coordinator.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(7)
        worker.say("heartbeat", lease=job["lease"], page=0, jobs=0, rss_kb=1)
    finally:
        coordinator.process.send_signal(signal.SIGCONT)
    assert worker.answer(job) == "stored"
    assert "stood still" in coordinator.log() and "silent" not in coordinator.log()
    assert coordinator.summary()["workers_lost"] == 0


@pytest.mark.parametrize("acknowledged_first", [True, False])
def test_a_worker_that_has_left_is_forgotten_at_once(crew, acknowledged_first):
    """Not before its result is acknowledged, and not after three silent beats: thousands may leave within those."""
    coordinator = crew(settings=["store.commit_ms=10" if acknowledged_first else "store.commit_ms=2000"])
    worker = coordinator.worker()
    job = worker.take()
    if acknowledged_first:
        assert worker.answer(job) == "stored"
        worker.say("bye", reason="max_jobs")
    else:
        worker.send(worker.result(job))
        coordinator.summary(lambda summary: summary["results"] == 1)
        worker.say("bye", reason="max_jobs")
        assert worker.verdict(job) == "stored"

    def is_gone(summary):
        worker.say("heartbeat", lease=0, page=0, jobs=1, rss_kb=1)  # it is not silent
        return summary["workers_joined"] == 1 and summary["workers"] == 0

    coordinator.summary(is_gone)


def test_no_worker_gathers_boards(crew):
    """However often it says READY: with three boards in its hands it gets another only for a result."""
    coordinator = crew(tracks=3, classes=2)
    worker = coordinator.worker()
    jobs = [worker.take() for _ in range(3)]
    worker.say("ready")
    assert worker.hears_nothing("job")
    worker.send(worker.result(jobs[0]))
    heard = [worker.hear("job", "ack") for _ in range(2)]
    assert [m["lease"] > jobs[-1]["lease"] for m in heard if m["type"] == "job"] == [True]


def test_another_version_is_refused_in_words(crew):
    worker = crew().worker(hello=False)
    refusal = worker.say_hello(version="9.9.9")
    assert refusal["type"] == "refuse" and "0.1.0" in refusal["reason"]


def test_a_duplicate_is_acknowledged_and_not_stored_again(crew):
    coordinator = crew()
    worker = coordinator.worker()
    job = worker.take()
    assert worker.answer(job) == "stored"
    assert worker.answer(job, names=["somebody else"]) == "duplicate"
    summary = coordinator.summary(lambda s: s["duplicates"] == 1)
    assert summary["stored"] == 1
    assert coordinator.stop() == 0
    assert stored(coordinator) == {(10, 1): pack_board(["Bob Dylan"])}


def test_a_result_of_a_lease_that_never_was_is_superseded(crew):
    coordinator = crew()
    worker = coordinator.worker()
    job = worker.take()
    assert worker.answer({**job, "lease": job["lease"] + 1000}) == "superseded"
    assert worker.answer(job) == "stored"
    assert worker.answer({**job, "lease": job["lease"] - 1}) == "superseded"


def test_unchanged_is_refused_where_the_store_holds_nothing(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.max_age_h=1"])
    worker = coordinator.worker()
    job = worker.take()
    assert worker.answer(job, outcome="unchanged", content_hash="0" * 32) == "invalid"
    summary = coordinator.summary(lambda s: s["invalid"] == 1)
    assert summary["retrying"] == 1 and summary["failures"] == {"invalid_result": 1}


def test_unchanged_with_the_right_hash_moves_the_due_time(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.max_age_h=1"])
    worker = coordinator.worker()
    job = worker.take()
    content_hash = json.loads(worker.result(job)[0])["content_hash"]
    assert worker.answer(job) == "stored"
    coordinator.stop()
    store_file.age(coordinator.folder / "store", hours=2)
    coordinator.start()
    worker.say_hello()
    assert worker.answer(worker.take(), outcome="unchanged", content_hash=content_hash) == "stored"
    summary = coordinator.summary(lambda s: s["unchanged"] == 1)
    assert summary["due"] == 0 and summary["stored"] == 0


INVALID = {
    "rows of another count": lambda frames: [frames[0], pack_board(["a", "b"]), frames[2]],
    "rows cut short": lambda frames: [frames[0], frames[1][:-1], frames[2]],
    "rows with something behind": lambda frames: [frames[0], frames[1] + b"\x00", frames[2]],
    "rows of no bytes": lambda frames: [frames[0], b"", frames[2]],
    "rows that announce 2^32 strings": lambda frames: [frames[0], b"\x93\x01\x01\xdd\xff\xff\xff\xff", frames[2]],
    "rows nested deep": lambda frames: [frames[0], b"\x91" * 100000, frames[2]],
    "rows that are not UTF-8": lambda frames: [frames[0], frames[1].replace(b"Bob", b"B\xffb"), frames[2]],
    "a place beyond the shared strings": lambda frames: [frames[0], frames[1][:-1] + b"\x05", frames[2]],
    "a detail that is no gzip": lambda frames: [frames[0], frames[1], b"x" * 40],
    "an empty detail": lambda frames: [frames[0], frames[1], b""],
    "a hash that is none": lambda frames: [frames[0].replace(b'"content_hash": "0', b'"content_hash": "x'), *frames[1:]],
    "failed with payload": lambda frames: [frames[0].replace(b'"changed"', b'"failed"'), *frames[1:]],
    "changed without payload": lambda frames: frames[:1],
}


@pytest.mark.parametrize("fault", INVALID)
def test_a_broken_result_is_refused_and_fetched_again(crew, fault):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.backoff_s=1"])
    worker = coordinator.worker()
    job = worker.take()
    worker.send(INVALID[fault](worker.result(job)))
    assert worker.verdict(job) == "invalid"
    again = worker.take()
    assert again["attempt"] == 2 and again["lease"] > job["lease"]
    assert worker.answer(again) == "stored"


def test_garbage_on_every_socket_harms_nobody(crew):
    coordinator = crew(tracks=1, classes=1)
    worker, vandal = coordinator.worker(), coordinator.worker()
    for frame in (b"", b"\x00", b"{", b"null", b"[]", b'{"v":1}', b'{"v":2,"type":"ready"}', b'{"v":1,"type":"job"}', b"x" * 8000):
        vandal.jobs.send(frame)
        vandal.results.send(frame)
    vandal.jobs.send_multipart([b"{}"] * 10000)
    vandal.results.send_multipart([b"{}"] * 10000)
    vandal.results.send_multipart([b"", b"", b""])
    assert worker.answer(worker.take()) == "stored"
    assert coordinator.summary()["bad_frames"] >= 9


def test_a_silent_worker_loses_its_board_to_another(crew):
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=3"])
    first = coordinator.worker()
    job = first.take()
    second = coordinator.worker()
    again = second.take_patiently()
    assert again["attempt"] == 2 and again["lease"] > job["lease"]
    # The first one was only slow: its late result finds the board leased to another.
    first.say_hello()
    assert first.answer(job, names=["late"]) == "superseded"
    assert second.answer(again, names=["right"]) == "stored"
    assert coordinator.stop() == 0
    assert stored(coordinator) == {(10, 1): pack_board(["right"])}


def test_a_heartbeat_keeps_the_lease(crew):
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=3"])
    worker = coordinator.worker()
    job = worker.take()
    for _ in range(10):  # 5 s
        worker.say("heartbeat", lease=job["lease"], page=0, jobs=0, rss_kb=1)
        assert worker.hears_nothing("job", timeout_ms=500)
    assert worker.answer(job) == "stored"


def test_a_worker_that_asks_under_a_lease_that_is_over_is_told_so(crew):
    worker = crew(tracks=1, classes=1).worker()
    job = worker.take()
    worker.say("more", lease=job["lease"] + 1, page=1)
    assert worker.hear("welcome")["lease"] == job["lease"]
    worker.answer(job)
    worker.say("more", lease=job["lease"], page=1)
    assert worker.hear("welcome")["lease"] == 0


@pytest.mark.slow
def test_a_worker_whose_connection_is_gone_is_waited_for(crew):
    """It may be about to come back; when it does not, its board goes to another long before the lease is over."""
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=15"])  # a heartbeat each 1.5 s
    first = coordinator.worker()
    job = first.take()
    first.jobs.close()
    coordinator.summary(lambda summary: summary["oldest_lease_ms"] > 3000)
    again = coordinator.worker(pid=first.pid, taken=job["lease"], hello=False)
    assert again.say_hello()["lease"] == job["lease"]
    again.close()
    lost = coordinator.summary(lambda summary: summary["workers"] == 0)
    assert lost["workers_lost"] == 1 and lost["leased"] == 0 and lost["leases_expired"] == 0


@pytest.mark.parametrize("last_word", ["more", "hello"])
def test_a_worker_that_falls_silent_is_given_up_before_its_lease_is_over(crew, last_word):
    """Whatever it said last, and though no heartbeat came: it is told of as lost, not as one that was too slow."""
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=2"])
    worker = coordinator.worker()
    job = worker.take()
    coordinator.summary(lambda summary: summary["oldest_lease_ms"] > 500)
    if last_word == "more":
        worker.say("more", lease=job["lease"], page=1)
    else:
        assert worker.say_hello()["lease"] == job["lease"]
    lost = coordinator.summary(lambda summary: summary["workers"] == 0)
    assert lost["workers_lost"] == 1 and lost["leases_expired"] == 0
    assert "has been silent for" in coordinator.log()


def test_a_worker_that_reconnects_keeps_its_lease_and_resends(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    job = worker.take()
    again = coordinator.worker(pid=worker.pid, taken=job["lease"])
    assert again.name == worker.name
    assert again.answer(job) == "stored"


def test_a_job_that_never_reached_its_worker_is_handed_out_again_at_once(crew):
    """It was sent into a connection that broke. HELLO says which job was the last one taken."""
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    lost = worker.take()
    again = coordinator.worker(pid=worker.pid, taken=0)
    assert again.name == worker.name
    job = again.take(timeout_ms=10000)  # a lease is 20 s
    assert job["lease"] > lost["lease"] and job["attempt"] == lost["attempt"]
    assert again.answer(job) == "stored"
    summary = coordinator.summary(lambda summary: summary["stored"] == 1)
    assert summary["workers_lost"] == 0 and summary["leases_expired"] == 0
    assert summary["leased"] == 0 and summary["in_flight"] == 0


def test_of_two_jobs_the_one_that_was_not_taken_goes_to_another(crew):
    """READY was said twice; the board in hand stays, with its place among the requests in flight."""
    coordinator = crew(tracks=2, classes=1, settings=["politeness.max_in_flight=2"])
    worker = coordinator.worker()
    kept, dropped = worker.take(), worker.take()
    worker.taken = kept["lease"]
    assert worker.say_hello()["lease"] == kept["lease"]
    assert coordinator.summary(lambda summary: summary["leased"] == 1)["in_flight"] == 1
    other = coordinator.worker()
    job = other.take(timeout_ms=10000)
    assert (job["track_id"], job["class_id"]) == (dropped["track_id"], dropped["class_id"])
    worker.say("heartbeat", lease=kept["lease"], page=0, jobs=0, rss_kb=1)
    assert worker.answer(kept) == "stored" and other.answer(job) == "stored"
    assert coordinator.summary(lambda summary: summary["stored"] == 2)["leased"] == 0


def test_a_new_process_with_the_pid_of_another_is_another_worker(crew):
    """In a container the pid is the same each time. Who held the board is given up, and has died of it."""
    coordinator = crew(tracks=1, classes=1, settings=["workers.lease_s=2"])
    first = coordinator.worker()
    job = first.take()
    first.jobs.close()
    second = coordinator.worker(pid=first.pid, process=2)
    assert second.name != first.name
    again = second.take_patiently()
    assert again["lease"] > job["lease"] and again["attempt"] == 2
    assert second.answer(again) == "stored"
    assert coordinator.summary(lambda summary: summary["stored"] == 1)["workers_lost"] == 1


def test_kill_9_loses_nothing_acknowledged_and_late_results_count(crew):
    coordinator = crew()
    worker = coordinator.worker()
    kept = {}
    for _ in range(3):
        job = worker.take()
        assert worker.answer(job) == "stored"
        kept[(job["track_id"], job["class_id"])] = pack_board(["Bob Dylan"])
    held = worker.take()
    coordinator.stop(signal.SIGKILL)
    assert stored(coordinator) == kept
    coordinator.start()
    worker.say_hello()
    assert worker.answer(held, names=["late"]) == "stored"
    assert worker.answer(held, names=["late"]) == "duplicate"
    rest = worker.take()
    assert rest["lease"] > held["lease"]
    assert (rest["track_id"], rest["class_id"]) not in kept
    assert worker.answer(rest) == "stored"


def test_only_one_coordinator_on_a_store(crew):
    coordinator = crew()
    coordinator.summary()
    second = subprocess.run([str(coordinator.program), "--config", str(coordinator.configuration)],
                            capture_output=True, text=True, timeout=10)
    assert second.returncode == 1
    assert f"pid {coordinator.process.pid}" in second.stderr and "in use" in second.stderr


def test_a_permanent_failure_is_not_tried_again(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    assert worker.fail(worker.take(), http_status=404) == "noted"
    worker.say("ready")
    assert worker.hears_nothing("job", timeout_ms=500)
    summary = coordinator.summary(lambda s: s["failed"] == 1)
    assert summary["retrying"] == 0
    coordinator.stop()
    status = json.loads((coordinator.folder / "public/cache/status.json").read_text())
    assert status["failed_fetch_count"] == 1
    failed = status["failed_fetches"][0]
    assert failed["timestamp"].endswith("Z")
    assert {**failed, "timestamp": ""} == {"track_name": "Track 1", "track_id": "10", "class_id": "1",
                                           "error": "http_status (HTTP 404)", "timestamp": ""}


def test_transient_failures_come_back_until_the_retries_are_used_up(crew):
    coordinator = crew(tracks=1, classes=1, settings=["refresh.retries=1", "refresh.backoff_s=1"])
    worker = coordinator.worker()
    started = time.monotonic()
    assert worker.fail(worker.take(), http_status=503) == "noted"
    again = worker.take()
    assert time.monotonic() - started >= 0.99 and again["attempt"] == 2
    assert worker.fail(again, failure="timeout", http_status=0) == "noted"
    assert coordinator.summary(lambda s: s["failed"] == 1)["retrying"] == 0


def test_retry_after_closes_the_gate_for_everybody(crew):
    coordinator = crew()
    first, second = coordinator.worker(), coordinator.worker()
    first.fail(first.take(), http_status=429, retry_after_ms=1500)
    started = time.monotonic()
    second.take()
    assert time.monotonic() - started >= 1.3


def test_each_page_needs_a_grant_and_counts(crew):
    coordinator = crew(settings=["politeness.max_in_flight=1"])
    first, second = coordinator.worker(), coordinator.worker()
    job = first.take()
    second.say("ready")
    assert second.hears_nothing("job")  # one request in flight is allowed
    first.say("more", lease=job["lease"], page=1)
    assert first.hear("grant")["page"] == 1  # the job under way comes before the new one
    assert second.hears_nothing("job")
    assert first.answer(job) == "stored"
    second.hear("job")
    assert coordinator.summary(lambda s: s["results"] == 1)["in_flight"] == 1


def test_the_rate_holds_for_all_workers_together(crew):
    coordinator = crew(tracks=30, classes=2, settings=["politeness.rate_per_s=20", "politeness.burst=4"])
    workers = [coordinator.worker() for _ in range(8)]
    times = []
    for worker in workers:
        worker.say("ready")
    while len(times) < 50:
        for worker in workers:
            if worker.jobs.poll(1):
                message = json.loads(worker.jobs.recv())
                if message["type"] == "job":
                    times.append(time.monotonic())
                    worker.send(worker.result(message))
                    worker.say("ready")
    for at, first in enumerate(times):
        within = sum(1 for later in times[at:] if later - first < 1.0)
        assert within <= 24
    assert times[-1] - times[0] >= (50 - 4) / 20 * 0.95


def test_sigterm_commits_what_arrived(crew):
    coordinator = crew()
    worker = coordinator.worker()
    jobs = [worker.take()]
    worker.send(worker.result(jobs[0]))
    worker.hear("ack")
    started = time.monotonic()
    assert coordinator.stop() == 0
    assert time.monotonic() - started < 2
    assert len(stored(coordinator)) == 1


def test_a_new_subscriber_has_the_state_at_once(crew):
    coordinator = crew()
    coordinator.summary()
    started = time.monotonic()
    summary = coordinator.summary()
    assert time.monotonic() - started < 0.4
    assert summary["combinations"] == 6 and summary["missing"] == 6 and summary["v"] == 1
