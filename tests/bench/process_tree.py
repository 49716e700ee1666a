"""Watches a process and its descendants: processor time by program, and the peak of their proportional memory."""

import os
import threading
import time

TICK_S = os.sysconf("SC_CLK_TCK")
SAMPLE_EVERY_S = 0.02
MEMORY_EVERY_S = 0.1


def _read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _stat(pid):
    """(parent, program, processor seconds) of a process, or None."""
    text = _read(f"/proc/{pid}/stat").decode(errors="replace")
    if not text:
        return None
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    return int(fields[1]), head.split("(", 1)[1], (int(fields[11]) + int(fields[12])) / TICK_S


def memory_kb(pid):
    """Proportional set size in KiB; 0 if the process is gone."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1])
    return 0


class TreeWatch:
    """Use as a context around the life of a process tree. Samples: short-lived processes lose their last moments."""

    def __init__(self, root_pid):
        self.root = root_pid
        self.cpu_s = {}  # (pid, program) -> seconds
        self.peak_kb = {}  # program -> greatest memory of one process of it
        self.tree_peak_kb = 0
        self.pids_seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _tree(self):
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                stat = _stat(int(name))
                if stat:
                    parents[int(name)] = stat
        members = {self.root} if self.root in parents else set()
        grown = True
        while grown:
            grown = False
            for pid, (parent, _, _) in parents.items():
                if parent in members and pid not in members:
                    members.add(pid)
                    grown = True
        return {pid: parents[pid] for pid in members}

    def _sample(self, with_memory):
        total = 0
        for pid, (_, program, cpu_s) in self._tree().items():
            self.pids_seen.add((pid, program))
            self.cpu_s[(pid, program)] = cpu_s
            if with_memory:
                kb = memory_kb(pid)
                total += kb
                self.peak_kb[program] = max(self.peak_kb.get(program, 0), kb)
        self.tree_peak_kb = max(self.tree_peak_kb, total)

    def _run(self):
        next_memory = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            with_memory = now >= next_memory
            self._sample(with_memory)
            if with_memory:
                next_memory = now + MEMORY_EVERY_S
            self._stop.wait(SAMPLE_EVERY_S)

    def cpu_by_program(self):
        totals = {}
        for (_, program), cpu_s in self.cpu_s.items():
            totals[program] = totals.get(program, 0) + cpu_s
        return totals

    def processes(self, program):
        return sum(1 for _, name in self.pids_seen if name == program)
