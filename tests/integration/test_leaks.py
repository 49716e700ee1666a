"""Every program under valgrind, from start to end, none with an error or a leak.

Two runs, because valgrind 3.19 does not know pidfd_open(2), with which coordinator and pool watch their children: a
whole --once run whose exporter and workers, started here, are under valgrind, and a coordinator under valgrind.
The sanitizers see whole --once runs of all programs together (test_pipeline.py, built with LeakSanitizer)."""

import pathlib
import shlex
import shutil
import signal
import subprocess
import time

import pytest

from crawl import Crawl

PROGRAMS = ("r3e-coordinator", "r3e-worker", "r3e-exporter")
COMBINATIONS = 30
pytestmark = pytest.mark.timeout(150)


class Valgrind:
    """Commands under valgrind, and what it reported of them."""

    def __init__(self, folder):
        self.folder = folder / "valgrind"
        self.folder.mkdir()

    def command(self, name):
        return [
            "valgrind", "--error-exitcode=99", "--leak-check=full", "--child-silent-after-fork=yes",
            "--errors-for-leak-kinds=definite,indirect,possible", f"--log-file={self.folder}/{name}-%p.log",
        ]

    def wrap(self, program, path):
        """Makes `path` a program that is `program` under valgrind."""
        command = shlex.join([*self.command(program.name), str(program)])
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        path.chmod(0o755)

    def assert_clean(self, name):
        """At least one run of the program was seen, to its end, and nothing was found in any."""
        logs = [path.read_text() for path in self.folder.glob(f"{name}-*.log")]
        assert logs
        bad = [text for text in logs if "ERROR SUMMARY: 0 errors" not in text]
        assert not bad, "\n".join(bad)[:20000]


@pytest.fixture
def programs(plain_build_dir):
    paths = {name: plain_build_dir / name.removeprefix("r3e-") / name for name in PROGRAMS}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        pytest.skip(f"not built: {', '.join(missing)}")
    return paths


@pytest.fixture
def small_crawl(plain_build_dir, tmp_path, upstream):
    catalogue = tmp_path / "catalogue.cfg"
    started = upstream(
        "--tracks", 6, "--classes", 5, "--entries", 600, "--drivers", 150, "--write-catalogue", catalogue,
        "--fault-every", "10=500*1", "--fault-every", "7=html*1",
    )
    crawl = Crawl(plain_build_dir, tmp_path, started.url, catalogue)
    crawl.settings |= {"workers.local": 2, "workers.max_rss_mb": 1024, "exporter.max_rss_mb": 1024}
    return crawl


def test_workers_and_exporter(programs, small_crawl, tmp_path):
    valgrind = Valgrind(tmp_path)
    folder = tmp_path / "bin"
    folder.mkdir()
    # The coordinator starts what lies beside it.
    small_crawl.program = pathlib.Path(shutil.copy2(programs["r3e-coordinator"], folder))
    shutil.copy2(programs["r3e-worker"], folder)
    valgrind.wrap(programs["r3e-exporter"], folder / "r3e-exporter")
    small_crawl.settings |= {"workers.local": 0, "workers.max_jobs": 8}  # so that some retire
    command = [*valgrind.command("r3e-worker"), str(programs["r3e-worker"]), "--connect", f"ipc://{tmp_path}/store/jobs.sock"]
    coordinator = small_crawl.start("--once")
    workers = []
    deadline = time.monotonic() + 100
    try:
        while coordinator.poll() is None:
            assert time.monotonic() < deadline, small_crawl.log()
            if all(worker.poll() is not None for worker in workers):
                workers.append(subprocess.Popen(command))
            time.sleep(0.02)
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0
    finally:
        for process in (coordinator, *workers):
            if process.poll() is None:
                process.kill()
            process.wait()
    assert coordinator.returncode == 0, small_crawl.log()
    valgrind.assert_clean("r3e-worker")
    valgrind.assert_clean("r3e-exporter")
    assert small_crawl.status()["total_fetched_combinations"] == COMBINATIONS


def test_coordinator(programs, small_crawl, tmp_path):
    valgrind = Valgrind(tmp_path)
    small_crawl.settings["workers.local"] = 0
    with open(small_crawl.log_path, "a", encoding="utf-8") as log:
        coordinator = subprocess.Popen([*valgrind.command("r3e-coordinator"), *small_crawl.command()], stderr=log)
    worker = None
    try:
        worker = subprocess.Popen([str(programs["r3e-worker"]), "--connect", f"ipc://{tmp_path}/store/jobs.sock"])
        # What it does when everything is fetched, and not before.
        deadline = time.monotonic() + 100
        while "exporter" not in small_crawl.log():
            assert coordinator.poll() is None and time.monotonic() < deadline, small_crawl.log()
            time.sleep(0.05)
        coordinator.send_signal(signal.SIGTERM)
        assert coordinator.wait(timeout=30) == 0, small_crawl.log()
    finally:
        for process in filter(None, (coordinator, worker)):
            if process.poll() is None:
                process.kill()
            process.wait()
    valgrind.assert_clean("r3e-coordinator")
    environment = Crawl(programs["r3e-coordinator"].parents[1], tmp_path, small_crawl.url, small_crawl.catalogue)
    environment.settings |= {"politeness.rate_per_s": 0}
    # All is stored: this only publishes.
    assert environment.once() == 0
    assert environment.status()["total_fetched_combinations"] == COMBINATIONS
    assert small_crawl.log().count("30 not fetched yet") == 1 and "0 not fetched yet" in small_crawl.log()
