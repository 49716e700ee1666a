"""A crawl that leaves evidence: traced, logged, with a reader of its public folder; and the judgement on it."""

import os
import shutil
import signal
import time

import crawl
import invariants
import public_reader


class FaultyCrawl(crawl.Crawl):
    """As Crawl. `requests_log` is what the upstream writes, `combinations` what the catalogue has."""

    def __init__(self, build_dir, folder, url, catalogue, requests_log, combinations):
        super().__init__(build_dir, folder, url, catalogue)
        self.trace = self.folder / "trace"
        self.reader_log = self.folder / "reader.log"
        self.requests_logs = [requests_log]
        self.combinations = set(combinations)
        self.made_us = time.monotonic_ns() // 1000
        # Several pages for each board, few results in a commit, nothing kept aside: every step comes often.
        self.settings |= {"upstream.page_size": 40, "store.commit_results": 2, "refresh.confirm_shrink": 1,
                          "workers.local": 2, "exporter.max_rss_mb": 1024, "workers.max_rss_mb": 1024}
        self.environment = {"R3E_TRACE": str(self.trace)}

    def set_fault(self, specification, once=True):
        self.fault_mark = self.folder / "fault-happened"
        self.environment["R3E_FAULT"] = specification
        if once:
            self.environment["R3E_FAULT_ONCE"] = str(self.fault_mark)

    def fault_happened(self):
        return self.fault_mark.exists()

    def reading(self):
        """A reader for the time of a `with` block."""
        self.public.mkdir(parents=True, exist_ok=True)
        return public_reader.reading(self.public, self.reader_log)

    def copy_to(self, folder):
        """Store, public files and trace as they are now, to go on from elsewhere."""
        for name in ("store", "public", "trace"):
            source = self.folder / name
            if source.is_dir():
                shutil.copytree(source, folder / name, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
            else:
                shutil.copy(source, folder / name)

    def evidence(self, failing=()):
        """Of a crawl whose coordinator has ended; `failing`: the combinations whose last fetch must have failed."""
        trace = invariants.read_lines(self.trace)
        pids = {event["pid"] for event in trace}
        # The kernel may need an instant to take the last children of a killed coordinator down.
        deadline = time.monotonic() + 5
        while (alive := [pid for pid in pids if invariants.is_ours(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return invariants.Evidence(
            trace=trace, requests=[line for path in self.requests_logs for line in invariants.read_lines(path)],
            reader=invariants.read_lines(self.reader_log), store=invariants.read_store(self.folder / "store"),
            combinations=self.combinations, failing=set(failing), status=self.status(), alive=alive,
            left_files=invariants.find_temporary(self.folder / "public", self.folder / "store"),
            rate_since_us=self.made_us, rate_per_s=self.settings["politeness.rate_per_s"],
            burst=self.settings.get("politeness.burst", 8))

    def judge(self, truth):
        """All invariants hold, and what is published is what the service says."""
        invariants.check_all(self.evidence())
        crawl.assert_equals_truth(self, truth)


def kill(pid, number=signal.SIGKILL):
    """False if it has ended already."""
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False
