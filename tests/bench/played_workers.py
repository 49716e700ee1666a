"""A coordinator without local workers, and `dispatch_workers`, which plays them: what it costs, at each mark."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import time

PATIENCE_S = 20
DESCRIPTORS = 8192


def catalogue_text(tracks, classes):
    def items(kind, count):
        return ", ".join(f'{{ id = {number}; name = "{kind} number {number}"; }}' for number in range(1, count + 1))

    return f"tracks = ( {items('Track', tracks)} );\nclasses = ( {items('Class', classes)} );\n"


def memory_kb(pid):
    """Pss and Rss of a process."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0])
    return {"pss_kb": fields["Pss"], "rss_kb": fields["Rss"], "private_kb": fields["Private_Dirty"]}


def thread_cpu_s(pid):
    """{thread's name: seconds on a processor}."""
    threads = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        threads[name] = threads.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
    return threads


class Played:
    """A running coordinator in a folder of its own; use as a context."""

    def __init__(self, build, folder, tracks, classes, settings=()):
        self.build, self.folder = pathlib.Path(build), pathlib.Path(folder)
        self.tracks, self.classes = tracks, classes
        (self.folder / "catalogue.cfg").write_text(catalogue_text(tracks, classes))
        # The rate is off and as many requests may be under way as configuration allows: nothing waits for politeness.
        (self.folder / "played.cfg").write_text(f"""
upstream: {{ base_url = "http://127.0.0.1:9"; }};
politeness: {{ rate_per_s = 0.0; max_in_flight = 1000; robots = false; }};
catalogue: {{ file = "{self.folder}/catalogue.cfg"; }};
store: {{ dir = "{self.folder}/store"; }};
public: {{ dir = "{self.folder}/public"; }};
refresh: {{ index_every_min = 10080; daily_at = ""; }};
workers: {{ local = 0; }};
log: {{ level = "warn"; }};
""")
        self.settings = [part for setting in settings for part in ("--set", setting)]
        self.process = None

    def __enter__(self):
        # Two connections for each worker.
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        self.process = self.start()
        deadline = time.monotonic() + PATIENCE_S
        while not (self.folder / "store/control.sock").exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args[0]} does not come up")
            time.sleep(0.01)
        return self

    def start(self):
        return subprocess.Popen([str(self.build / "coordinator/r3e-coordinator"), "--config",
                                 str(self.folder / "played.cfg"), *self.settings])

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=PATIENCE_S) != 0:
            raise RuntimeError(f"{self.process.args[0]} ended with code {self.process.returncode}")

    def measure(self):
        pid = self.process.pid
        return {**memory_kb(pid), "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads_s": thread_cpu_s(pid)}

    def refreshing(self):
        """Options with which something is always due."""
        tracks = [part for track in range(1, self.tracks + 1) for part in ("--track", track)]
        return ["--boards", self.tracks * self.classes // 4, *tracks]

    def play(self, workers, jobs, mark):
        """Yields each mark of dispatch_workers with the coordinator's figures of then; the last one's kind is "end"."""
        command = [self.build / "tests/bench/dispatch_workers", "--store", self.folder / "store", "--workers", workers,
                   "--jobs", jobs, "--mark", mark, *self.refreshing()]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as player:
            for line in player.stdout:
                yield {**json.loads(line), **self.measure()}
        if player.returncode != 0:
            raise RuntimeError(f"dispatch_workers ended with code {player.returncode}")


class PlayedAlone(Played):
    """The same with `libzmq_alone` in the place of the coordinator: something is due at any time."""

    def start(self):
        # As coordinator/heap.h has it.
        return subprocess.Popen([str(self.build / "tests/bench/libzmq_alone"), "--store", str(self.folder / "store")],
                                env=os.environ | {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})

    def refreshing(self):
        return []
