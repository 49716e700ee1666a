"""What r3ectl watch shows of a real crawl, against what the stand-in, the system and the published files say of it."""

import itertools
import json
import re

from crawl import wait_for, workers_of
from tmux import tmux  # noqa: F401: a fixture

SIZES = ((80, 24), (200, 60))
TRACKS, CLASSES = 12, 10
WORLD = ("--tracks", TRACKS, "--classes", CLASSES, "--entries", 2000, "--drivers", 300, "--filled", 80, "--fault-every", "8=404")
RATE = 25  # requests/s
WORKERS = 3
KEYS = " q quit  p "
BEGINNING_S = 1.5  # in which the rate that is shown is still that of few requests
WINDOW_S = 1


def seconds(clock):
    hours, minutes, rest = map(int, clock.split(":"))
    return 3600 * hours + 60 * minutes + rest


def number(text):
    return int(text.replace(",", ""))


class Shown:
    """The figures of one screen."""

    def __init__(self, screen):
        self.lines = screen.splitlines()
        self.state, self.clock = re.match(r" r3e-coordinator [\d.]+  (\S.*?)  +(\d\d:\d\d:\d\d) UTC$", self.lines[0]).groups()
        self.reason = self.lines[1].strip()
        self.done, self.total, self.percent = re.search(r" ([\d,]+) of ([\d,]+)  ([\d.]+) %", self.lines[2]).groups()
        self.done, self.total = number(self.done), number(self.total)
        self.bar = "".join(re.findall("[^ ]*[█░][█░▏▎▍▌▋▊▉]*", self.lines[2]))
        requests, self.boards, service, self.published, store, _, self.refresh = self.lines[3:10]
        self.rate, self.allowed, self.in_flight = map(float, re.search(r" ([\d.]+)/s of ([\d.]+) allowed, (\d+) in flight", requests).groups())
        self.answers = {int(code): number(times) for times, code in re.findall(r"([\d,]+) × (\d+)", service)}
        self.stored, self.entries = map(number, re.search(r" ([\d,]+) boards, ([\d,]+) entries", store).groups())
        heading = next(line for line in self.lines if line.startswith(" WORKERS"))
        self.connected, self.joined = map(int, re.match(r" WORKERS (\d+) .* (\d+) joined", heading).groups())
        # name, host, pid, jobs, memory in MB
        rows = (re.match(r" (w\d+) +(\S+) +(\d+) +(\d+) +(\d+) MB ", line) for line in self.lines)
        self.workers = {int(row[3]): int(row[4]) for row in rows if row}
        events = itertools.dropwhile(lambda line: not line.startswith(" EVENTS"), self.lines)
        self.events = [line[10:] for line in events if re.match(r" \d\d:\d\d:\d\d ", line)]

    def kind(self, words):
        """How many boards are of this kind; what is nought is not shown."""
        found = re.search(rf" ([\d,]+) {words}  ", self.boards + "  ")
        return number(found[1]) if found else 0


class Log:
    """What the stand-in was asked, and said."""

    def __init__(self, path):
        self.requests = [one for one in map(json.loads, path.read_text().splitlines()) if one["track"]]

    def answers(self):
        return {status: sum(one["status"] == status for one in self.requests) for status in {one["status"] for one in self.requests}}

    def boards(self, status):
        return {(int(one["track"]), int(one["class"])) for one in self.requests if one["status"] == status}

    def rates(self):
        """The fewest and the most requests/s in any window of WINDOW_S after the beginning."""
        times = [one["monotonic_us"] / 1e6 for one in self.requests]
        starts = [start for start in times if times[0] + BEGINNING_S <= start <= times[-1] - WINDOW_S]
        counts = [sum(start <= time < start + WINDOW_S for time in times) / WINDOW_S for start in starts]
        return min(counts), max(counts)


def later(terminal, summary, *parts):
    """A screen with these parts whose every row was drawn after this summary: a row may be drawn while others are not yet."""
    then = seconds(summary["time"][11:19])

    def look():
        screen = terminal.wait(KEYS, *parts)
        return 0 < (seconds(Shown(screen).clock) - then) % 86400 < 43200 and screen

    return Shown(wait_for(look))


def entries_of(truth, boards):
    return sum(len(one["results"]) for one in truth if (one["track_id"], one["class_id"]) in boards)


