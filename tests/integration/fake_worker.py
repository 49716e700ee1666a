"""A worker in Python that says what the test tells it to, and a coordinator to say it to."""

import contextlib
import itertools
import json
import pathlib
import resource
import signal
import subprocess
import time
import zlib

import msgpack
import zmq

from crawl import PATIENCE_S

VERSION = "0.1.0"
PATIENCE_MS = 1000 * PATIENCE_S
PIDS = itertools.count(1)  # made up: no two workers of a test may share one


def catalogue_text(tracks, classes):
    """A catalogue file; both are {id: name}."""

    def items(names):
        return ", ".join('{ id = %d; name = "%s"; }' % (number, name) for number, name in names.items())

    return f"tracks = ( {items(tracks)} );\nclasses = ( {items(classes)} );\n"


def pack_board(names):
    """The rows frame of a board with one row for each name (common/board.h)."""
    packed = msgpack.packb([1, len(names), [""]])
    for place, name in enumerate(names):
        packed += msgpack.packb([place + 1, 1000000 * place, name, str(100 + place), "", "1m 00.000s", "2026-01-01T00:00:00",
                                 0, 0, 0, 0, 0, 0])
    return packed


def pack_detail(document):
    """A gzip member."""
    squeezer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return squeezer.compress(json.dumps(document).encode()) + squeezer.flush()


def subscribe_summary(endpoint, until=lambda summary: True, patience_ms=PATIENCE_MS):
    """The first status summary from this endpoint that satisfies `until`."""
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.linger = 0
    try:
        socket.connect(endpoint)
        socket.subscribe("summary")
        deadline = time.monotonic() + patience_ms / 1000
        while time.monotonic() < deadline:
            if socket.poll(1000):
                topic, text = socket.recv_multipart()
                assert topic == b"summary"
                summary = json.loads(text)
                if until(summary):
                    return summary
        raise TimeoutError("no such summary")
    finally:
        socket.close()


class Coordinator:
    """A running r3e-coordinator in a folder of its own, without local workers."""

    def __init__(self, build_dir, folder, tracks=3, classes=2, settings=(), once=False):
        self.folder = pathlib.Path(folder)
        self.program = build_dir / "coordinator" / "r3e-coordinator"
        catalogue = self.folder / "catalogue.cfg"
        catalogue.write_text(catalogue_text({10 * n: f"Track {n}" for n in range(1, tracks + 1)},
                                            {n: f"Class {n}" for n in range(1, classes + 1)}))
        self.configuration = self.folder / "test.cfg"
        self.configuration.write_text(f"""
upstream: {{ base_url = "http://127.0.0.1:9"; }};
politeness: {{ rate_per_s = 0.0; max_in_flight = 64; robots = false; }};
catalogue: {{ file = "{catalogue}"; }};
store: {{ dir = "{self.folder}/store"; commit_ms = 10; }};
public: {{ dir = "{self.folder}/public"; }};
workers: {{ local = 0; lease_s = 6; }};
""")
        self.settings = [part for setting in settings for part in ("--set", setting)]
        self.once = once
        self.process = None
        self.log_path = self.folder / "coordinator.log"
        self.start()

    def start(self, limits=()):
        """Starts it; `limits` are resource limits, {resource.RLIMIT_…: number}."""

        def limit():
            for name, number in dict(limits).items():
                resource.setrlimit(name, (number, number))

        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                [str(self.program), "--config", str(self.configuration), *self.settings, *(["--once"] if self.once else [])],
                stderr=log, preexec_fn=limit if limits else None)

    def endpoint(self, name):
        return f"ipc://{self.folder}/store/{name}.sock"

    def log(self):
        return self.log_path.read_text()

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def summary(self, until=lambda summary: True):
        """The first status summary that satisfies `until`."""
        try:
            return subscribe_summary(self.endpoint("status"), until)
        except TimeoutError as error:
            raise AssertionError("no such summary; log:\n" + self.log()) from error


