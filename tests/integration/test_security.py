"""Who is let in: keys, rights, keys that come and go, peers that have none, and what everybody is told of it."""

import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import time

import pytest
import zmq

from crawl import assert_equals_truth, wait_for
from fake_worker import catalogue_text
from hostile import JUNK
from keys import Keyring, LockedCoordinator, ask, lock
from ports import free_ports


@pytest.fixture
def locked(build_dir, tmp_path):
    """A function that starts a coordinator with keys, ended after the test."""
    with contextlib.ExitStack() as running:

        def start(**options):
            return running.enter_context(contextlib.closing(LockedCoordinator(build_dir, tmp_path, **options)))

        yield start


@pytest.fixture
def r3ectl(build_dir):
    def run(*options):
        return subprocess.run([str(build_dir / "coordinator" / "ctl" / "r3ectl"), *map(str, options)],
                              capture_output=True, text=True, timeout=60)
    return run


def hears_welcome(worker, timeout_ms=8000):
    """Says HELLO until it is welcomed."""
    deadline = time.monotonic() + timeout_ms / 1000
    while time.monotonic() < deadline:
        worker.say("hello", **worker.hello())
        with contextlib.suppress(TimeoutError):
            return worker.hear("welcome", "refuse", timeout_ms=500)
    raise AssertionError("no welcome")


# ---- real programs ----

def test_a_crawl_over_encrypted_tcp_equals_the_truth(crawl, upstream_truth, build_dir, tmp_path, pool):
    options = ("--tracks", 6, "--classes", 5, "--entries", 900, "--drivers", 200)
    made = crawl(*options)
    keyring = Keyring(build_dir, tmp_path).make("host2", "worker", authorize=False)
    ports = lock(made, keyring)
    process = made.start("--once")
    workers = pool("--connect", f"tcp://127.0.0.1:{ports['jobs']}", "--pool", 2, *keyring.options("host2"))
    wait_for(lambda: "the coordinator refused our key" in workers.log())
    assert process.poll() is None
    keyring.authorize("host2")  # is let in, without a restart of anything
    assert process.wait(timeout=60) == 0, made.log() + workers.log()
    assert_equals_truth(made, upstream_truth(*options))
    assert "jobs socket: 127.0.0.1, key " in made.log() and "not in security.authorized_keys" in made.log()


def test_local_workers_need_no_key(crawl, upstream_truth, build_dir, tmp_path):
    options = ("--tracks", 3, "--classes", 3, "--entries", 100, "--drivers", 50)
    made = crawl(*options)
    keyring = Keyring(build_dir, tmp_path)
    made.settings.update({"sockets.jobs": "tcp://127.0.0.1:*", "sockets.results": "tcp://127.0.0.1:*",
                          "security.server_key": keyring.secret("coordinator"),
                          "security.authorized_keys": keyring.authorized, "workers.local": 2})
    assert made.once() == 0, made.log()
    assert_equals_truth(made, upstream_truth(*options))


def test_a_wrong_server_key_is_named_on_both_sides(locked, pool):
    coordinator = locked()
    coordinator.keyring.make("host2", "worker").make("other")
    workers = pool("--connect", coordinator.tcp("jobs"), *coordinator.keyring.options("host2", server="other"))
    entry = coordinator.refused(socket="jobs", reason="its --server-key is not our public key")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", entry["address"])
    wait_for(lambda: "--server-key is not the coordinator's public key" in workers.log())


def test_a_peer_without_a_key_is_named_on_both_sides(locked, pool):
    coordinator = locked()
    workers = pool("--connect", coordinator.tcp("jobs"), "--log-level", "debug")
    coordinator.refused(socket="jobs", reason="it came without a key")
    assert workers.wait(timeout=30) == 1
    # Which of the two its side of libzmq notices first depends on who is quicker; both say what to do.
    assert re.search("no answer from .* for 10 s: (one side uses keys and the other does not|"
                     "the connection was closed in the middle of the handshake).*give --key and --server-key", workers.log())


