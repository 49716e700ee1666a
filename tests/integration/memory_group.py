"""A memory control group (cgroup v1 or v2) that processes are started in, where this is permitted."""

import os
import pathlib
import time

ROOT = pathlib.Path("/sys/fs/cgroup")
GONE_WITHIN_S = 60


class NotPermitted(Exception):
    """Says what is missing."""


class MemoryGroup:
    """Use as a context: made on entry, removed on exit, when all processes in it have ended."""

    def __init__(self, name, limit_mb):
        self.limit = limit_mb * 1024 * 1024
        self.is_v2 = (ROOT / "cgroup.controllers").exists()
        self.path = (ROOT if self.is_v2 else ROOT / "memory") / f"{name}-{os.getpid()}"

    def _write(self, name, value):
        (self.path / name).write_text(str(value))

    def _number(self, name, key=None):
        text = (self.path / name).read_text()
        if key is None:
            return int(text)
        return next((int(line.split()[1]) for line in text.splitlines() if line.split()[0] == key), 0)

    def __enter__(self):
        if self.is_v2 and "memory" not in (ROOT / "cgroup.controllers").read_text().split():
            raise NotPermitted(f"{ROOT}/cgroup.controllers does not list memory")
        try:
            self.path.mkdir()
        except OSError as error:
            raise NotPermitted(f"cannot make the control group {self.path}: {error.strerror}") from error
        try:
            self._write("memory.max" if self.is_v2 else "memory.limit_in_bytes", self.limit)
            self._forbid_swap()
        except OSError as error:
            self.path.rmdir()
            raise NotPermitted(f"cannot limit {self.path}: {error}") from error
        return self

    def _forbid_swap(self):
        """Where the kernel counts swap; where it does not and there is none, nothing is to be forbidden."""
        name = "memory.swap.max" if self.is_v2 else "memory.memsw.limit_in_bytes"
        if (self.path / name).exists():
            self._write(name, 0 if self.is_v2 else self.limit)
        elif len(pathlib.Path("/proc/swaps").read_text().splitlines()) > 1:
            raise OSError(f"this machine swaps, and {name} is not there to forbid it")

    def __exit__(self, *_):
        deadline = time.monotonic() + GONE_WITHIN_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.path.rmdir()

    def enter(self):
        """For a child between fork and exec."""
        self._write("cgroup.procs", os.getpid())

    def processes(self):
        return (self.path / "cgroup.procs").read_text().split()

    def killed(self):
        """How many processes the kernel has killed for lack of memory."""
        return self._number("memory.events" if self.is_v2 else "memory.oom_control", "oom_kill")

    def peak_mb(self):
        """The most that was charged to it: processes and the page cache of what they read and write."""
        name = "memory.peak" if self.is_v2 else "memory.max_usage_in_bytes"
        return self._number(name) / 1024 / 1024 if (self.path / name).exists() else float("nan")
