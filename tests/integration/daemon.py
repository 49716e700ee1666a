"""A coordinator that runs on, and what the stand-in is asked meanwhile."""

import json
import os
import signal

from crawl import wait_for, workers_of
from fake_worker import subscribe_summary


class Requests:
    """The combinations that the stand-in was asked for, in order, from its log; `mark` forgets what was before."""

    def __init__(self, path):
        self.path = path
        self.seen = 0

    def listings(self):
        """What was asked for so far; a line that is being written does not count yet."""
        lines = self.path.read_text().rpartition("\n")[0].splitlines()
        return [request for request in map(json.loads, lines) if request["track"]]

    def all(self):
        return [(int(request["track"]), int(request["class"])) for request in self.listings()]

    def mark(self):
        self.seen = len(self.all())

    def since(self):
        return self.all()[self.seen:]


class Daemon:
    """A crawl whose coordinator runs on; ends it at the end of the test."""

    def __init__(self, made, requests):
        self.made = made
        self.requests = requests
        self.process = None
        self.trigger = made.folder / "store" / "refresh_now"

    def start(self):
        self.process = self.made.start()
        return self

    def summary(self, until=lambda summary: True):
        def alive_and(summary):
            assert self.process.poll() is None, self.made.log()
            return until(summary)
        return subscribe_summary(f"ipc://{self.made.folder}/store/status.sock", alive_and, patience_ms=60000)

    def rest(self):
        """Waits until everything is fetched and published; returns the summary of then."""
        return self.summary(lambda s: s["state"] == "waiting" and s["exports"] > 0 and s["refresh"]["kind"] == "none")

    def pull(self, text=""):
        """Writes the trigger file as a careful person does, and waits until it was taken."""
        partial = self.made.folder / "partial"
        partial.write_text(text)
        os.replace(partial, self.trigger)
        wait_for(lambda: not self.trigger.exists())

    def exchange(self, upstream, *world):
        """The service has other boards from now on, at the same address, which was given; returns what it is asked."""
        assert self.made.upstream.stop() == 0
        log = self.made.folder / "second.log"
        upstream(*world, "--listen", f"127.0.0.1:{self.made.upstream.port}", "--log", log)
        return Requests(log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        wait_for(lambda: not workers_of(self.process.pid))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=10) == 0
