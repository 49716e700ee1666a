"""Whole crawls: from the stand-in service to published files, compared with an independent computation."""

import json
import os
import signal
import time

import pytest

import oracle_flat as oracle
from crawl import Crawl, assert_equals_truth, end, processes, wait_for, workers_of
from fake_worker import subscribe_summary

SMALL = ("--tracks", 12, "--classes", 9, "--entries", 3000, "--drivers", 700)


def zombies_below(pid):
    """How many ended processes nobody has asked for, below a coordinator and its pool."""
    everything = processes()
    family = {pid} | {child for child, (_, parent, _) in everything.items() if parent == pid}
    return sum(1 for _, parent, state in everything.values() if parent in family and state == "Z")


def test_a_crawl_publishes_what_the_service_says(crawl, upstream_truth):
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    truth = upstream_truth(*SMALL)
    assert_equals_truth(made, truth)
    status = made.status()
    assert status["total_fetched_combinations"] == 108
    assert status["total_entries"] == 3000
    assert status["failed_fetch_count"] == 0 and "failed_fetches" not in status
    assert status["fetch_in_progress"] is False
    assert status["last_scrape_start"] <= status["last_scrape_end"] <= status["last_index_update"]


def test_the_worked_example(crawl, upstream_truth):
    made = crawl("--worked-example")
    assert made.once() == 0, made.log()
    assert_equals_truth(made, upstream_truth("--worked-example"))
    status = made.status()
    assert {key: status[key] for key in ("track_count", "total_fetched_combinations", "total_unique_tracks",
                                         "total_drivers", "total_entries", "total_teams")} == {
        "track_count": 1, "total_fetched_combinations": 2, "total_unique_tracks": 2, "total_drivers": 3,
        "total_entries": 3, "total_teams": 1}


def test_a_second_run_asks_for_nothing_and_touches_no_file(crawl):
    made = crawl(*SMALL)
    assert made.once() == 0
    before = {path: path.stat().st_mtime_ns for path in made.public.rglob("*.gz")}
    made.upstream.reset()
    assert made.once() == 0
    assert made.upstream.stats()["listing_requests"] == 0
    assert {path: path.stat().st_mtime_ns for path in made.public.rglob("*.gz")} == before


def test_a_refresh_of_unchanged_boards_touches_no_file(crawl):
    made = crawl(*SMALL)
    assert made.once() == 0
    before = {path: path.stat().st_mtime_ns for path in made.public.rglob("*.gz")}
    made.age_store(hours=48)
    made.upstream.reset()
    assert made.once() == 0
    assert made.upstream.stats()["listing_requests"] >= 108
    assert {path: path.stat().st_mtime_ns for path in made.public.rglob("*.gz")} == before


def test_requests_are_honest_and_connections_kept(crawl, tmp_path):
    log = tmp_path / "requests.log"
    made = crawl(*SMALL, "--log", log)
    made.settings["upstream.user_agent"] = "somebody/1.0 (+https://example.org)"
    assert made.once() == 0
    requests = [json.loads(line) for line in log.read_text().splitlines()]
    listings = [request for request in requests if request["track"]]
    assert len(listings) >= 108
    assert {request["user_agent"] for request in listings} == {"somebody/1.0 (+https://example.org)"}
    assert {request["x_requested_with"] for request in listings} == {"XMLHttpRequest"}
    assert made.upstream.stats()["connections"] <= 4 + 1  # four workers, and the one that asks for the statistics


@pytest.mark.alone  # a worker that a busy machine holds up asks in another second than it was allowed to
def test_the_rate_holds_whatever_the_number_of_workers(crawl):
    made = crawl("--tracks", 10, "--classes", 12, "--entries", 1000, "--drivers", 300)
    made.settings.update({"politeness.rate_per_s": 20, "politeness.burst": 8, "workers.local": 12})
    started = time.monotonic()
    assert made.once() == 0
    stats = made.upstream.stats()
    assert stats["peak_per_second"] <= 28
    assert time.monotonic() - started >= (stats["listing_requests"] - 8) / 20


def test_a_killed_worker_costs_nothing(crawl, upstream_truth):
    made = crawl(*SMALL, "--latency-ms", 50)
    process = made.start("--once")
    killed = 0
    while killed < 3:
        wait_for(lambda: made.upstream.stats()["in_flight"] >= 2)
        victims = workers_of(process.pid)
        if victims:
            os.kill(victims[0], signal.SIGKILL)
            killed += 1
            wait_for(lambda: victims[0] not in workers_of(process.pid))
    assert process.wait(timeout=60) == 0, made.log()
    assert_equals_truth(made, upstream_truth(*SMALL))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def crawl_to_rest(made):
    """Starts the coordinator and waits until everything is fetched and published."""
    process = made.start()

    def at_rest():
        assert process.poll() is None, made.log()
        status = made.public / "status.json"
        return status.exists() and json.loads(status.read_text())["state"] == "waiting"

    wait_for(at_rest, timeout_s=600)
    return process


