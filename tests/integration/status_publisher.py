"""The status socket of a coordinator that the test plays, and a summary with every field there can be."""

import json
import threading

import zmq


def counts(*names):
    return {name: 0 for name in names}


def histogram():
    ends = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 1800000, 7200000]
    return {"count": 40, "sum_ms": 8000, "p50_ms": 47, "p95_ms": 900, "p99_ms": 1500, "max_ms": 1500,
            "at_most_ms": [[end, min(40, 3 * number)] for number, end in enumerate(ends)]}


def full_summary():
    """What common/PROTOCOL.md lists for the topic `summary`."""
    return {
        "v": 1, "type": "summary", "version": "9.9.9", "time": "2026-01-03T10:00:00Z", "started": "2026-01-03T09:00:00Z",
        "state": "fetching", "reason": "fetching", "hold": "", "hold_reason": "", "hold_ms": 0,
        "rate_allowed_per_s": 4, "latency_ms": 62, "combinations": 100, "done": 40, "due": 50, "leased": 4, "retrying": 6,
        "failed": 3, "missing": 20, "quarantined": 1, "requests_per_s": 3.9, "time_left_s": 15,
        "queue": counts("leased", "quarantined", "retrying", "urgent", "missing", "stale", "resting"),
        "ages": counts("under_1h", "under_6h", "under_24h", "under_48h", "under_7d", "older", "never"),
        "oldest_s": 90000, "oldest_overdue_s": 3600, "oldest_lease_ms": 2500,
        "refresh": {"kind": "full", "started": "2026-01-03T09:30:00Z", "left": 60, "targeted_left": 2,
                    "next_daily": "2026-01-04T03:45:00Z", "trigger_problem": "", "last_started": "2026-01-02T03:45:00Z",
                    "last_ended": "2026-01-02T05:00:00Z"},
        "latency": histogram(), "answers": {"200": 39, "503": 1}, "results": 41, "stored": 30, "unchanged": 8,
        "failed_attempts": 2, "given_up": 1, "kept_aside": 1, "duplicates": 1, "superseded": 1, "invalid": 1, "requests": 55,
        "bytes": 123456, "entries": 9999, "failures": {"timeout": 1, "reset": 1}, "workers": 4, "workers_joined": 9,
        "workers_lost": 1, "workers_left": counts("max_jobs", "max_age", "max_rss", "signal", "asked"), "pools_crashed": 1,
        "leases_expired": 1, "in_flight": 4, "bad_frames": 1, "refused": 1, "bad_requests": 1, "memory_kb": 9000,
        "tree_memory_kb": 50000, "tree_memory_peak_kb": 60000, "descriptors": 40, "exports": 3, "export_failures": 1,
        "export_error": "", "export": {"running_ms": None, "last_time": "2026-01-03T09:45:00Z", "generation": 12,
                                       "duration_ms": 900, "peak_rss_kb": 32000, "files_written": 3, "files_unchanged": 90,
                                       "files_removed": 1, "bytes_written": 4567, "drivers": 500, "entries": 9000,
                                       "broken_records": 0},
        "publication_delay": histogram(), "unpublished_ms": 800, "generation": 14, "store_bytes": 7000000,
        "store_map_bytes": 1073741824, "store_boards": 80, "store_entries": 9500, "commits": 20, "commit_us_total": 250000,
        "commit_us_max": 31000, "keys": 3, "keys_problem": "", "connections": 5, "peers_refused": 2,
        "last_refused": [{"time": "2026-01-03T09:59:00Z", "socket": "jobs", "address": "192.0.2.7", "key": "", "reason": "none",
                          "times": 2}],
        "put_aside": [{"origin": "host2", "reason": "rows that are none", "left_ms": 500000}],
    }


class StatusPublisher:
    """Says `summary` again and again until it is closed; a context manager."""

    def __init__(self, folder, summary=None):
        self.endpoint = f"ipc://{folder}/played-status.sock"
        self.summary = summary or full_summary()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with zmq.Context.instance().socket(zmq.XPUB) as socket:
            socket.linger = 0
            socket.bind(self.endpoint)
            while not self.ended.is_set():
                socket.send_multipart([b"summary", json.dumps(self.summary).encode()])
                socket.poll(20)
                while socket.poll(0):
                    socket.recv()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
