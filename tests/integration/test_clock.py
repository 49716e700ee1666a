"""A wall clock that is set, and a machine that sleeps: libfaketime moves the wall clock under a running coordinator."""

import datetime
import pathlib
import time
import zoneinfo

import pytest

from crawl import wait_for
from ports import free_port

WORLD = ("--tracks", 3, "--classes", 2, "--entries", 100, "--drivers", 50)
OTHER = (*WORLD[:-4], "--entries", 200, *WORLD[-2:])
COMBINATIONS = 6
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def libfaketime():
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is not installed; deploy/install-deps --test installs it"
    return found[0]


class Clock:
    """The wall clock of a daemon's processes. It runs on from where it is set; the monotonic clock is the real one."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.file = daemon.made.folder / "clock"
        daemon.made.environment = {
            "LD_PRELOAD": str(libfaketime()), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "TZ": "Europe/Berlin",
        }

    def write(self, local):
        wall = datetime.datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp()
        partial = self.file.with_suffix(".new")
        partial.write_text(f"{wall - time.time():+.3f}\n")
        partial.rename(self.file)
        return wall

    def set(self, local):
        """Sets it under the running coordinator and waits until that has looked at it, and at all that follows."""
        wall = self.write(local)
        looked = []

        def has_looked(summary):
            at = datetime.datetime.fromisoformat(summary["time"].replace("Z", "+00:00")).timestamp()
            if wall - 2 <= at <= wall + 100:
                looked.append(summary)
            # The first may be of the round in which the clock was set; before the second there was a whole one.
            return len(looked) > 1 and summary["state"] == "waiting" and summary["refresh"]["kind"] == "none"

        return self.daemon.summary(has_looked)


@pytest.fixture
def clock(plain_build_dir, daemon):
    """A daemon with a clock of its own. Of a build without sanitizers: those want to be loaded first themselves."""
    one = daemon(*WORLD, "--listen", f"127.0.0.1:{free_port()}")
    one.made.program = plain_build_dir / "coordinator" / "r3e-coordinator"
    # Without the sandbox: libfaketime reads its file in every process, which none of them may otherwise.
    one.made.settings.update({"refresh.daily_at": "04:45", "refresh.max_age_h": 8760, "workers.local": 2,
                              "hardening.sandbox": False})
    return Clock(one)


def daily_runs(clock):
    return clock.daemon.made.log().count("for the day")


def walk(clock, steps):
    """Sets the clock to each time of the list and compares how many daily refreshes there have been until then."""
    for local, expected in steps:
        clock.set(local)
        assert daily_runs(clock) == expected, local
        assert len(clock.daemon.requests.since()) == COMBINATIONS * expected, local


def start_on(clock, local):
    """The first crawl, which is no daily refresh, at this time."""
    clock.write(local)
    clock.daemon.start()
    clock.daemon.rest()
    clock.set(local)
    clock.daemon.requests.mark()


def test_a_day_has_one_refresh_with_a_clock_set_by_an_hour_and_a_day(clock):
    start_on(clock, "2026-03-28 04:44:00")
    clock.write("2026-03-28 04:44:58")  # it comes about by itself
    wait_for(lambda: daily_runs(clock) == 1)
    walk(clock, [
        ("2026-03-28 03:46", 1), ("2026-03-28 04:46", 1),  # an hour back, and the time again
        ("2026-03-27 04:46", 1), ("2026-03-28 04:46", 1),  # a day back, and the day again
        ("2026-03-29 04:46", 2), ("2026-03-28 23:00", 2), ("2026-03-29 12:00", 2),  # a day ahead, over summer time
        ("2026-03-30 04:46", 3),
    ])


@pytest.mark.slow
def test_a_day_has_one_refresh_whatever_the_clock_does(clock):
    one = clock.daemon
    start_on(clock, "2026-03-27 12:00")
    walk(clock, [
        ("2026-03-27 13:00", 0), ("2026-03-27 12:00", 0), ("2026-03-28 04:44", 0), ("2026-03-28 04:45", 1),
        ("2036-05-01 12:00", 2), ("2026-03-28 05:00", 2), ("2026-03-29 05:00", 3),  # ten years ahead, for a while
        ("1971-01-01 12:00", 3), ("2026-03-29 05:10", 3), ("2026-03-30 05:00", 4),  # and back
    ])
    # Down at the time, for three days: made up for at once, once.
    one.stop()
    clock.write("2026-04-03 10:00")
    one.start()
    wait_for(lambda: daily_runs(clock) == 5)
    one.rest()
    walk(clock, [("2026-04-03 23:00", 5)])
    one.kill()
    one.start()
    walk(clock, [("2026-04-04 04:00", 5), ("2026-04-04 04:45", 6)])
    assert one.process.poll() is None


@pytest.mark.slow
def test_ages_hold_over_sleep_and_no_burst_follows(clock):
    one = clock.daemon
    one.made.settings.update({"refresh.daily_at": "", "refresh.max_age_h": 24, "politeness.rate_per_s": 2,
                              "politeness.burst": 1})
    clock.write("2026-06-01 12:00")
    one.start()
    one.rest()
    one.requests.mark()
    for local in ("2026-06-02 11:00", "2026-05-31 12:00", "2016-06-01 12:00", "2026-06-01 13:00"):
        clock.set(local)
        assert one.requests.since() == []
    one.made.upstream.reset()
    clock.set("2026-06-02 13:00")  # as after a sleep: everything is older than a day
    wait_for(lambda: len(one.requests.since()) == COMBINATIONS)
    assert one.made.upstream.stats()["peak_per_second"] <= 4  # three by the rate; two workers may be late with one
    clock.set("2026-06-02 14:00")
    assert len(one.requests.since()) == COMBINATIONS


@pytest.mark.slow
def test_boards_that_come_due_one_by_one_are_published_together(clock, upstream):
    one = clock.daemon
    one.made.settings.update({"refresh.daily_at": "", "refresh.max_age_h": 24, "politeness.rate_per_s": 1,
                              "politeness.burst": 1})
    clock.write("2026-06-01 12:00:00")
    one.start()
    before = one.rest()["exports"]
    requests = one.exchange(upstream, *OTHER)
    clock.write("2026-06-02 11:59:25")  # before the first is due: it is half a minute until a set clock is noticed
    wait_for(lambda: len(requests.all()) == COMBINATIONS, timeout_s=90)
    after = one.summary(lambda s: s["state"] == "waiting" and s["exports"] > before)
    assert after["exports"] == before + 1, after
