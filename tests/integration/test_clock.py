"""A wall clock that is set, and a machine that sleeps: libfaketime moves the wall clock under a running coordinator."""

import datetime
import pathlib
import time
import zoneinfo

import pytest

from crawl import wait_for

WORLD = ("--tracks", 3, "--classes", 2, "--entries", 100, "--drivers", 50)
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
            return len(looked) > 2 and summary["state"] == "waiting" and summary["refresh"]["kind"] == "none"

        return self.daemon.summary(has_looked)


@pytest.fixture
def clock(plain_build_dir, daemon):
    """A daemon with a clock of its own. Of a build without sanitizers: those want to be loaded first themselves."""
    one = daemon(*WORLD)
    one.made.program = plain_build_dir / "coordinator" / "r3e-coordinator"
    one.made.settings.update({"refresh.daily_at": "04:45", "refresh.max_age_h": 8760, "workers.local": 2})
    return Clock(one)


def daily_runs(clock):
    return clock.daemon.made.log().count("for the day")


def test_a_day_has_one_refresh_whatever_the_clock_does(clock):
    one = clock.daemon
    clock.write("2026-03-27 12:00")
    one.start()
    one.rest()
    clock.set("2026-03-27 12:00")
    one.requests.mark()

    def runs(local):
        """Sets the clock; how many daily refreshes there have been since the first crawl."""
        clock.set(local)
        assert len(one.requests.since()) == COMBINATIONS * daily_runs(clock)
        return daily_runs(clock)

    assert runs("2026-03-27 13:00") == 0
    assert runs("2026-03-27 12:00") == 0
    assert runs("2026-03-28 04:44:00") == 0
    clock.write("2026-03-28 04:44:58")  # it comes about by itself
    wait_for(lambda: daily_runs(clock) == 1)
    assert runs("2026-03-28 04:46") == 1
    assert runs("2026-03-28 03:46") == 1  # an hour back, and the time again
    assert runs("2026-03-28 04:46") == 1
    assert runs("2026-03-27 04:46") == 1  # a day back, and the day again
    assert runs("2026-03-28 04:46") == 1
    assert runs("2026-03-29 04:46") == 2  # a day ahead, over the change to summer time
    assert runs("2026-03-28 23:00") == 2
    assert runs("2026-03-29 12:00") == 2
    assert runs("2026-03-30 04:46") == 3
    assert runs("2036-05-01 12:00") == 4  # ten years ahead, for a while
    assert runs("2026-03-30 05:00") == 4
    assert runs("2026-03-31 05:00") == 5  # which blocks nothing
    # Down at the time, for three days: made up for at once, once.
    one.stop()
    clock.write("2026-04-03 10:00")
    one.start()
    wait_for(lambda: daily_runs(clock) == 6)
    one.rest()
    assert runs("2026-04-03 23:00") == 6
    one.kill()
    one.start()
    assert runs("2026-04-04 04:00") == 6
    assert runs("2026-04-04 04:45") == 7
    assert one.process.poll() is None


def test_ages_hold_over_sleep_and_no_burst_follows(clock):
    one = clock.daemon
    one.made.settings.update({"refresh.daily_at": "", "refresh.max_age_h": 24, "politeness.rate_per_s": 10,
                              "politeness.burst": 1})
    clock.write("2026-06-01 12:00")
    one.start()
    one.rest()
    one.requests.mark()
    for local in ("2026-06-02 11:00", "2026-06-01 12:00", "2026-05-31 12:00", "2016-06-01 12:00", "2026-06-01 13:00"):
        clock.set(local)
        assert one.requests.since() == []
    one.made.upstream.reset()
    clock.set("2026-06-02 13:00")  # as after a sleep: everything is older than a day
    wait_for(lambda: len(one.requests.since()) == COMBINATIONS)
    assert one.made.upstream.stats()["peak_per_second"] <= 11
    clock.set("2026-06-02 14:00")
    assert len(one.requests.since()) == COMBINATIONS