def check_all(shown, log, stats, truth, size):
    """Everything on the screen of a crawl that is held."""
    good, bad = log.boards(200), log.boards(404)
    assert shown.answers == log.answers() == {int(code): times for code, times in stats["by_status"].items() if int(code) in (200, 404)}
    assert (shown.done, shown.total) == (len(good) + len(bad), TRACKS * CLASSES)
    assert shown.percent == f"{100 * shown.done / shown.total:.1f}"
    assert abs(shown.bar.count("█") / len(shown.bar) - shown.done / shown.total) <= 1 / len(shown.bar)
    assert (shown.stored, shown.entries) == (len(good), entries_of(truth, good))
    assert shown.kind("failed") == len(bad) and shown.kind("leased") == 0
    assert shown.kind("never fetched") == shown.total - len(good) - len(bad)
    assert shown.kind("up to date") == shown.done
    assert (shown.allowed, shown.in_flight) == (RATE, 0)
    assert stats["in_flight"] == 0
    width, height = size
    assert len(shown.lines) == height and all(len(line) <= width for line in shown.lines)


def test_what_is_shown_is_what_the_crawl_does(daemon, upstream_truth, build_dir, tmp_path, tmux):
    one = daemon(*WORLD, "--latency-ms", "5-40")
    one.made.settings.update({"politeness.rate_per_s": RATE, "politeness.burst": 1, "workers.local": WORKERS, "refresh.retries": 0,
                              "politeness.breaker_failures": 1000})
    truth = upstream_truth(*WORLD)
    one.start()
    one.summary()
    program = str(build_dir / "coordinator" / "ctl" / "r3ectl")
    sockets = [f"ipc://{tmp_path}/store/{name}.sock" for name in ("status", "control")]
    terminals = [tmux([program, "watch", "--connect", sockets[0], "--control", sockets[1]], *size) for size in SIZES]
    one.summary(lambda summary: summary["done"] > 0.65 * TRACKS * CLASSES)
    running = [Shown(terminal.wait(KEYS, "WORKERS", "EVENTS")) for terminal in terminals]

    # Held: nothing moves any more, so that everything can be compared to the last unit.
    terminals[0].keys("p")
    terminals[0].wait("Fetch nothing more until it is resumed?")
    terminals[0].keys("y")
    held = one.summary(lambda summary: summary["hold"] == "paused" and summary["leased"] == 0 and summary["in_flight"] == 0)
    stats = one.made.upstream.stats()
    log = Log(one.requests.path)
    done = len(log.boards(200) | log.boards(404))
    assert done < TRACKS * CLASSES
    slowest, fastest = log.rates()
    pids = set(workers_of(one.process.pid))
    for terminal, size, before in zip(terminals, SIZES, running):
        shown = later(terminal, held, f" {done} of {TRACKS * CLASSES} ")
        assert " left" not in shown.lines[2]  # nobody knows when it goes on
        assert shown.state == "fetching, held back: paused" and shown.reason.startswith("paused by an operator since ")
        check_all(shown, log, stats, truth, size)
        assert set(shown.workers) == pids and shown.connected == len(pids) == WORKERS
        assert sum(shown.workers.values()) == len(log.requests) and shown.joined == WORKERS
        assert any(event.startswith("command") and "pause" in event for event in shown.events)
        assert before.state == "fetching" and before.reason == f"a full refresh, {before.total - before.done} of {before.total} boards are left"
        assert before.done <= done and before.allowed == RATE
        assert slowest * 0.9 - 1 <= before.rate <= fastest * 1.1 + 1, (slowest, before.rate, fastest)

    # And at the end.
    terminals[1].keys("p")
    through = one.summary(lambda summary: summary["hold"] == "" and summary["state"] == "waiting" and summary["exports"] > 0)
    stats = one.made.upstream.stats()
    log = Log(one.requests.path)
    status = one.made.status()
    for terminal, size in zip(terminals, SIZES):
        shown = later(terminal, through, " files written")
        assert shown.state == "waiting" and shown.reason.startswith("waiting for ")
        check_all(shown, log, stats, truth, size)
        assert shown.entries == status["total_entries"] and shown.kind("failed") == status["failed_fetch_count"]
        terminal.keys("q")
        terminal.ended(0)
