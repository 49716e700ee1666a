"""A whole --once run under valgrind: the coordinator, its pool, every worker and the exporter, none with an error or a leak.

The sanitizers see such runs all the time (test_pipeline.py, built with LeakSanitizer)."""

import re
import subprocess

import pytest

from crawl import Crawl

LEAST_PROCESSES = 5  # coordinator, pool, two workers, exporter
# Alone: under valgrind on a busy machine the pool takes longer to end than its coordinator waits.
pytestmark = [pytest.mark.timeout(150), pytest.mark.alone]


@pytest.fixture
def small_crawl(plain_build_dir, tmp_path, upstream):
    catalogue = tmp_path / "catalogue.cfg"
    started = upstream(
        "--tracks", 6, "--classes", 5, "--entries", 600, "--drivers", 150, "--write-catalogue", catalogue,
        "--fault-every", "10=500*1", "--fault-every", "7=html*1",
    )
    crawl = Crawl(plain_build_dir, tmp_path, started.url, catalogue)
    # Valgrind's own memory counts as the program's; workers are to retire in mid-crawl.
    crawl.settings |= {"workers.local": 2, "workers.max_jobs": 8, "workers.max_rss_mb": 1024, "exporter.max_rss_mb": 1024}
    return crawl


def test_a_whole_run_under_valgrind(small_crawl, tmp_path):
    command = [
        "valgrind", "--trace-children=yes", "--error-exitcode=99", "--leak-check=full",
        "--errors-for-leak-kinds=definite,indirect,possible", f"--log-file={tmp_path}/valgrind-%p.log",
        *small_crawl.command("--once"),
    ]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=140)
    logs = [path.read_text() for path in tmp_path.glob("valgrind-*.log")]
    bad = [text for text in logs if "ERROR SUMMARY: 0 errors" not in text]
    assert not bad, "\n".join(bad)[:20000]
    assert done.returncode == 0, done.stderr
    assert len(logs) >= LEAST_PROCESSES
    assert not re.search(r"(definitely|indirectly|possibly) lost: [1-9]", "".join(logs))
    assert small_crawl.status()["total_fetched_combinations"] == 30
