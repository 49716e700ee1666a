"""Ends of a crawl with real workers: SIGTERM in the middle of everything, drain, and a board that takes its workers down."""

import json
import os
import signal
import subprocess
import time

import pytest

from crawl import Crawl, processes, wait_for, workers_of
from invariants import read_store
from test_fault_points import has_points

WORLD = ("--tracks", 4, "--classes", 4, "--entries", 400, "--drivers", 100, "--filled", 100)


@pytest.fixture
def crawl(build_dir, tmp_path, upstream):
    """A function that starts a stand-in with the options given and returns a Crawl of it with .ctl()."""

    def make(*options):
        catalogue = tmp_path / "catalogue.cfg"
        started = upstream(*options, "--write-catalogue", catalogue)
        made = Crawl(build_dir, tmp_path, started.url, catalogue)
        made.upstream = started
        made.ctl = lambda command, *rest: subprocess.run(
            [str(build_dir / "coordinator/ctl/r3ectl"), command, "--connect", f"ipc://{tmp_path}/store/control.sock", *rest],
            capture_output=True, text=True, timeout=60)
        return made

    return make


def exporter_of(pid):
    """The pid of a coordinator's exporter; None if none runs."""
    return next((child for child, (name, parent, state) in processes().items()
                 if name == "r3e-exporter" and parent == pid and state != "Z"), None)


@pytest.mark.alone  # two seconds, most of which it waits for the exporter to end by itself
def test_sigterm_with_an_export_under_way(crawl, build_dir):
    """It ends within two seconds although the exporter does not move, and the public folder stays whole."""
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    made = crawl(*WORLD)
    assert made.once() == 0, made.log()
    before = {path: path.read_bytes() for path in made.public.rglob("*.gz")}
    made.age_store(hours=48)
    made.environment = {"R3E_FAULT": "exporter.snapshot_taken=stop"}
    made.upstream.reset()
    process = made.start()
    wait_for(lambda: exporter_of(process.pid) and made.upstream.stats()["listing_requests"] >= 16)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    took_s = time.monotonic() - started
    print(f"ended {took_s:.3f} s after SIGTERM with an exporter that does not move")
    assert took_s < 2
    assert exporter_of(process.pid) is None and not workers_of(process.pid)
    assert {path: path.read_bytes() for path in made.public.rglob("*.gz")} == before
    assert not list(made.public.rglob("*tmp*"))


def test_sigterm_while_answers_drip(crawl, upstream_truth):
    """Workers in the middle of a download do not hold it up, and what came in before is kept."""
    target = upstream_truth(*WORLD)[-1]
    name = f"{target['track_id']}-{target['class_id']}"
    made = crawl(*WORLD, "--fault", f"{name}=slow")
    process = made.start()
    wait_for(lambda: made.upstream.stats()["listing_requests"] >= 16)
    wait_for(lambda: "is being fetched" in made.ctl("why", name).stdout and made.status()["total_fetched_combinations"] >= 0)
    wait_for(lambda: all("up to date" in made.ctl("why", f"{board['track_id']}-{board['class_id']}").stdout
                         for board in upstream_truth(*WORLD)[:-1]))
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    took_s = time.monotonic() - started
    print(f"ended {took_s:.3f} s after SIGTERM in the middle of a download")
    assert took_s < 2
    fetched = [record for record in read_store(made.folder / "store").boards.values() if record.fetched_at_ms]
    assert len(fetched) == 15
    assert "died" not in made.log()


def test_drain_waits_for_what_is_under_way(crawl):
    made = crawl(*WORLD, "--latency-ms", 300)
    made.settings["workers.local"] = 2
    process = made.start()
    wait_for(lambda: made.upstream.stats()["in_flight"] == 2)
    assert made.ctl("drain").stdout.startswith("draining: ")
    assert process.wait(timeout=30) == 0, made.log()
    asked = made.upstream.stats()["listing_requests"]
    assert 2 <= asked < 16
    fetched = [record for record in read_store(made.folder / "store").boards.values() if record.fetched_at_ms]
    assert len(fetched) == made.status()["total_fetched_combinations"] == asked
    status = made.status()
    assert (status["state"], status["hold"], status["hold_reason"]) == ("done", "", "")


def test_a_board_that_takes_its_workers_down_is_put_away_and_the_rest_published(crawl, upstream_truth):
    truth = upstream_truth(*WORLD)
    bad = truth[5]
    name = f"{bad['track_id']}-{bad['class_id']}"
    made = crawl(*WORLD, "--fault", f"{name}=hang")
    made.settings["refresh.retries"] = 10
    process = made.start("--once")
    killed = set()

    def kill_its_worker():
        """Plays the board's part."""
        done = made.ctl("why", name, "--json")
        pid = json.loads(done.stdout)["details"].get("pid") if done.returncode == 0 else None
        if pid and pid not in killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        return len(killed) == 3

    wait_for(kill_its_worker, timeout_s=60)
    assert process.wait(timeout=60) == 3, made.log()
    status = made.status()
    assert status["failed_fetch_count"] == 1 and status["total_fetched_combinations"] == 15
    assert status["failed_fetches"][0]["error"].startswith("quarantined: 3 workers died while they held it")
    assert not (made.public / f"tracks/track_{bad['track_id']}/class_{bad['class_id']}.json.gz").exists()
    made.upstream.reset()
    assert made.once() == 3  # still away, and nobody asks for it
    assert made.upstream.stats()["listing_requests"] == 0