def check_churn(crawl, upstream_truth, options, max_jobs, least_workers):
    """At rest the coordinator has the same descriptors with its first four workers and after many have come and gone."""
    made = crawl(*options)
    few, many = made, crawl(*options)
    few.folder, many.folder = made.folder / "few", made.folder / "many"
    for one in (few, many):
        one.folder.mkdir()
        one.log_path = one.folder / "log"
    few.settings["workers.max_jobs"] = 100000
    process = crawl_to_rest(few)
    baseline = descriptors(process.pid)
    end(process)
    many.settings["workers.max_jobs"] = max_jobs
    process = crawl_to_rest(many)
    wait_for(lambda: zombies_below(process.pid) == 0)
    wait_for(lambda: descriptors(process.pid) <= baseline)
    summary = subscribe_summary(f"ipc://{many.folder}/store/status.sock")
    end(process)
    assert summary["workers_joined"] >= least_workers
    assert summary["workers_lost"] == 0
    assert_equals_truth(many, upstream_truth(*options))
    return summary


@pytest.mark.slow
def test_workers_come_and_go(crawl, upstream_truth):
    check_churn(crawl, upstream_truth, SMALL, max_jobs=2, least_workers=50)


@pytest.mark.slow
def test_three_hundred_workers_come_and_go(crawl, upstream_truth):
    options = ("--tracks", 169, "--classes", 87, "--entries", 29600, "--drivers", 5760)
    summary = check_churn(crawl, upstream_truth, options, max_jobs=50, least_workers=290)
    assert summary["workers_joined"] <= 400


@pytest.mark.parametrize("mode", ["emptied", "shrunk:40"])
def test_an_answer_that_lost_rows_is_believed_only_when_it_comes_again(mode, build_dir, tmp_path, upstream, upstream_truth):
    options = ("--tracks", 3, "--classes", 2, "--entries", 300, "--drivers", 100, "--filled", 100)
    truth = upstream_truth(*options)
    bad = truth[2]
    catalogue = tmp_path / "catalogue.cfg"
    good = upstream(*options, "--write-catalogue", catalogue)
    made = Crawl(build_dir, tmp_path, good.url, catalogue)
    made.settings["workers.local"] = 1
    assert made.once() == 0, made.log()
    made.url = upstream(*options, "--fault", f"{bad['track_id']}-{bad['class_id']}={mode}").url
    for _ in range(2):
        made.age_store(hours=48)
        assert made.once() == 0, made.log()  # it waits for no confirmation, and nothing failed
        assert_equals_truth(made, truth)
    made.age_store(hours=48)
    assert made.once() == 0, made.log()
    after = made.published(oracle.detail_path(bad))["track_info"]["Data"] or []
    assert len(after) == (0 if mode == "emptied" else len(bad["results"]) * 40 // 100)


def test_invalid_utf8_is_mended_and_the_rest_published(crawl, upstream_truth):
    options = ("--tracks", 2, "--classes", 2, "--entries", 100, "--drivers", 50, "--filled", 100)
    bad = upstream_truth(*options)[1]
    made = crawl(*options, "--fault", f"{bad['track_id']}-{bad['class_id']}=invalid-utf8")
    assert made.once() == 0, made.log()
    published = made.published(f"tracks/track_{bad['track_id']}/class_{bad['class_id']}.json.gz")
    assert any("\ufffd" in row["driver"]["name"] for row in published["track_info"]["Data"])


def test_sigterm_stops_within_two_seconds_and_a_restart_goes_on(crawl, upstream_truth):
    made = crawl(*SMALL, "--latency-ms", 20)
    process = made.start("--once")
    wait_for(lambda: made.upstream.stats()["listing_requests"] >= 30)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 1  # interrupted: not all of it was done
    assert time.monotonic() - started < 2
    assert made.once() == 0, made.log()
    assert_equals_truth(made, upstream_truth(*SMALL))


def test_kill_9_at_any_moment_is_a_way_to_stop(crawl, upstream_truth):
    made = crawl(*SMALL, "--latency-ms", 10)
    for requests in (1, 20, 50, 90):
        process = made.start("--once")
        wait_for(lambda: process.poll() is not None or made.upstream.stats()["listing_requests"] >= requests)
        process.kill()
        process.wait()
        wait_for(lambda: not workers_of(process.pid))
    assert made.once() == 0, made.log()
    assert_equals_truth(made, upstream_truth(*SMALL))
