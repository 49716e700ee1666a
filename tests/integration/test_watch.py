"""r3ectl watch on terminals: what it shows is so, and the terminal is as it was however it ends."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from crawl import wait_for
from fake_worker import Crew, crews, subscribe_summary
from keys import LockedCoordinator
from tmux import tmux  # noqa: F401: a fixture

LEAVE = b"\x1b[?1049l"
KEYS = " q quit  p pause  r refresh all  s sort"


@pytest.fixture
def crew(build_dir, tmp_path):
    with crews(build_dir, tmp_path, kind=Crew) as start:
        yield start


# ---- in tmux: what a person sees ----


def watch(coordinator, *options):
    """The command line, with the address of both sockets."""
    program = str(coordinator.program.parent / "ctl" / "r3ectl")
    return [program, "watch", "--connect", coordinator.endpoint("status"), "--control", coordinator.endpoint("control"), *options]


def busy(crew, tracks=4, classes=5):
    """A coordinator with two workers, which hold a board each, have done three, and are not taken for dead while they are
    looked at, however slow the machine."""
    coordinator = crew(tracks=tracks, classes=classes,
                       settings=["refresh.retries=1", "refresh.backoff_s=1000", "workers.lease_s=600"])
    first, second = coordinator.worker(), coordinator.worker()
    coordinator.summary(lambda s: s["workers"] == 2)
    first.answer(first.take(), names=("a", "b"))
    first.answer(first.take(), names=("c",))
    second.fail(second.take(), failure="timeout", http_status=0)
    coordinator.held = [first.take(), second.take()]
    first.say("heartbeat", lease=coordinator.held[0]["lease"], page=2, jobs=2, rss_kb=20480)
    second.say("heartbeat", lease=coordinator.held[1]["lease"], page=0, jobs=1, rss_kb=30720)
    coordinator.crew = (first, second)
    coordinator.summary(lambda s: s["leased"] == 2)
    return coordinator


@pytest.mark.parametrize("width, height", [(80, 24), (200, 60)])
def test_the_screen_says_what_is_so(crew, tmux, width, height):
    coordinator = busy(crew)
    summary = coordinator.summary()
    screen = tmux(watch(coordinator), width, height).wait(KEYS, "WORKERS 2", "EVENTS", " 30 MB ", "board_failed")
    lines = screen.splitlines()
    assert len(lines) == height and all(len(line) <= width for line in lines)
    first, second = coordinator.crew
    assert "r3e-coordinator 0.1.0  fetching" in lines[0] and lines[0].endswith("UTC")
    assert lines[1] == f" {summary['reason']}" == " a full refresh, 18 of 20 boards are left"
    assert "2 of 20  10.0 %" in lines[2] and "█" in lines[2] and "░" in lines[2]
    figures = "\n".join(lines[3:10])
    assert "2 leased" in figures and "1 retrying" in figures and "15 never fetched" in figures
    assert "2 × 200" in figures and "1 × no answer" in figures and "1 timeout" in figures
    assert "2 boards, 3 entries" in figures
    for worker, job, jobs, memory in ((first, coordinator.held[0], 2, "20 MB"), (second, coordinator.held[1], 1, "30 MB")):
        row = next(line for line in lines if line.startswith(f" {worker.name} "))
        assert re.match(rf" {worker.name} +test +{worker.pid} +{jobs} +{memory} ", row)
        assert f"Track {job['track_id'] // 10}, Class {job['class_id']}" in row
    assert ", page 3" in next(line for line in lines if line.startswith(f" {first.name} "))
    assert "board_stored" in screen and "2 entries, new" in screen
    assert ("last error: 10-" in screen) == (width == 200)


def test_it_follows_and_resizes(crew, tmux):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator))
    terminal.wait("2 of 20", "WORKERS 2")
    first, _ = coordinator.crew
    first.answer(coordinator.held[0], names=("d", "e"))
    terminal.wait("3 of 20", "3 boards, 5 entries")
    terminal.run("resize-window", "-x", "200", "-y", "60")
    assert len(terminal.wait("received", "descriptors").splitlines()) == 60
    terminal.run("resize-window", "-x", "40", "-y", "8")
    screen = terminal.wait("3 of 20", " q quit  p pause")
    assert len(screen.splitlines()) == 8
    terminal.run("resize-window", "-x", "80", "-y", "24")
    terminal.wait("WORKERS 2", "EVENTS", KEYS)
    terminal.keys("q")
    terminal.ended(0)


def test_keys(crew, tmux):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator))
    terminal.wait("WORKERS 2  by name")
    terminal.keys("s")
    terminal.wait("by jobs")
    terminal.keys("s")
    screen = terminal.wait("by memory")
    first, second = coordinator.crew
    assert screen.index(f" {second.name} ") < screen.index(f" {first.name} ")
    terminal.keys("?")
    terminal.wait("sort the workers by something else")
    terminal.keys("?")
    terminal.wait("WORKERS 2")
    terminal.keys("p")
    terminal.wait("Fetch nothing more until it is resumed?")
    terminal.keys("n")
    terminal.wait(KEYS)
    assert coordinator.summary()["hold"] == ""
    terminal.keys("p")
    terminal.wait("Fetch nothing more until it is resumed?")
    terminal.keys("y")
    terminal.wait("held back: paused", "paused by an operator since")
    assert coordinator.summary()["hold"] == "paused"
    terminal.wait("paused until r3ectl resume")
    terminal.keys("p")
    coordinator.summary(lambda s: s["hold"] == "")
    terminal.wait(" resumed")
    terminal.keys("r")
    terminal.wait("Fetch all 20 boards again?")
    terminal.keys("y")
    terminal.wait("a full refresh is under way and serves this request too")
    terminal.keys("q")
    terminal.ended(0)


def test_without_a_control_socket_it_says_what_to_do(crew, tmux):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator)[:4])
    terminal.wait("WORKERS 2")
    terminal.keys("r", "y")
    terminal.wait("start with --config FILE or --control ENDPOINT")
    terminal.keys("q")
    terminal.ended(0)


def test_with_keys_it_watches_and_steers_over_tcp(build_dir, tmp_path, tmux):
    with contextlib.closing(LockedCoordinator(build_dir, tmp_path)) as coordinator:
        coordinator.keyring.make("alice", "operator")
        coordinator.summary(lambda s: s["keys"] == 1)
        program = str(build_dir / "coordinator" / "ctl" / "r3ectl")
        terminal = tmux([program, "watch", "--connect", coordinator.tcp("status"), "--control", coordinator.tcp("control"),
                         *coordinator.keyring.options("alice")])
        terminal.wait("WORKERS 0", "none is connected", KEYS)
        terminal.keys("p", "y")
        terminal.wait("held back: paused")
        assert coordinator.summary()["hold"] == "paused"
        terminal.keys("q")
        terminal.ended(0)


@pytest.mark.parametrize("end", ["q", "C-c", signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=str)
def test_the_terminal_is_as_it_was(crew, tmux, end):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator), killed=end == signal.SIGKILL)
    terminal.wait("WORKERS 2")
    if isinstance(end, str):
        terminal.keys(end)
    else:
        os.kill(terminal.pid(), end)
    terminal.ended(137 if end == signal.SIGKILL else 0)


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(crew, tmux):
    coordinator = busy(crew)
    command = " ".join(f"'{part}'" for part in watch(coordinator))
    terminal = tmux(["bash", "--norc", "-i"], environment={"PS1": "'ready> '"})
    terminal.wait("ready>")
    terminal.keys(command, "Enter")
    terminal.wait("WORKERS 2")
    terminal.keys("C-z")
    terminal.wait("Stopped")
    assert terminal.run("display-message", "-p", "#{alternate_on}").strip() == "0"
    terminal.keys("fg", "Enter")
    terminal.wait("WORKERS 2", KEYS)
    terminal.keys("q")
    wait_for(lambda: terminal.screen().rstrip().endswith("ready>"))
    terminal.keys("exit", "Enter")
    terminal.wait("CODE 0")


def test_a_coordinator_that_dies(crew, tmux):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator, "--until-done"))
    terminal.wait("WORKERS 2")
    coordinator.stop(signal.SIGKILL)
    terminal.wait("nothing heard from the coordinator for")
    assert "nobody answers at" in terminal.ended(1)


@pytest.mark.slow
def test_a_coordinator_that_comes_back(crew, tmux):
    coordinator = busy(crew)
    terminal = tmux(watch(coordinator))
    terminal.wait("WORKERS 2")
    coordinator.stop(signal.SIGKILL)
    terminal.wait("nothing heard from the coordinator for")
    coordinator.start()
    terminal.wait("WORKERS", "state           the coordinator is fetching", "2 of 20")
    wait_for(lambda: "nothing heard" not in terminal.screen())
    terminal.keys("q")
    terminal.ended(0)


@pytest.mark.slow
def test_nobody_there(tmp_path, build_dir, tmux):
    program = str(build_dir / "coordinator" / "ctl" / "r3ectl")
    terminal = tmux([program, "watch", "--connect", f"ipc://{tmp_path}/nobody.sock"])
    terminal.wait("waiting for the coordinator")
    assert "Is the coordinator running" in terminal.ended(1)


# ---- on a bare pseudo-terminal: what is sent to it ----


class Terminal:
    """A program on a pseudo-terminal, and all that it sent."""

    def __init__(self, command, width=80, height=24, **environment):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
        self.theirs = theirs
        self.sent = b""

    def read(self, timeout_s=0.05):
        while select.select([self.ours], [], [], timeout_s)[0]:
            self.sent += os.read(self.ours, 65536)
            timeout_s = 0

    def wait(self, part, patience_s=20):
        deadline = time.monotonic() + patience_s
        while part not in self.sent:
            assert time.monotonic() < deadline, self.sent
            self.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal():
    with contextlib.ExitStack() as open_ones:
        def start(*options, **others):
            return open_ones.enter_context(contextlib.closing(Terminal(*options, **others)))
        yield start


def test_nothing_flickers_and_little_is_sent(crew, terminal):
    coordinator = busy(crew)
    screen = terminal(watch(coordinator))
    screen.wait(b"WORKERS 2")
    screen.wait(b"EVENTS")
    begun = len(screen.sent)
    endpoint = coordinator.endpoint("status")
    times = {subscribe_summary(endpoint)["time"]}
    while len(times) < 4:  # two seconds or more, in which nothing happens
        times.add(subscribe_summary(endpoint)["time"])
        screen.read()
    news = screen.sent[begun:]
    assert b"\x1b[2J" not in news and b"\x1b[J" not in news and b"\x1b[H" not in news
    assert len(news) < 8000, news
    os.write(screen.ours, b"q")
    screen.wait(LEAVE)
    assert screen.process.wait(timeout=10) == 0
    assert termios.tcgetattr(screen.theirs) == screen.before


@pytest.mark.parametrize("colour", [True, False])
def test_no_color(crew, terminal, colour):
    screen = terminal(watch(busy(crew)), **({} if colour else {"NO_COLOR": "1"}))
    screen.wait(b"board_failed")
    codes = set(re.findall(rb"\x1b\[([\d;]*)m", screen.sent))
    assert (b"36" in codes and b"1;31" in codes) == colour
    assert codes <= {b"", b"1", b"2", b"7"} or colour


def test_ascii(crew, terminal):
    screen = terminal(watch(busy(crew)), LC_ALL="C", LANG="C")
    screen.wait(b"board_failed")
    assert b"###---" in screen.sent or b"[#" in screen.sent
    assert all(byte < 0x80 for byte in screen.sent)


def test_a_crash_of_its_own_leaves_the_terminal_as_it_was(crew, terminal):
    screen = terminal(watch(busy(crew)))
    screen.wait(b"WORKERS 2")
    assert termios.tcgetattr(screen.theirs) != screen.before
    screen.process.send_signal(signal.SIGABRT)
    screen.wait(LEAVE)
    wait_for(lambda: termios.tcgetattr(screen.theirs) == screen.before)
    assert screen.process.wait(timeout=10) != 0


def test_a_dumb_terminal_gets_lines(crew, terminal):
    screen = terminal(watch(busy(crew)), TERM="dumb")
    screen.wait(b"2/20")
    assert b"\x1b[?1049h" not in screen.sent