class Worker:
    """One connection to the coordinator."""

    def __init__(self, coordinator, pid=None, process=1, taken=0, hello=True):
        self.context = zmq.Context.instance()
        self.jobs = self.context.socket(zmq.DEALER)
        self.jobs.linger = 0
        self.jobs.connect(coordinator.endpoint("jobs"))
        self.pid = pid or next(PIDS)
        self.process = process
        self.taken = taken  # the lease of the last job
        self.name = None
        self.verdicts = {}  # told, and not asked for yet
        self.results = None
        if hello:
            self.say_hello()

    def close(self):
        self.jobs.close()
        if self.results:
            self.results.close()

    def say(self, kind, **fields):
        self.jobs.send(json.dumps({"v": 1, "type": kind, **fields}).encode())

    def hear(self, *kinds, timeout_ms=PATIENCE_MS):
        """The next message of one of these kinds, answering nothing; heartbeats are passed over."""
        deadline = time.monotonic() + timeout_ms / 1000
        while self.jobs.poll(max(0, int((deadline - time.monotonic()) * 1000))):
            message = json.loads(self.jobs.recv())
            if message["type"] in kinds:
                if message["type"] == "job":
                    self.taken = message["lease"]
                return message
            assert message["type"] == "heartbeat" or not kinds, message
        raise TimeoutError(f"no {kinds}")

    def hears_nothing(self, *kinds, timeout_ms=300):
        try:
            message = self.hear(*kinds, timeout_ms=timeout_ms)
        except TimeoutError:
            return True
        raise AssertionError(f"heard {message}")

    def hello(self, version=VERSION):
        """The fields of its HELLO."""
        return {"version": version, "host": "test", "pid": self.pid, "process": self.process, "job": self.taken}

    def say_hello(self, version=VERSION):
        self.say("hello", **self.hello(version))
        welcome = self.hear("welcome", "refuse")
        if welcome["type"] == "welcome":
            self.name = welcome["worker"]
            if self.results is None:
                self.results = self.context.socket(zmq.PUSH)
                self.results.linger = 1000
                self.results.connect(welcome["results"])
        return welcome

    def take(self, timeout_ms=PATIENCE_MS):
        """READY, and the job that comes."""
        self.say("ready")
        return self.hear("job", timeout_ms=timeout_ms)

    def take_patiently(self, timeout_s=PATIENCE_S):
        """READY, and the job that comes, however late: heartbeats say meanwhile that the worker is there."""
        self.say("ready")
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self.say("heartbeat", lease=0, page=0, jobs=0, rss_kb=1)
            with contextlib.suppress(TimeoutError):
                return self.hear("job", timeout_ms=300)
        raise TimeoutError("no job")

    def result(self, job, names=("Bob Dylan",), **changes):
        """The three frames of a changed board with these names, with some fields changed."""
        fields = {
            "v": 1, "type": "result", "worker": self.name, "lease": job["lease"], "attempt": job["attempt"],
            "track_id": job["track_id"], "class_id": job["class_id"], "outcome": "changed", "failure": "none",
            "problem": "", "http_status": 200, "retry_after_ms": 0, "pages": 1, "requests": 1, "entries": len(names),
            "rejected": 0, "bytes": 100, "duration_ms": 1, "latency_ms": 1,
            "content_hash": f"{zlib.crc32(repr((job['track_id'], job['class_id'], names)).encode()):032x}",
            "ready": False,
        }
        fields.update(changes)
        frames = [json.dumps(fields).encode()]
        if fields["outcome"] == "changed":
            frames += [pack_board(names), pack_detail({"names": list(names)})]
        return frames

    def send(self, frames):
        self.results.send_multipart(frames)

    def answer(self, job, names=("Bob Dylan",), **changes):
        """Sends a result and returns the verdict."""
        self.send(self.result(job, names, **changes))
        return self.verdict(job)

    def verdict(self, job):
        while job["lease"] not in self.verdicts:
            ack = self.hear("ack")
            self.verdicts.update(dict.fromkeys(ack["leases"], ack["verdict"]))
        return self.verdicts.pop(job["lease"])

    def fail(self, job, failure="http_status", **changes):
        return self.answer(job, outcome="failed", failure=failure, problem="a test", entries=0, content_hash="", **changes)


class Crew(Coordinator):
    """A coordinator whose workers the test plays."""

    ended_with = 0  # its exit code, where the test saw it end by itself

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.workers = []

    def worker(self, **options):
        self.workers.append(Worker(self, **options))
        return self.workers[-1]


@contextlib.contextmanager
def crews(build_dir, folder, kind=Crew, codes=(0, -signal.SIGKILL)):
    """A function that starts a Crew; all of them and their workers are ended at the end, with one of these exit codes."""
    started = []

    def start(**options):
        started.append(kind(build_dir, folder, **options))
        return started[-1]

    yield start
    for coordinator in started:
        for worker in coordinator.workers:
            worker.close()
    for coordinator in started:
        assert coordinator.stop() in (*codes, coordinator.ended_with), coordinator.log()