def test_a_key_for_a_coordinator_without_keys(crew, pool, build_dir, tmp_path):
    (tmp_path / "more").mkdir()
    keyring = Keyring(build_dir, tmp_path / "more").make("host2", "worker")
    jobs, results = free_ports(2)
    crew(settings=[f"sockets.jobs=tcp://127.0.0.1:{jobs}", f"sockets.results=tcp://127.0.0.1:{results}"])
    workers = pool("--connect", f"tcp://127.0.0.1:{jobs}", *keyring.options("host2"))
    wait_for(lambda: re.search("(one side uses keys and the other does not|the connection was closed in the middle of the "
                               "handshake).*leave (them|--key and --server-key) out", workers.log()))


# ---- keys that come and go ----

def test_a_key_that_is_withdrawn_ends_its_work_and_nobody_elses(locked):
    coordinator = locked()
    coordinator.keyring.make("good", "worker").make("bad", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    good, bad = coordinator.worker("good"), coordinator.worker("bad")
    kept, lost = good.take(), bad.take()
    watch = bad.jobs.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    coordinator.keyring.withdraw("bad")
    assert watch.poll(8000), "the connection stands"
    coordinator.refused(socket="jobs", address="127.0.0.1", key=coordinator.keyring.fields("bad")["public_key"])
    coordinator.summary(lambda summary: summary["keys"] == 1)
    # The good one was cut off too, and is known again at once: its lease is still its own.
    assert hears_welcome(good)["worker"] == good.name
    wait_for(lambda: good.results.poll(0, zmq.POLLOUT))
    assert good.answer(kept) == "stored"
    bad.jobs.send(b'{"v":1,"type":"ready"}', zmq.DONTWAIT) if bad.jobs.poll(0, zmq.POLLOUT) else None
    assert bad.hears_nothing("job", "welcome")
    bad.jobs.disable_monitor()
    # What it held goes to another.
    again = [good.take()]
    good.answer(again[0])
    while (again[-1]["track_id"], again[-1]["class_id"]) != (lost["track_id"], lost["class_id"]):
        again.append(good.take(timeout_ms=20000))
        assert good.answer(again[-1]) == "stored"


def test_a_listener_whose_key_is_withdrawn_hears_no_more(locked):
    coordinator = locked()
    coordinator.keyring.make("spy", "monitor").make("bob", "monitor")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    spy, bob = (coordinator.connect(zmq.SUB, "status", key) for key in ("spy", "bob"))
    for peer in (spy, bob):
        peer.subscribe("summary")
        assert peer.poll(8000)
    coordinator.keyring.withdraw("spy")
    coordinator.refused(socket="status", key=coordinator.keyring.fields("spy")["public_key"])
    for peer in (spy, bob):
        while peer.poll(0):
            peer.recv_multipart()
    assert bob.poll(8000) and not spy.poll(1500)


def test_a_key_that_is_added_is_let_in(locked):
    coordinator = locked()
    coordinator.keyring.make("late", "worker", authorize=False)
    first = coordinator.worker("late", hello=False)
    coordinator.refused(socket="jobs", key=coordinator.keyring.fields("late")["public_key"])
    assert first.hears_nothing("welcome")
    coordinator.keyring.authorize("late")
    coordinator.summary(lambda summary: summary["keys"] == 1)
    assert coordinator.worker("late").answer is not None  # HELLO was answered


def test_rights_that_are_taken_away_count_at_once(locked):
    coordinator = locked()
    coordinator.keyring.make("eve", "operator")
    coordinator.summary(lambda summary: summary["keys"] == 1)
    control = coordinator.connect(zmq.DEALER, "control", "eve")
    assert ask(control, command="why", targets=["10-1"])["ok"]
    path = coordinator.keyring.authorized / "eve.pub"
    path.write_text(path.read_text().replace("operator", "monitor"))
    coordinator.refused(socket="control", key="eve", reason="no right to use this socket")
    fresh = coordinator.connect(zmq.DEALER, "control", "eve")
    assert ask(fresh, command="why", targets=["10-1"]) is None
    status = coordinator.connect(zmq.SUB, "status", "eve")
    status.subscribe("summary")
    assert status.poll(5000)


# ---- rights ----

RIGHTS = {"worker": {"jobs", "results"}, "monitor": {"status"}, "operator": {"status", "control"},
          "worker,monitor": {"jobs", "results", "status"}}


def gets_in(coordinator, name, key):
    """True if the handshake with this socket ends well, False if the key is refused there."""
    kind = {"jobs": zmq.DEALER, "results": zmq.PUSH, "status": zmq.SUB, "control": zmq.DEALER}[name]
    peer = zmq.Context.instance().socket(kind)
    peer.linger = 0
    coordinator.opened.append(peer)
    coordinator.keyring.use(peer, key)
    watch = peer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH,
                                    f"inproc://watch-{name}-{key}")
    peer.connect(coordinator.tcp(name))
    assert watch.poll(8000)
    event = int.from_bytes(watch.recv_multipart()[0][:2], "little")
    peer.disable_monitor()
    watch.close()
    return event == zmq.EVENT_HANDSHAKE_SUCCEEDED


