"""A reader of the public folder that never rests: is every file whole at every instant?

    public_reader.py PUBLIC/cache LOG

Reads again and again until SIGTERM and writes one JSON line for each thing it sees to LOG (invariants.py judges them):
`ready`; `seen` for each new content of a file, with the boards that a list of combinations names; `problem` for a file
that is not whole or was there and is not any more; `end` with the number of passes. Times are CLOCK_MONOTONIC.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import zlib

OURS = (".json", ".json.gz")
PAUSE_S = 0.0005  # leaves the processor to those who are watched; longer, if a turn takes longer


def decode_bytes(path, data):
    """The bytes in a published file; ValueError says what is wrong with it."""
    if path.endswith(".gz"):
        member = zlib.decompressobj(31)
        try:
            data = member.decompress(data)
        except zlib.error as error:
            raise ValueError(f"not gzip: {error}") from error
        if not member.eof:
            raise ValueError("the gzip member ends too early")
        if member.unused_data:
            raise ValueError(f"{len(member.unused_data)} bytes after the gzip member")
    return data


def decode(path, data):
    """The document in a published file; ValueError says what is wrong with it."""
    return json.loads(decode_bytes(path, data))


def boards_of(path, document):
    """What a list of combinations says there is: [[track, class, entries], …] in order; None for other files."""
    if "combinations" not in path:
        return None
    if document["count"] != len(document["results"]):
        raise ValueError("count is not the number of results")
    return sorted([int(row["track_id"]), int(row["class_id"]), row["entry_count"]] for row in document["results"])


def check_detail(path, document):
    rows = document["track_info"]["Data"]
    if document["entry_count"] != len(rows):
        raise ValueError(f"entry_count is {document['entry_count']}, but there are {len(rows)} rows")
    if path != f"tracks/track_{document['track_id']}/class_{document['track_info']['ClassID']}.json.gz":
        raise ValueError("it is of another board")


def identity_of(status):
    return status.st_ino, status.st_mtime_ns, status.st_size


class Reader:
    def __init__(self, public, log):
        self.public = pathlib.Path(public)
        self.folder = f"{public}/"
        self.log = log
        self.known = {}  # path: (inode, change time) as last read
        self.reads = self.passes = 0

    def say(self, event, **fields):
        self.log.write(json.dumps({"us": time.monotonic_ns() // 1000, "event": event, **fields}) + "\n")
        self.log.flush()

    def look(self, path):
        """Reads a file if it is another one than last time."""
        name = self.folder + path
        try:
            # One call of the system for most files, not five: what does not change costs little, what does is seen sooner.
            if self.known.get(path) == identity_of(os.stat(name)):
                return
            with open(name, "rb") as file:
                identity = identity_of(os.fstat(file.fileno()))
                data = file.read()
        except FileNotFoundError:
            if self.known.pop(path, None):
                self.say("problem", path=path, problem="it was there and is not any more")
            return
        self.known[path] = identity
        self.reads += 1
        try:
            document = decode(path, data)
            boards = boards_of(path, document)
            if path.startswith("tracks/"):
                check_detail(path, document)
        except (ValueError, KeyError, TypeError) as error:
            self.say("problem", path=path, problem=repr(error))
            return
        self.say("seen", path=path, bytes=len(data), **({"boards": boards} if boards is not None else {}))

    def paths(self):
        """What is published now, and what was the last time."""
        found = set(self.known)
        for folder, _, names in os.walk(self.public):
            relative = os.path.relpath(folder, self.public)
            if not relative.startswith(".r3e-tmp-"):
                found.update(os.path.normpath(os.path.join(relative, name)) for name in names
                             if name.endswith(OURS) and not name.startswith("."))
        return sorted(path for path in found if "/.r3e-tmp-" not in path)

    def turn(self):
        for path in self.paths():
            self.look(path)
        self.passes += 1


def main():
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    with open(sys.argv[2], "w", encoding="utf-8") as log:
        reader = Reader(sys.argv[1], log)
        reader.turn()
        reader.say("ready")
        print("ready", flush=True)
        while not ending:
            began = time.monotonic()
            reader.turn()
            time.sleep(max(PAUSE_S, time.monotonic() - began))
        reader.turn()
        reader.say("end", passes=reader.passes, reads=reader.reads)


@contextlib.contextmanager
def reading(public, log):
    """Runs a reader beside what is in the `with` block; its log is complete afterwards."""
    process = subprocess.Popen([sys.executable, __file__, str(public), str(log)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stdout.close()


if __name__ == "__main__":
    main()
