"""What must not grow: the workers that leak, and a coordinator that has refreshed ten thousand times."""

import json
import os
import signal
import statistics
import time

import pytest
import zmq

from crawl import Crawl, wait_for, workers_of
from faulty_crawl import FaultyCrawl
from invariants import read_lines
from test_fault_points import has_points

LEAK_KB = 1024  # for each job
MAX_RSS_MB = 48  # a sanitized worker begins with 23 MB
WORKERS = 2
ONE_JOB_KB = LEAK_KB + 2048  # what a worker may have more than the limit, since it looks between jobs


def pss_kb(pid):
    """Proportional memory of a process; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except OSError:
        return 0


POOL_MB = 24  # of the process that workers are forked from, with what it has loaded for all of them


def test_workers_that_leak_are_replaced(build_dir, tmp_path, upstream, upstream_truth):
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    options = ("--tracks", 12, "--classes", 12, "--entries", 1500, "--drivers", 300, "--filled", 50)
    catalogue, log = tmp_path / "catalogue.cfg", tmp_path / "requests.log"
    started = upstream(*options, "--write-catalogue", catalogue, "--log", log)
    truth = upstream_truth(*options)
    combinations = {(int(board["track_id"]), int(board["class_id"])) for board in truth}
    made = FaultyCrawl(build_dir, tmp_path, started.url, catalogue, log, combinations)
    made.settings |= {"workers.local": WORKERS, "workers.max_rss_mb": MAX_RSS_MB, "workers.max_jobs": 100000}
    made.set_fault(f"worker.before_result=leak:{LEAK_KB}", once=False)
    most_kb = 0
    with made.reading():
        process = made.start("--once")
        while process.poll() is None:
            most_kb = max(most_kb, sum(map(pss_kb, workers_of(process.pid))))
    assert process.returncode == 0, made.log()
    assert 0 < most_kb < (WORKERS * MAX_RSS_MB + POOL_MB) * 1024
    left = [event for event in read_lines(made.trace) if event["event"] == "leaving"]
    full = [event for event in left if event["reason"] == "max_rss"]
    assert len(full) >= 3, left
    assert max(event["rss_kb"] for event in left) <= MAX_RSS_MB * 1024 + ONE_JOB_KB
    assert "died while" not in made.log() and made.status()["retried_fetch_count"] == 0
    made.judge(truth)


REFRESHES = 10000
BASELINE = 1000  # refreshes after which the coordinator has what it needs
WINDOW = 500  # refreshes that a figure is taken from: in some there is a worker that comes or goes
MOMENTS = 9  # summaries of the status
BOARDS = 20
REFRESH_TIMEOUT_S = 60
# Pages of the map and of libraries come and go with the kernel's mood. Of its own memory the smallest loss for each refresh,
# 32 bytes, would make 280 KB.
MORE_KB = {"RssAnon": 64, "RssFile": 256}


class Listener:
    """The status summaries of a coordinator."""

    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.socket.subscribe("summary")

    def wait(self, condition):
        deadline = time.monotonic() + REFRESH_TIMEOUT_S
        while (left := deadline - time.monotonic()) > 0:
            if self.socket.poll(int(left * 1000) + 1):
                summary = json.loads(self.socket.recv_multipart()[1])
                if condition(summary):
                    return summary
        raise AssertionError("no such summary")

    def close(self):
        self.socket.close()


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return {kind: int(fields[kind].split()[0]) for kind in MORE_KB}


def ask_for_refresh(folder):
    """An empty trigger file: everything."""
    (folder / "new").touch()
    (folder / "new").rename(folder / "refresh_now")


def usual(figures):
    """What is usual in a window: the middle."""
    return {kind: statistics.median_low(figure[kind] for figure in figures) for kind in MORE_KB}


def descriptors_at_rest(listener, pid):
    """What is usual with nothing to do: no worker comes or goes then, but in some moments there is an exporter."""
    figures = []
    while len(figures) < MOMENTS:
        listener.wait(lambda summary: summary["state"] == "waiting" and summary["workers"] == WORKERS)
        figures.append(len(os.listdir(f"/proc/{pid}/fd")))
    return statistics.mode(figures)


@pytest.mark.slow
@pytest.mark.timeout(6000)
def test_ten_thousand_refreshes_need_no_more_than_a_thousand(plain_build_dir, tmp_path, upstream):
    catalogue = tmp_path / "catalogue.cfg"
    started = upstream("--tracks", 5, "--classes", 4, "--entries", 300, "--drivers", 100, "--write-catalogue", catalogue)
    made = Crawl(plain_build_dir, tmp_path, started.url, catalogue)
    made.settings |= {"workers.local": WORKERS, "log.level": "warn", "store.commit_ms": 5}
    process = made.start()
    store = tmp_path / "store"
    wait_for((store / "status.sock").exists)
    listener = Listener(f"ipc://{store}/status.sock")
    figures, descriptors = [], []
    begun = time.monotonic()
    try:
        for count in range(1, REFRESHES + 1):
            listener.wait(lambda summary: summary["results"] >= BOARDS * count and summary["state"] == "waiting")
            figures.append(memory_kb(process.pid))
            if count % BASELINE == 0:
                descriptors.append(descriptors_at_rest(listener, process.pid))
                print(f"after {count} refreshes, {time.monotonic() - begun:.0f} s: {usual(figures[-WINDOW:])}, "
                      f"{descriptors[-1]} descriptors")
            if count < REFRESHES:
                ask_for_refresh(store)
    finally:
        listener.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0, made.log()
    first, last = usual(figures[BASELINE - WINDOW : BASELINE]), usual(figures[-WINDOW:])
    assert descriptors[-1] == descriptors[0], descriptors
    assert all(last[kind] <= first[kind] + more_kb for kind, more_kb in MORE_KB.items()), (first, last)