def test_each_right_opens_its_sockets_and_no_other(locked):
    coordinator = locked()
    names = {}
    for number, rights in enumerate(RIGHTS):
        names[rights] = f"key{number}"
        coordinator.keyring.make(names[rights], rights)
    coordinator.summary(lambda summary: summary["keys"] == len(RIGHTS))
    for rights, key in names.items():
        opened = {name for name in coordinator.ports if gets_in(coordinator, name, key)}
        assert opened == RIGHTS[rights], rights


def test_r3ectl_with_keys(locked, r3ectl):
    coordinator = locked()
    coordinator.keyring.make("alice", "operator").make("bob", "monitor")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    alice, bob = coordinator.keyring.options("alice"), coordinator.keyring.options("bob")
    status = r3ectl("status", "--connect", coordinator.tcp("status"), *bob)
    assert status.returncode == 0 and "state" in status.stdout, status.stderr
    assert r3ectl("pause", "--connect", coordinator.tcp("control"), *alice).returncode == 0
    denied = r3ectl("resume", "--connect", coordinator.tcp("control"), *bob)
    assert denied.returncode == 1 and "the coordinator refused our key" in denied.stderr
    # On the coordinator's own host the file system says who may.
    configuration = coordinator.folder / "all.cfg"
    groups = {}
    for setting in coordinator.own_settings():
        group, _, rest = setting.partition(".")
        groups.setdefault(group, []).append('%s = "%s";' % tuple(rest.split("=", 1)))
    configuration.write_text(coordinator.configuration.read_text() + "\n".join(
        f"{group}: {{ {' '.join(lines)} }};" for group, lines in groups.items()))
    assert r3ectl("--config", configuration, "resume").returncode == 0
    assert r3ectl("--config", configuration, *alice, "status").returncode == 0
    screen = r3ectl("status", "--config", configuration).stdout
    assert "refused       1 peers; the last 127.0.0.1 at the control socket:" in screen
    assert "              its key has no right to use this socket" in screen
    half = r3ectl("status", "--connect", coordinator.tcp("status"), *bob[:2])
    assert half.returncode == 2 and "go together" in half.stderr


# ---- files ----

def test_keygen_makes_files_that_nobody_else_can_read(r3ectl, tmp_path):
    made = r3ectl("keygen", "host2", "--rights", "worker", "--directory", tmp_path)
    assert made.returncode == 0 and "security.authorized_keys" in made.stdout
    secret, public = tmp_path / "host2.key", tmp_path / "host2.pub"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and stat.S_IMODE(public.stat().st_mode) == 0o644
    assert "secret_key = " in secret.read_text() and "secret" not in public.read_text().lower()
    assert "rights = worker" in public.read_text()
    before = secret.read_text()
    again = r3ectl("keygen", "host2", "--directory", tmp_path)
    assert again.returncode == 1 and "there already" in again.stderr and secret.read_text() == before
    assert r3ectl("keygen", "host2", "--directory", tmp_path, "--force").returncode == 0
    assert secret.read_text() != before
    for wrong in (["--rights", "root", "x"], ["../x"], [], ["a", "b"], ["-x"]):
        assert r3ectl("keygen", *wrong, "--directory", tmp_path).returncode == 2
    assert r3ectl("keygen", "x", "--directory", tmp_path / "nowhere").returncode == 1
    assert "Examples" in r3ectl("keygen", "--help").stdout


