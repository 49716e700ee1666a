"""Every field of every message missing, of another type, out of range: refused in words, counted, never applied."""

import json
import signal

import pytest
import zmq

import broken_messages
from test_worker import ONE, make, program  # noqa: F401: fixtures

FROM_COORDINATOR = ("welcome", "refuse", "job", "grant", "ack", "retire")


def test_the_table_breaks_every_field():
    """The judge of this file can say no: there is something to break in each, and what is not broken passes."""
    ways = {message: list(broken_messages.broken(message)) for message in broken_messages.messages()}
    assert {message for message, found in ways.items() if not found} == {"ready", "robots"}
    for message, found in ways.items():
        for name in broken_messages.fields_of(message):
            assert sum(field == name for field, _, _ in found) >= 4, (message, name)
            assert any(how == "missing" for field, how, _ in found if field == name)
    assert sum(map(len, ways.values())) > 600


@pytest.mark.parametrize("message", broken_messages.messages())
def test_the_jobs_socket_names_the_field_that_is_wrong(crew, message):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    held = worker.take()
    vandal = coordinator.worker(hello=False)  # whom nothing counts against: it is nobody yet
    frames = [(field, how, frame) for field, how, frame in broken_messages.broken(message)]
    for _, _, frame in frames:
        vandal.jobs.send(frame)
    for field, how, frame in frames:
        reason = vandal.hear("refuse")["reason"]
        wanted = "not JSON" if b"\\u0000" in frame else f"field {field}: "  # no string at all may have a NUL
        assert wanted in reason, (how, reason, frame)
    envelopes = broken_messages.broken_envelopes(message)
    for frame in envelopes:
        vandal.jobs.send(frame)
        assert vandal.hear("refuse")["reason"], frame
    # What is right passes: it is the field that was refused, not the message.
    vandal.jobs.send(broken_messages.encode(message, broken_messages.good(message)))
    if message == "hello":
        assert "is of version" in vandal.hear("refuse")["reason"]
    assert vandal.hears_nothing("refuse", "job", "welcome", timeout_ms=100)
    summary = coordinator.summary(lambda s: s["bad_frames"] >= len(frames) + len(envelopes))
    assert summary["bad_frames"] == len(frames) + len(envelopes) and summary["workers"] == 1
    assert worker.answer(held) == "stored"
    assert coordinator.summary(lambda s: s["stored"] == 1)["leased"] == 0


def test_the_results_socket_takes_nothing_that_is_wrong(crew):
    """Of a worker that holds a lease: neither the lease nor the board is touched by what cannot be read."""
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    job = worker.take()
    frames = worker.result(job)
    values = {key: value for key, value in json.loads(frames[0]).items() if key not in ("v", "type")}
    wrong = [frame for _, _, frame in broken_messages.broken("result", values)] + broken_messages.broken_envelopes("result")
    for frame in wrong:
        worker.send([frame, *frames[1:]])
        worker.send([frame])
    for count in (2, 4):
        worker.send((frames * 2)[:count])
    summary = coordinator.summary(lambda s: s["invalid"] >= 2 * len(wrong) + 2)
    assert summary["invalid"] == 2 * len(wrong) + 2 and summary["results"] == 0 and summary["leased"] == 1
    assert worker.answer(job) == "stored"
    log = coordinator.log()
    assert log.count("that cannot be used") < 20, "the log was flooded"


@pytest.mark.parametrize("message", FROM_COORDINATOR)
def test_a_worker_follows_no_broken_message(make, upstream, message):  # noqa: F811: the fixture
    """From whoever passes for its coordinator."""
    coordinator, worker = make(upstream(*ONE, "--entries", 5).url)
    wrong = [frame for _, _, frame in broken_messages.broken(message)] + broken_messages.broken_envelopes(message)
    for frame in wrong:
        coordinator.tell_raw(frame)
    assert coordinator.fetch()[0]["outcome"] == "changed"
    assert worker.end(signal.SIGTERM) == 0
    highest = max(int(line.split("message ")[1].split()[0]) for line in worker.log.splitlines() if "that cannot be used" in line)
    assert highest <= len(wrong) < 2 * highest, "they were counted, and told of at powers of two"


CONTROL = {
    "command": ["", "REFRESH", "nonsense", 7, None, [], {}, True],
    "targets": ["1-1", 7, None, {}, [1], [None], [[]], [""], ["x" * 48], ["1-1"] * 257, ["1-1\n2-2"], ["\u0001"], ["4294967296"]],
    "for_s": [0, -1, 31536001, 0.5, "7", None, [], True],
    "reason": [7, None, [], "x" * 121],
    "run": [0, -1, 2**53 + 2, 0.5, "7", None],
    "from": [0, -1, 2**53 + 2, 0.5, "7", None],
}
TAKES = {"targets": "refresh", "for_s": "pause", "reason": "pause", "run": "export", "from": "failed", "command": "drain"}


@pytest.mark.parametrize("field", CONTROL)
def test_the_control_socket_refuses_every_field_that_is_wrong(crew, field):
    coordinator = crew(tracks=1, classes=1)
    coordinator.summary()
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(coordinator.endpoint("control"))
    for value in CONTROL[field]:
        socket.send(json.dumps({"v": 1, "type": "command", "command": TAKES[field], field: value}).encode())
        assert socket.poll(10000), value
        reply = json.loads(socket.recv())
        assert reply["ok"] is False and reply["text"], (value, reply)
    socket.close()
    summary = coordinator.summary()
    assert summary["hold"] == "" and summary["exports"] == 0 and summary["state"] != "draining"
