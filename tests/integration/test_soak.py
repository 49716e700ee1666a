"""What must not grow: the workers that leak, and a coordinator that has refreshed ten thousand times."""

import pytest

from crawl import workers_of
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
    assert 0 < most_kb < WORKERS * MAX_RSS_MB * 1024
    left = [event for event in read_lines(made.trace) if event["event"] == "leaving"]
    full = [event for event in left if event["reason"] == "max_rss"]
    assert len(full) >= 3, left
    assert max(event["rss_kb"] for event in left) <= MAX_RSS_MB * 1024 + ONE_JOB_KB
    assert "died while" not in made.log() and made.status()["retried_fetch_count"] == 0
    made.judge(truth)