def test_loose_secret_keys_are_refused(build_dir, tmp_path, r3ectl):
    keyring = Keyring(build_dir, tmp_path).make("host2", "worker")
    for name in ("coordinator", "host2"):
        keyring.secret(name).chmod(0o644)
    worker = subprocess.run([str(build_dir / "worker" / "r3e-worker"), "--connect", "tcp://127.0.0.1:1",
                             *keyring.options("host2")], capture_output=True, text=True, timeout=20)
    assert worker.returncode == 2 and "others can read" in worker.stderr and "chmod 600" in worker.stderr
    (tmp_path / "catalogue.cfg").write_text(catalogue_text({1: "a"}, {1: "b"}))
    check = subprocess.run([str(build_dir / "coordinator" / "r3e-coordinator"), "--check", "--set", f"store.dir={tmp_path}/store",
                            "--set", f"public.dir={tmp_path}/public", "--set", f"catalogue.file={tmp_path}/catalogue.cfg",
                            "--set", f"security.server_key={keyring.secret('coordinator')}",
                            "--set", f"security.authorized_keys={keyring.authorized}"], capture_output=True, text=True, timeout=20)
    assert check.returncode == 2 and "security.server_key" in check.stderr and "others can read" in check.stderr
    ctl = r3ectl("status", "--connect", "tcp://127.0.0.1:1", *keyring.options("host2"))
    assert ctl.returncode == 2 and "others can read" in ctl.stderr


