"""Workers that live for one job each, thousands of them: they leave nothing behind in the coordinator."""

import statistics

import pytest

from fake_worker import subscribe_summary
from played_workers import Played

TRACKS, CLASSES = 25, 20  # all of them are answered within the first 1,000 lives
WORKERS = 32  # at a time
LIVES = 50000
EVERY = 1000
WINDOW = 5  # marks that a figure is taken from: at each another number of workers is there
# Within a window the C library's heap breathes by some hundred kB; a loss of 64 bytes for each life would make 3 MB.
MORE_KB = 1024


def play(plain_build_dir, folder, lives, every):
    """The marks of so many lives, the figures before the first and after the last, and the last summary."""
    with Played(plain_build_dir, folder, TRACKS, CLASSES, ["workers.max_jobs=1", "store.commit_ms=5"]) as played:
        before = played.measure()
        marks = list(played.play(WORKERS, lives, every))
        summary = subscribe_summary(f"ipc://{folder}/store/status.sock",
                                    lambda s: s["workers"] == 0 and s["results"] == lives)
        return before, marks, played.measure(), summary


def check(before, after, marks, summary, lives):
    assert [mark["mark"] for mark in marks].count("end") == 1 and marks[-1]["acknowledged"] == lives
    assert summary["workers_joined"] == marks[-1]["lives"] >= lives and summary["stored"] == lives
    assert summary["workers_lost"] == 0 and summary["leases_expired"] == 0 and summary["invalid"] == 0
    assert after["descriptors"] <= before["descriptors"] + 2  # a status file being written


def test_workers_that_live_for_one_job_leave_nothing_behind(plain_build_dir, tmp_path):
    before, marks, after, summary = play(plain_build_dir, tmp_path, 600, 200)
    check(before, after, marks, summary, 600)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_thousand_workers_need_no_more_than_a_thousand(plain_build_dir, tmp_path):
    before, marks, after, summary = play(plain_build_dir, tmp_path, LIVES, EVERY)
    check(before, after, marks, summary, LIVES)
    counted = [mark for mark in marks if mark["mark"] == "mark"]
    first, last = counted[:WINDOW], counted[-WINDOW:]
    print(f"private memory in kB: {[mark['private_kb'] for mark in counted]}")

    def usual(window, figure):
        return statistics.median(mark[figure] for mark in window)

    assert usual(last, "private_kb") <= usual(first, "private_kb") + MORE_KB
    assert max(mark["descriptors"] for mark in last) <= before["descriptors"] + 2 * WORKERS + 2
