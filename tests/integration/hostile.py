"""Peers that mean harm, and two crawls side by side, of which they attack one.

An attack is a function of a Side that yields after each thing it did, for as long as it is asked to. `Siege` asks it from a
thread of its own.
"""

import contextlib
import itertools
import pathlib
import socket
import subprocess
import threading

import msgpack
import zmq

import broken_messages
from crawl import Crawl, wait_for
from daemon import Requests
from fake_worker import pack_board, pack_detail
from keys import SOCKETS, Keyring, KeyWorker, lock

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(15) + b"\x00" + bytes(31)
JUNK = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + bytes(64),
    "null": GREETING.replace(b"CURVE", b"NULL\0"),
    "garbage": bytes(range(256)) * 4,
    "curve garbage": GREETING + b"\x04\xc8" + b"\x05HELLO\x01\x00" + bytes(192),
    "command of 1 GB": GREETING + b"\x06" + (1 << 30).to_bytes(8, "big") + bytes(64),
    "nothing": b"",
}
FLOOD = 1000
TINY_FRAMES = 10000
DAY_MS = 86400000


class Side:
    """One crawl over tcp with keys: a stand-in, a coordinator and a pool of two workers."""

    def __init__(self, build_dir, folder, upstream, options, settings):
        folder.mkdir()
        log = folder / "requests.log"
        self.upstream = upstream(*options, "--log", log, "--write-catalogue", folder / "catalogue.cfg")
        self.made = Crawl(build_dir, folder, self.upstream.url, folder / "catalogue.cfg")
        self.made.settings.update(settings)
        self.requests = Requests(log)
        self.build_dir, self.folder = build_dir, folder
        self.keyring = Keyring(build_dir, folder).make("host2", "worker").make("evil", "worker").make("spy", "monitor")
        self.keyring.make("stranger", "worker", authorize=False)
        self.ports = lock(self.made, self.keyring)
        self.opened, self.pool, self.process, self.peak_kb, self.space_kb = [], None, None, 0, 0

    def start(self):
        self.process = self.made.start("--once")

        def is_up():
            assert self.process.poll() is None, self.made.log()
            return "combinations in the catalogue" in self.made.log()  # all sockets are bound

        wait_for(is_up)

    def start_pool(self):
        with open(self.folder / "pool.log", "w") as log:
            self.pool = subprocess.Popen([str(self.build_dir / "worker" / "r3e-worker"), "--connect", self.tcp("jobs"), "--pool", "2",
                                          *self.keyring.options("host2")], stderr=log)

    def done(self):
        """Boards that the stand-in was asked for."""
        return len(set(self.requests.all()))

    def took_s(self):
        """From its first request to its last."""
        times_us = [request["monotonic_us"] for request in self.requests.listings()]
        return (max(times_us) - min(times_us)) / 1e6

    def measure(self):
        """The coordinator's peaks so far."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
            self.peak_kb, self.space_kb = sizes.get("VmHWM", self.peak_kb), sizes.get("VmPeak", self.space_kb)

    def ended(self):
        self.measure()
        return self.process.poll() is not None

    def close(self):
        for process in (self.process, self.pool):
            if process and process.poll() is None:
                process.terminate()
                process.wait(timeout=30)

    # ---- as keys.LockedCoordinator ----

    def tcp(self, name):
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def endpoint(self, name):
        return f"ipc://{self.folder}/store/{name}.sock"

    def connect(self, kind, name, key=None, server="coordinator", endpoint=None):
        peer = zmq.Context.instance().socket(kind)
        peer.linger = 0
        peer.immediate = 1  # nothing is taken before the handshake is over
        if key:
            self.keyring.use(peer, key, server)
        peer.connect(endpoint or self.tcp(name))
        return peer


class Siege:
    """A context in which the attack goes on, with a pause between its steps; `done` counts them."""

    def __init__(self, attack, side, pause_s):
        self.attack, self.side, self.pause_s = attack, side, pause_s
        self.done, self.over, self.error = 0, threading.Event(), None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with contextlib.closing(self.attack(self.side)) as steps:
                for _ in steps:
                    self.done += 1
                    if self.over.wait(self.pause_s):
                        return
        except Exception as error:  # noqa: BLE001: told to the test
            try:
                wait_for(self.side.ended)  # then it was only that nobody is there any more
            except AssertionError:
                self.error = error

    def __enter__(self):
        self.thread.start()
        wait_for(lambda: self.done or self.error)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error


# ---- from outside: without a key that is any good ----

TYPES = {"jobs": zmq.DEALER, "results": zmq.PUSH, "status": zmq.SUB, "control": zmq.DEALER}


def knock(side, **options):
    """Peers of all four sockets, again and again, each with something to say; none gets in."""
    while True:
        for name, kind in TYPES.items():
            with side.connect(kind, name, **options) as peer:
                if kind == zmq.SUB:
                    peer.subscribe("")
                else:
                    with contextlib.suppress(zmq.Again):
                        peer.send(b'{"v":1,"type":"hello","version":"0.1.0","host":"x","pid":1,"process":1,"job":0}', zmq.DONTWAIT)
                heard = peer.poll(20) if kind != zmq.PUSH else 0
                assert not heard, "it was let in"
            yield


def without_a_key(side):
    return knock(side)


def with_a_strange_key(side):
    return knock(side, key="stranger")


def for_another_server(side):
    return knock(side, key="host2", server="stranger")


def throw(side, *names):
    """Connections that say junk, as fast as they are ended."""
    for number, name in enumerate(itertools.cycle(names)):
        with contextlib.suppress(ConnectionError, TimeoutError):
            with socket.create_connection(("127.0.0.1", side.ports[SOCKETS[number % 4]]), timeout=5) as peer:
                peer.sendall(JUNK[name])
                while peer.recv(4096):
                    pass
        yield


def garbage(side):
    return throw(side, "garbage", "curve garbage", "null", "command of 1 GB")


def http(side):
    return throw(side, "http")


def flood(side):
    """1,000 connections at once, which say a little or nothing; one after another they are made anew."""
    peers, names = [], list(JUNK)

    def connect(number):
        peer = socket.create_connection(("127.0.0.1", side.ports[SOCKETS[number % 4]]), timeout=20)
        peer.settimeout(0.02)  # for what is not ended by the other side
        peer.sendall(JUNK[names[number % len(names)]])
        return peer

    with contextlib.ExitStack() as opened:
        for number in range(FLOOD):
            peers.append(connect(number))
            opened.callback(lambda number=number: peers[number].close())
        for number in itertools.cycle(range(FLOOD)):
            peers[number].close()
            peers[number] = connect(number)
            with contextlib.suppress(ConnectionError, TimeoutError):
                peers[number].recv(4096)
            yield


# ---- from inside: with a key of the right kind ----

def deaf_listeners(side):
    """Twenty subscribers that never read, and ask for the whole state again and again."""
    with contextlib.ExitStack() as opened:
        listeners = []
        for _ in range(20):
            peer = opened.enter_context(zmq.Context.instance().socket(zmq.XSUB))
            peer.linger, peer.rcvhwm, peer.rcvbuf = 0, 1, 4096
            side.keyring.use(peer, "spy")
            peer.connect(side.tcp("status"))
            listeners.append(peer)
        for peer in itertools.cycle(listeners):
            for frame in (b"\x01", b"\x00"):
                with contextlib.suppress(zmq.Again):
                    peer.send(frame, zmq.DONTWAIT)
            yield


class Relay:
    """Passes one connection on to `port`; `inject` sends bytes of its own to that side, between whole frames or not."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.port, self.server, self.ended = port, None, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            client, _ = self.listener.accept()
            self.server = socket.create_connection(("127.0.0.1", self.port))
            back = threading.Thread(target=self.copy, args=(self.server, client), daemon=True)
            back.start()
            self.copy(client, self.server)
            back.join()
            client.close()

    def copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ended.set()

    def inject(self, data):
        with contextlib.suppress(OSError):
            self.server.sendall(data)

    def close(self):
        for one in filter(None, (self.server, self.listener)):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.thread.join()


