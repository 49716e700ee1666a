"""Refreshes of a running crawl: full, targeted, by trigger file, across restarts."""

import json
import os
import time

import pytest

import oracle_flat as oracle
from crawl import assert_equals_truth, wait_for
from ports import free_port
from store_file import fetched_at
from test_fault_points import has_points

WORLD = ("--tracks", 6, "--classes", 5, "--entries", 900, "--drivers", 200)
COMBINATIONS = 30


def test_an_empty_trigger_file_asks_for_everything(daemon):
    one = daemon(*WORLD)
    one.made.settings["workers.local"] = 1  # so that all is fetched in order
    one.start()
    one.rest()
    first = one.made.status()
    one.requests.mark()
    one.pull()
    wait_for(lambda: len(set(one.requests.since())) == COMBINATIONS)
    one.rest()
    # Oldest first: the order of the first crawl again.
    assert one.requests.all() == 2 * one.requests.all()[:COMBINATIONS]
    wait_for(lambda: one.made.status()["last_scrape_start"] >= first["last_scrape_end"])
    status = one.made.status()
    assert status["last_scrape_start"] <= status["last_scrape_end"]


def test_a_trigger_file_that_is_there_at_the_start_counts(daemon):
    one = daemon(*WORLD).start()
    one.rest()
    one.stop()
    one.requests.mark()
    (track, car_class) = one.requests.all()[7]
    one.trigger.write_text(f"{track}-{car_class}\n")
    one.start()
    wait_for(lambda: not one.trigger.exists())
    one.rest()
    assert one.requests.since() == [(track, car_class)]


WORKERS_WAIT_S = 3  # coordinator.c


@pytest.mark.parametrize("exporter", ["works", "hangs"])
def test_local_workers_leave_the_processors_to_the_first_export_but_wait_no_longer_than_seconds(daemon, build_dir, tmp_path,
                                                                                                exporter):
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    one = daemon(*WORLD).start()
    one.rest()
    one.stop()
    one.made.age_store(hours=48)
    one.requests.mark()
    trace = tmp_path / "trace"
    one.made.environment = {"R3E_TRACE": str(trace)}
    if exporter == "hangs":
        one.made.environment["R3E_FAULT"] = "exporter.snapshot_taken=stop@1"
    started_s = time.monotonic()
    one.start()
    wait_for(lambda: one.requests.since())
    first_s = one.requests.listings()[COMBINATIONS]["monotonic_us"] / 1e6
    events = [json.loads(line) for line in trace.read_text().rpartition("\n")[0].splitlines()]
    exported_s = [event["us"] / 1e6 for event in events if event["event"] == "export_end"]
    assert first_s >= min([started_s + WORKERS_WAIT_S, *exported_s])
    assert exporter == "works" or not exported_s


OTHER = (*WORLD[:-4], "--entries", 1500, *WORLD[-2:])


def test_a_targeted_refresh_fetches_and_publishes_these_only(daemon, upstream, upstream_truth):
    one = daemon(*WORLD, "--listen", f"127.0.0.1:{free_port()}").start()
    exports = one.rest()["exports"]
    before = one.made.status()
    old, new = upstream_truth(*WORLD), upstream_truth(*OTHER)
    requests = one.exchange(upstream, *OTHER)
    track = old[0]["track_id"]
    one.pull(f"{track} {track}-{old[1]['class_id']} 999999 nonsense\x1b[1m")
    of_track = {(board["track_id"], board["class_id"]) for board in old if board["track_id"] == track}
    wait_for(lambda: set(requests.all()) == of_track)
    one.rest()
    assert len(requests.all()) == len(of_track)
    assert any(a["results"] != b["results"] for a, b in zip(old, new, strict=True) if a["track_id"] == track)
    mixed = [b if b["track_id"] == track else a for a, b in zip(old, new, strict=True)]
    one.summary(lambda s: s["state"] == "waiting" and s["exports"] > exports)
    assert_equals_truth(one.made, mixed)
    after = one.made.status()
    assert after["last_scrape_start"] == before["last_scrape_start"]
    assert after["last_scrape_end"] == before["last_scrape_end"]
    problem = one.summary()["refresh"]["trigger_problem"]
    assert problem == "unknown: 999999, nonsense?[1m"
    assert problem in one.made.log() and "\x1b" not in one.made.log()


def test_a_targeted_refresh_overtakes_a_full_one(daemon):
    one = daemon(*WORLD)
    one.made.settings.update({"politeness.rate_per_s": 20, "politeness.burst": 1, "workers.local": 1})
    one.start()
    one.rest()
    order = one.requests.all()
    one.requests.mark()
    one.pull()
    wait_for(lambda: len(one.requests.since()) >= 3)
    last = order[-1]
    one.pull(f"{last[0]}-{last[1]}")
    at = len(one.requests.since())
    one.pull(f"{last[0]}-{last[1]}")  # asking twice merges, or it was done already
    one.rest()
    since = one.requests.since()
    assert since.index(last) <= at + 2  # two may have been handed out before
    assert len(since) <= COMBINATIONS + 2 and set(since) == set(order)


