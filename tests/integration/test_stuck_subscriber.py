"""Subscribers that never read, against the same crawl at the same time without any: speed, CPU and memory are the same."""

import os
import signal
import subprocess
import time

import pytest
import zmq

from crawl import Crawl, wait_for
from daemon import Daemon, Requests

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SETTLED = 60  # requests after which everybody is at work
SLACK_KB = 1024  # what the queues of the stuck ones hold, 16 messages each, and the noise of the measurement


class Side(Daemon):
    """One crawl. Its requests are counted as they come: the log of ten minutes is long."""

    def __init__(self, made, log):
        super().__init__(made, Requests(log))
        self.log = open(log, "rb")
        self.count = 0

    def asked(self):
        self.count += self.log.read().count(b"\n")
        return self.count

    def close(self):
        self.stop()
        self.log.close()


class Sample:
    """What a coordinator has used, and what it was let ask, at an instant."""

    def __init__(self, daemon):
        pid = daemon.process.pid
        self.time_s = time.monotonic()
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        self.cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            sizes = {line.split()[0]: int(line.split()[1]) for line in lines.readlines()[1:]}
        self.pss_kb, self.own_kb = sizes["Pss:"], sizes["Private_Dirty:"]
        self.requests = daemon.asked()


class Pair:
    """Two crawls of the same world side by side, of which the second is listened to by subscribers that never read."""

    def __init__(self, build_dir, folder, upstream, rate):
        self.sides, self.context, self.stopped = [], zmq.Context(), None
        for name in ("alone", "listened to"):
            place = folder / name
            place.mkdir()
            world = ("--tracks", 169, "--classes", 87, "--entries", 60000, "--drivers", 6000, "--latency-ms", 5)
            served = upstream(*world, "--write-catalogue", place / "catalogue.cfg", "--log", place / "requests.log")
            made = Crawl(build_dir, place, served.url, place / "catalogue.cfg")
            made.settings |= {"politeness.rate_per_s": rate, "workers.local": 2}
            self.sides.append(Side(made, place / "requests.log"))

    def start(self):
        for side in self.sides:
            side.start()
            side.summary()

    def listen(self, build_dir, subscribers):
        """Some have a queue that is full at once; one is a program that was stopped in the middle of reading."""
        endpoint = f"ipc://{self.sides[1].made.folder}/store/status.sock"
        for _ in range(subscribers):
            socket = self.context.socket(zmq.SUB)
            socket.linger, socket.rcvhwm, socket.rcvbuf = 0, 1, 4096
            socket.connect(endpoint)
            socket.subscribe("")
        program = str(build_dir / "coordinator" / "ctl" / "r3ectl")
        self.stopped = subprocess.Popen([program, "events", "--follow", "--connect", endpoint], stdout=subprocess.PIPE)
        assert self.stopped.stdout.readline()
        self.stopped.send_signal(signal.SIGSTOP)

    def sample(self):
        return [Sample(side) for side in self.sides]

    def close(self):
        self.context.destroy(linger=0)
        if self.stopped:
            self.stopped.kill()
            self.stopped.communicate()
        for side in self.sides:
            side.close()


@pytest.fixture
def pair(plain_build_dir, tmp_path, upstream):
    made = []

    def make(rate):
        made.append(Pair(plain_build_dir, tmp_path, upstream, rate))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("rate, seconds", [
    (50, 8),
    pytest.param(20, 600, marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
])
def test_subscribers_that_never_read_cost_nothing(pair, plain_build_dir, rate, seconds, capsys):
    both = pair(rate)
    both.start()
    wait_for(lambda: min(side.asked() for side in both.sides) >= SETTLED)
    both.listen(plain_build_dir, 5)
    before = both.sample()
    wait_for(lambda: time.monotonic() >= before[0].time_s + seconds, timeout_s=seconds + 10)
    after = both.sample()
    with capsys.disabled():
        for words, side, old, new in zip(("alone", "with 6 that never read"), both.sides, before, after):
            span_s = new.time_s - old.time_s
            print(f"\n  {words}: {(new.requests - old.requests) / span_s:.2f} requests/s for {span_s:.0f} s,"
                  f" {(new.cpu_s - old.cpu_s) * 1e6 / max(1, new.requests - old.requests):.0f} µs of CPU for each;"
                  f" PSS {old.pss_kb} → {new.pss_kb} kB, own memory {old.own_kb} → {new.own_kb} kB", end="")
        print()
    asked = [new.requests - old.requests for old, new in zip(before, after)]
    grown = [new.own_kb - old.own_kb for old, new in zip(before, after)]
    # Of a rate that both are held to; they are only as far apart as the system lets one run before the other.
    assert asked[1] >= 0.9 * asked[0] - rate
    assert grown[1] <= grown[0] + SLACK_KB, grown
    for side in both.sides:
        summary = side.summary()
        assert summary["failed"] == 0 and summary["invalid"] == 0