def test_a_loose_folder_or_file_authorizes_nobody(locked):
    coordinator = locked()
    keyring = coordinator.keyring.make("host2", "worker").make("host3", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    (keyring.authorized / "host2.pub").chmod(0o666)
    summary = coordinator.summary(lambda summary: summary["keys"] == 1)
    assert "host2.pub: others can write it" in summary["keys_problem"]
    (keyring.authorized / "host2.pub").chmod(0o644)
    coordinator.summary(lambda summary: summary["keys"] == 2 and summary["keys_problem"] == "")
    keyring.authorized.chmod(0o777)
    summary = coordinator.summary(lambda summary: summary["keys"] == 0)
    assert "others can write" in summary["keys_problem"]
    keyring.authorized.chmod(0o755)
    coordinator.summary(lambda summary: summary["keys"] == 2)
    os.rename(keyring.authorized, coordinator.folder / "gone")
    summary = coordinator.summary(lambda summary: summary["keys"] == 0)
    assert "cannot open it" in summary["keys_problem"]


# ---- junk ----

REASONS = {"http": "does not speak ZeroMQ", "null": "came without a key", "garbage": "does not speak ZeroMQ",
           "curve garbage": "not our public key", "command of 1 GB": ""}


@pytest.mark.parametrize("name", REASONS)
def test_junk_is_named_and_changes_nothing(locked, name):
    coordinator = locked()
    coordinator.keyring.make("host2", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 1)
    data, reason = JUNK[name], REASONS[name]
    with socket.create_connection(("127.0.0.1", coordinator.ports["jobs"]), timeout=20) as peer:
        peer.sendall(data)
        with contextlib.suppress(ConnectionError):
            while peer.recv(4096):
                pass
        port = peer.getsockname()[1]
    entry = coordinator.refused(socket="jobs", reason=reason)
    assert entry["address"] == f"127.0.0.1:{port}"
    assert coordinator.worker("host2").take()["type"] == "job"


# ---- workers that are authorized, and hostile ----

def test_frames_may_be_as_large_as_without_keys(locked):
    coordinator = locked()
    coordinator.keyring.make("host2", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 1)
    worker = coordinator.worker("host2", hello=False)
    hello = json.dumps({"v": 1, "type": "hello", **worker.hello(), "more": ""})
    worker.jobs.send(hello.replace('"more": ""', '"more": "' + "x" * (8192 - len(hello)) + '"').encode())
    assert worker.hear("welcome")


def test_larger_frames_end_the_connection(locked):
    coordinator = locked()
    coordinator.keyring.make("host2", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 1)
    worker = coordinator.worker("host2")
    watch = worker.jobs.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    worker.jobs.send(bytes(64 * 1024 * 1024))
    assert watch.poll(8000), "the connection stands"
    worker.jobs.disable_monitor()



def test_nobody_answers_for_anothers_lease(locked):
    coordinator = locked()
    coordinator.keyring.make("good", "worker").make("evil", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    good, evil = coordinator.worker("good"), coordinator.worker("evil")
    job = good.take()
    evil.send(evil.result(job, ["Forged"]))  # in its own name
    coordinator.summary(lambda summary: summary["invalid"] == 1)
    forged = evil.result(job, ["Forged"], worker=good.name)  # in the other's name
    evil.send(forged)
    coordinator.summary(lambda summary: summary["invalid"] == 2)
    assert good.hears_nothing("ack")  # of what another says in its name
    assert good.answer(job, ["Bob Dylan"]) == "stored"
    assert evil.hear("ack")["verdict"] == "invalid"  # of the first
    own = evil.take()
    never = dict(own, lease=2**52, track_id=30, class_id=2)  # due, and held by nobody
    assert evil.answer(never) == "invalid"
    assert evil.answer(dict(own, track_id=30, class_id=2)) == "invalid"  # its own lease, of another board
    coordinator.summary(lambda summary: summary["invalid"] == 4 and summary["stored"] == 1)


def test_nobody_passes_for_a_worker_with_another_key(locked):
    coordinator = locked()
    coordinator.keyring.make("good", "worker").make("evil", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    good = coordinator.worker("good")
    job = good.take()
    evil = coordinator.worker("evil", pid=good.pid)  # the same host and pid
    assert evil.name != good.name
    assert good.answer(job) == "stored"


def test_a_key_that_sends_rubbish_is_put_aside_and_reported(locked):
    coordinator = locked(tracks=6)
    coordinator.keyring.make("good", "worker").make("evil", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    good, evil = coordinator.worker("good"), coordinator.worker("evil")
    other = coordinator.worker("evil")  # a second process with the same key
    mine = good.take()
    for _ in range(10):
        evil.jobs.send(b'{"v":1,"type":"job"}')
    assert "put aside" in other.hear("refuse")["reason"]
    while True:
        refusal = evil.hear("refuse")["reason"]
        if "put aside" in refusal:
            break
    entry, = coordinator.summary(lambda summary: summary["put_aside"])["put_aside"]
    assert coordinator.keyring.fields("evil")["public_key"] in entry["origin"] and entry["left_ms"] > 0
    again = coordinator.worker("evil", hello=False)
    assert "put aside" in again.say_hello()["reason"]
    assert good.answer(mine) == "stored"  # others do not notice
    assert coordinator.summary(lambda summary: summary["workers"] == 1)
    # It is still told why; what it sends is not received any more.
    coordinator.refused(socket="results", key="evil", reason="put aside")


def test_of_one_key_so_many_workers_and_no_more(locked):
    coordinator = locked(settings=["workers.max_per_key=2"])
    coordinator.keyring.make("many", "worker").make("other", "worker")
    coordinator.summary(lambda summary: summary["keys"] == 2)
    first, second = coordinator.worker("many"), coordinator.worker("many")
    held = first.take()
    third = coordinator.worker("many", hello=False)
    assert "workers.max_per_key" in third.say_hello()["reason"]
    entry = coordinator.refused(socket="jobs", key="many", reason="workers.max_per_key")
    assert entry["address"] == "127.0.0.1"
    summary = coordinator.summary(lambda summary: summary["refused"] == 1)
    assert summary["workers"] == 2 and summary["peers_refused"] >= 1 and not summary["put_aside"]
    assert coordinator.worker("other").name  # another key has a number of its own
    # Who comes again is no new one, and there is room again when one has left.
    again = coordinator.worker("many", pid=second.pid)
    assert again.name == second.name
    assert first.answer(held) == "stored"
    second.close()
    again.close()
    wait_for(lambda: third.say_hello()["type"] == "welcome")


IMPLAUSIBLE = {
    "no page": {"pages": 0}, "no byte": {"bytes": 0}, "pages without requests": {"pages": 2},
    "more requests than granted": {"requests": 50, "pages": 1}, "more than there can be": {"rejected": 4294967295},
    "slower than the whole": {"latency_ms": 5000, "duration_ms": 10},
}


def test_counts_that_cannot_be_true_are_invalid(crew):
    coordinator = crew(tracks=len(IMPLAUSIBLE), classes=1)
    worker = coordinator.worker()
    for fields in IMPLAUSIBLE.values():
        assert worker.answer(worker.take(), **fields) == "invalid", fields
    coordinator.summary(lambda summary: summary["invalid"] == len(IMPLAUSIBLE))