def huge_frame(side):
    """A worker that is let in, then announces a frame of 1 GB; it is to be cut off at once."""
    while True:
        for name in ("jobs", "results"):
            with contextlib.closing(Relay(side.ports[name])) as relay:
                with side.connect(TYPES[name], name, key="evil", endpoint=relay.endpoint) as peer:
                    assert peer.poll(20000, zmq.POLLOUT), "it was not let in"
                    relay.inject(b"\x02" + (1 << 30).to_bytes(8, "big") + bytes(1000))
                    assert relay.ended.wait(20), "the connection stands"
            yield


def tiny_frames(side):
    """Messages of 10,000 frames."""
    with side.connect(zmq.DEALER, "jobs", key="evil") as jobs, side.connect(zmq.PUSH, "results", key="evil") as results:
        for peer in itertools.cycle((jobs, results)):
            if peer.poll(200, zmq.POLLOUT):
                with contextlib.suppress(zmq.Again):
                    peer.send_multipart([b"{}"] * TINY_FRAMES, zmq.DONTWAIT)
            yield


def insider(side):
    """A context: a worker with the evil key, which was welcomed."""
    return contextlib.closing(KeyWorker(side, "evil"))


def pour(worker, frames):
    with contextlib.suppress(zmq.Again):
        worker.results.send_multipart(frames, zmq.DONTWAIT)


def drain(worker):
    while worker.jobs.poll(0):
        worker.jobs.recv()