@pytest.mark.slow
def test_a_targeted_refresh_is_published_while_a_full_one_goes_on(daemon, upstream, upstream_truth):
    one = daemon(*WORLD, "--listen", f"127.0.0.1:{free_port()}").start()
    one.rest()
    one.stop()
    one.exchange(upstream, *OTHER)
    one.made.settings.update({"politeness.rate_per_s": 0.2, "politeness.burst": 1})  # all of it takes 150 s
    one.start()
    one.pull()
    old, new = upstream_truth(*WORLD), upstream_truth(*OTHER)
    board = [b for a, b in zip(old, new, strict=True) if a["results"] != b["results"]][-1]
    one.pull(f"{board['track_id']}-{board['class_id']}")
    wait_for(lambda: one.made.published(oracle.detail_path(board))["track_info"]["Data"] == board["results"],
             timeout_s=90)  # at most once a minute
    assert one.summary()["refresh"]["kind"] == "full"


def test_a_full_refresh_outlives_kill_9(daemon):
    one = daemon(*WORLD)
    store = one.made.folder / "store"
    one.made.settings.update({"politeness.rate_per_s": 30, "politeness.burst": 1, "workers.local": 2})
    one.start()
    one.rest()
    before, ages = one.made.status(), fetched_at(store)
    one.pull()
    started = one.summary(lambda s: s["refresh"]["kind"] == "full")["refresh"]["started"]
    one.summary(lambda s: s["refresh"]["left"] <= COMBINATIONS - 12)
    one.kill()
    left = {board for board, at in fetched_at(store).items() if at == ages[board]}
    one.requests.mark()
    assert one.made.once() == 0, one.made.log()
    # What was on disk is not asked for again, everything else is.
    assert sorted(one.requests.since()) == sorted(left)
    after = one.made.status()
    assert after["last_scrape_start"] == started >= before["last_scrape_end"]
    assert after["last_scrape_end"] >= after["last_scrape_start"]
    one.requests.mark()
    assert one.made.once() == 0
    assert one.requests.since() == []


def test_a_targeted_refresh_outlives_kill_9(daemon):
    one = daemon(*WORLD)
    store = one.made.folder / "store"
    one.made.settings.update({"politeness.rate_per_s": 10, "politeness.burst": 1, "workers.local": 1})
    one.start()
    one.rest()
    before = fetched_at(store)
    tracks = sorted({track for track, _ in before})[2:5]
    asked = {board for board in before if board[0] in tracks}
    one.requests.mark()
    one.pull(" ".join(map(str, tracks)))
    wait_for(lambda: len(set(one.requests.since()) & asked) >= 4)
    one.kill()
    left = {board for board in asked if fetched_at(store)[board] == before[board]}
    assert left
    one.requests.mark()
    one.start()
    wait_for(lambda: len(one.requests.since()) >= len(left))
    one.summary(lambda s: s["state"] == "waiting" and s["refresh"]["kind"] == "none" and s["exports"] > 0)
    assert sorted(one.requests.since()) == sorted(left)
    one.stop()
    one.requests.mark()
    one.start()
    one.rest()
    assert one.requests.since() == []


def test_a_first_crawl_that_was_killed_counts_from_its_beginning(daemon):
    one = daemon(*WORLD)
    one.made.settings.update({"politeness.rate_per_s": 30, "politeness.burst": 1, "workers.local": 2})
    one.start()
    started = one.summary(lambda s: s["refresh"]["left"] <= COMBINATIONS - 10)["refresh"]["started"]
    one.kill()
    done = fetched_at(one.made.folder / "store")
    one.requests.mark()
    one.start()
    one.rest()
    wait_for(lambda: one.made.status()["last_scrape_start"] == started)
    assert len(one.requests.since()) == COMBINATIONS - len(done) and not set(one.requests.since()) & set(done)


def test_rubbish_in_the_trigger_file_harms_nothing(daemon):
    one = daemon(*WORLD).start()
    one.rest()
    one.requests.mark()
    for content in (b"\0" * 1000, os.urandom(200_000).replace(b" ", b"x"), b"1 " * 300_000, b"../../etc/passwd"):
        one.trigger.write_bytes(content)
        wait_for(lambda: not one.trigger.exists())
    (one.made.folder / "folder").mkdir()
    (one.made.folder / "folder").rename(one.trigger)
    one.summary(lambda s: "not a regular file" in s["refresh"]["trigger_problem"])
    one.trigger.rmdir()
    (track, car_class) = one.requests.all()[0]
    one.pull(f"{track}-{car_class}")
    wait_for(lambda: one.requests.since() == [(track, car_class)])
    one.rest()
