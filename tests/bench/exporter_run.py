"""One run of r3e-exporter, measured: time, processor time, memory, what it wrote."""

import json
import os
import pathlib
import resource
import subprocess
import threading
import time

from process_tree import memory_kb


class _PeakPss(threading.Thread):
    """The greatest proportional set size of a process, looked at every few milliseconds."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_kb = 0
        self.start()

    def run(self):
        while True:
            kb = memory_kb(self.pid)
            if not kb:
                return
            self.peak_kb = max(self.peak_kb, kb)
            time.sleep(0.004)


def export(build, store, public, *options, watched=False):
    """Figures of the run: the exporter's report, wall_s, cpu_s, and with `watched` pss_kb, which slows it."""
    command = [str(pathlib.Path(build) / "exporter/r3e-exporter"), "--store", str(store), "--public", str(public),
               "--report", *options]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    watch = _PeakPss(process.pid) if watched else None
    report = process.stdout.read()
    code = process.wait()
    wall_s = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        raise SystemExit(f"{' '.join(command)} ended with code {code}: {report}")
    figures = json.loads(report)
    figures["wall_s"] = wall_s
    figures["cpu_s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if watch:
        watch.join()
        figures["pss_kb"] = watch.peak_kb
    return figures


def settle():
    """What earlier runs left to be written is written now, not during the next."""
    os.sync()
