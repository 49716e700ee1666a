"""Programs in a terminal of tmux: what a person sees, and keys."""

import contextlib
import subprocess
import time

import pytest

from crawl import PATIENCE_S, wait_for


class Tmux:
    """A tmux server of the test's own, with one window."""

    def __init__(self, folder, command, width=80, height=24, environment=(), killed=False):
        """`killed`: the command will not end by itself, so its terminal is put right a moment after it has gone."""
        self.socket = str(folder / f"tmux{width}")
        shown = " ".join(f"'{part}'" for part in command)
        settings = " ".join(f"{name}={value}" for name, value in {"LC_ALL": "C.UTF-8", **dict(environment)}.items())
        modes = "stty -a | grep -oE -- '-?(icanon|echo)\\b'"
        patience = "until stty -a | grep -qE -- ' icanon'; do sleep 0.01; done;" if killed else ""
        self.run("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                 f"{modes}; echo BEFORE; {settings} {shown}; code=$?; {patience} echo CODE $code; {modes}; exec sleep 1000")

    def run(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], check=True, capture_output=True, text=True, timeout=20).stdout

    def screen(self):
        return self.run("capture-pane", "-p")

    def wait(self, *parts, patience_s=PATIENCE_S):
        """Waits until the screen has all these parts, and returns it."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            screen = self.screen()
            if all(part in screen for part in parts):
                return screen
            time.sleep(0.02)
        raise AssertionError(f"{parts} are not there:\n{screen}")

    def keys(self, *keys):
        self.run("send-keys", *keys)

    def pid(self):
        """The process that watches."""
        shell = self.run("display-message", "-p", "#{pane_pid}").strip()
        children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", shell], capture_output=True, text=True).stdout
        return int(next(line for line in children.splitlines() if "r3ectl" in line).split()[0])

    def ended(self, code):
        """Waits for its end and checks that the terminal is as it was."""
        screen = wait_for(lambda: "echo" in (screen := self.screen()).partition(f"CODE {code}\n")[2] and screen)
        lines = screen.split()
        before, after = lines[:lines.index("BEFORE")], lines[lines.index("CODE") + 2:]
        assert before == after == ["icanon", "echo"], screen
        assert self.run("display-message", "-p", "#{alternate_on} #{cursor_flag}").split() == ["0", "1"]
        return screen

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("kill-server")


@pytest.fixture
def tmux(tmp_path):
    started = []

    def start(*options, **others):
        started.append(Tmux(tmp_path, *options, **others))
        return started[-1]

    yield start
    for one in started:
        one.close()
