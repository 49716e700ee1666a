"""Loads what the site loads, again and again: status.json, then mirror, shards, metadata, teams, statistics and lists.

    site_reader.py PUBLIC/cache LOG

One JSON line to LOG for each pass until SIGTERM: `status` (the document, read first, null if there is none), `files` {path:
SHA-256 of the decoded bytes} and `problems`. `judge` says whether that is what a reader may see: each file whole, of one
publication, never going back, and, once status.json tells of a publication, of that one or a later one.
"""

import contextlib
import hashlib
import json
import pathlib
import signal
import string
import subprocess
import sys

from crawl import wait_for
from oracle_sharded import PEOPLE_SHARDS
from public_reader import decode_bytes

SHARDS = (*string.ascii_lowercase, "_")
FIXED = ("index/mirror.json.gz", *(f"index/entries/{shard}.json.gz" for shard in SHARDS),
         *(f"index/metadata/{shard}.json.gz" for shard in SHARDS), *(f"index/people/{shard}.json.gz" for shard in PEOPLE_SHARDS), "index/teams.json.gz", "driver_index.json.gz",
         *(f"{folder}{name}_combinations.json.gz" for folder in ("", "combinations/") for name in ("top", "all")),
         "top_combinations.json")  # fmt: skip
INDEX = "stats/index.json"


def files_named(index):
    """The paths that stats/index.json names, below the folder cache."""
    groups = [index["overall"], index["overall_top"], *(one["files"] for one in (*index["classes"], *index["superclasses"]))]
    return [path.removeprefix("cache/") for group in groups for path in group.values()]


class Pass:
    def __init__(self, public):
        self.public = public
        self.files, self.problems = {}, []

    def read(self, path):
        """The decoded bytes; None if that failed."""
        try:
            text = decode_bytes(path, (self.public / path).read_bytes())
            json.loads(text)
        except (OSError, ValueError) as error:
            self.problems.append(f"{path}: {error!r}")
            return None
        self.files[path] = hashlib.sha256(text).hexdigest()
        return text

    def run(self):
        has_status = (self.public / "status.json").exists()
        status = json.loads(self.read("status.json") or "null") if has_status else None
        self.files.pop("status.json", None)
        for path in FIXED:
            self.read(path)
        index = json.loads(self.read(INDEX) or "null")
        for path in files_named(index) if index else ():
            self.read(path)
        return {"status": status, "files": self.files, "problems": self.problems}


def main():
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    public = pathlib.Path(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as log:
        while True:
            last = bool(ending)  # one whole pass more after it was told to end
            log.write(json.dumps(Pass(public).run()) + "\n")
            log.flush()
            if last:
                break


@contextlib.contextmanager
def reading(public, log):
    """Runs a reader beside what is in the `with` block, which gets a function that waits for two more passes: the second one
    began after the call. The log is complete afterwards."""
    process = subprocess.Popen([sys.executable, __file__, str(public), str(log)])
    log.touch()
    seen = open(log, "rb")
    passes = 0

    def look():
        """Reads on from where it was: the log becomes large."""
        nonlocal passes
        assert process.poll() is None
        passes += seen.read().count(b"\n")
        return passes

    def wait_for_passes():
        before = look()
        wait_for(lambda: look() >= before + 2)

    try:
        wait_for_passes()
        yield wait_for_passes
    finally:
        seen.close()
        process.terminate()
        assert process.wait(timeout=60) == 0


def judge(log, versions, version_of_status=lambda status: 0):
    """`versions` is a list of {path: SHA-256}, one for each publication in order. Returns how many were seen."""
    at = {}  # path: the latest publication that it is known to be of
    seen = set()
    told = 0
    for line in map(json.loads, open(log, encoding="utf-8")):
        assert not line["problems"], line["problems"][:5]
        told = max(told, version_of_status(line["status"]))
        assert line["files"].keys() >= versions[0].keys() - {"status.json"}, sorted(versions[0].keys() - line["files"].keys())[:5]
        for path, digest in line["files"].items():
            least = max(told, at.get(path, 0))
            fitting = [number for number in range(least, len(versions)) if versions[number].get(path) == digest]
            assert fitting, f"{path} is of no publication from {least} on, but of " \
                            f"{[number for number in range(least) if versions[number].get(path) == digest]}"
            at[path] = fitting[0]
            seen.add(fitting[0])
    last = len(versions) - 1
    behind = [path for path, number in at.items() if versions[number][path] != versions[last][path]]
    assert not behind, f"at the end of all these were not of the last publication: {behind[:5]}"
    return len(seen)


if __name__ == "__main__":
    main()