def broken_fields(side):
    """Every field of every message wrong, on both sockets."""
    with insider(side) as worker:
        frames = [frame for message in broken_messages.messages() for _, _, frame in broken_messages.broken(message)]
        for frame in itertools.cycle(frames):
            with contextlib.suppress(zmq.Again):
                worker.jobs.send(frame, zmq.DONTWAIT)
            pour(worker, [frame])
            drain(worker)
            yield


def boards_of(side):
    text = (side.folder / "catalogue.cfg").read_text()
    parts = {name: text.partition(f"{name} =")[2].partition(");")[0] for name in ("tracks", "classes")}
    ids = {name: [int(part.split("=")[1].split(";")[0]) for part in rest.split("{") if "id" in part] for name, rest in parts.items()}
    return list(itertools.product(ids["tracks"], ids["classes"]))


def never_leased(side):
    """Results of leases that this worker was not given: what they say is false, and one says that the service wants a day's peace."""
    with insider(side) as worker:
        leases = (1, 7, (1 << 32) + 1, (1 << 32) + 40, (1 << 32) + 10**6, (2 << 32) + 1, 2**53)
        for (track, car_class), lease in zip(itertools.cycle(boards_of(side)), itertools.cycle(leases)):
            job = {"lease": lease, "attempt": 1, "track_id": track, "class_id": car_class}
            pour(worker, worker.result(job, ["Forged"]))
            pour(worker, worker.result(job, outcome="failed", failure="http_status", http_status=429, retry_after_ms=DAY_MS, entries=0,
                                       content_hash=""))
            drain(worker)
            yield


def replayed(side):
    """A worker that fails one board, and tells so ten thousand times."""
    with insider(side) as worker:
        job = worker.take()
        frames = worker.result(job, outcome="failed", failure="other", problem="x", http_status=0, entries=0, content_hash="")
        pour(worker, frames)
        yield
        later = worker.result(job, outcome="failed", failure="http_status", http_status=503, retry_after_ms=DAY_MS, entries=0, content_hash="")
        worker.verdict(job)  # from here on they are of a lease that is over
        while True:
            for again in (frames, later):
                pour(worker, again)
            drain(worker)
            yield


def head(count, shared):
    return msgpack.packb([1, count, shared])


BOMBS = {
    "deep arrays": b"\x91" * 200000, "deep maps": b"\x81\xa1a" * 60000, "2^32 rows": b"\x93\x01\xce\xff\xff\xff\xff\x91\xa0",
    "2^32 shared strings": b"\x93\x01\x01\xdd\xff\xff\xff\xff", "a string of 4 GB": b"\x93\x01\x01\x91\xdb\xff\xff\xff\xff" + b"x" * 1000,
    "a map of 2^32": b"\xdf\xff\xff\xff\xff", "bytes of 4 GB": b"\xc6\xff\xff\xff\xff", "an extension": b"\xc9\xff\xff\xff\xff\x01",
    "a row of 2^32": head(1, [""]) + b"\xdd\xff\xff\xff\xff", "rows that are not there": head(150000, [""]),
}


def bad_text(worker, job):
    frames = worker.result(job)
    return [frames[0], pack_board(["Bob Dylan"]).replace(b"Bob", b"B\xffb"), pack_detail({})]


def payloads(side, make):
    """Jobs that are taken, and answered with what make(worker, job, number) makes of the frames, until the key is put aside."""
    with insider(side) as worker:
        for number in itertools.count():
            worker.say("ready")
            try:
                message = worker.hear("job", "refuse", "ack", timeout_ms=1000)
                while message["type"] == "ack":
                    message = worker.hear("job", "refuse", "ack", timeout_ms=1000)
            except TimeoutError:
                break  # there is nothing to be done any more
            if message["type"] == "refuse":
                break
            worker.send(make(worker, message, number))
            yield
        while True:  # it is not listened to any more, and goes on
            pour(worker, make(worker, {"lease": 1, "attempt": 1, "track_id": 1, "class_id": 1}, 0))
            drain(worker)
            yield


def bombs(side):
    rows = list(BOMBS.values())

    def make(worker, job, number):
        return [worker.result(job)[0], rows[number % len(rows)], pack_detail({})]

    return payloads(side, make)


def invalid_utf8(side):
    def make(worker, job, number):
        frames = bad_text(worker, job)
        frames[0] = frames[0].replace(b'"problem": ""', b'"problem": "\xff\xfe\xc0\x80\xed\xa0\x80"')
        return frames

    return payloads(side, make)


OUTSIDE = (without_a_key, with_a_strange_key, for_another_server, garbage, http, flood)
INSIDE = (deaf_listeners, huge_frame, tiny_frames, broken_fields, never_leased, replayed, bombs, invalid_utf8)
