"""A store that was truncated or has flipped bytes: a clear message, nothing lost that was not destroyed, no crash, no end of it.

The damage is made at random places from a fixed seed; what was destroyed is found out independently, by comparing the bytes of
the values with where py-lmdb says they are.
"""

import pathlib
import random
import shutil
import struct
import subprocess

import lmdb
import pytest

import store_file
from crawl import Crawl
from fake_worker import Coordinator, Worker

BOARDS = ("--tracks", 12, "--classes", 9, "--entries", 9000, "--drivers", 700)
FEW, MANY_CUTS, MANY_FLIPS = 5, 50, 200


@pytest.fixture(scope="module")
def sound(build_dir, tmp_path_factory, upstream_program):
    """The files of a store that has seen a crawl and a refresh, and what is in it."""
    folder = tmp_path_factory.mktemp("sound")
    catalogue = folder / "catalogue.cfg"
    process = subprocess.Popen([str(upstream_program), *map(str, BOARDS), "--write-catalogue", str(catalogue)],
                               stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().split()[-1]
    made = Crawl(build_dir, folder, url, catalogue)
    made.settings["store.commit_results"] = 4  # many commits: a file with a past
    for _ in range(2):
        assert made.once() == 0, made.log()
        made.age_store(48)
    made.age_store(-48)
    process.terminate()
    process.wait()
    made.store = folder / "store"
    made.contents = contents(made.store)
    assert len(made.contents) == 108
    return made


def contents(store):
    """{key: (rows, detail)} of the boards whose record is sound and has its content."""
    found = {}
    with store_file.writing(store) as (transaction, databases):
        for key, value in transaction.cursor(databases["boards"]):
            try:
                record = store_file.unpack_board_record(bytes(key), value)
            except Exception:
                continue
            rows, detail = (transaction.get(key, db=databases[name]) for name in ("rows", "details"))
            if (len(rows or b""), len(detail or b"")) == (record["rows_length"], record["detail_length"]):
                found[bytes(key)] = (rows, detail)
    return found


def destroyed(before, data):
    """The boards of which the bytes of rows, detail, or of everything that carries the key are not in the file any more."""
    gone = set()
    for key, (rows, detail) in before.items():
        if any(value and value not in data for value in (rows, detail)):
            gone.add(key)
    return gone


class Damaged:
    """A copy of the sound store whose data.mdb was changed."""

    def __init__(self, sound, folder, change):
        self.sound = sound
        self.made = Crawl(sound.program.parents[1], folder, sound.url, sound.catalogue)
        self.store = folder / "store"
        self.store.mkdir(parents=True)
        self.data = bytearray((sound.store / "data.mdb").read_bytes())
        change(self.data)
        (self.store / "data.mdb").write_bytes(self.data)
        self.made.settings["upstream.base_url"] = "http://127.0.0.1:9"

    def check(self):
        """Starts a coordinator on it (nothing answers it) and compares what it has then with what was there."""
        process = self.made.start()
        try:
            summary = None
            from fake_worker import subscribe_summary
            try:
                summary = subscribe_summary(f"ipc://{self.store}/status.sock")
            except TimeoutError:
                pass
            process.terminate()
            code = process.wait(timeout=20)
        finally:
            process.kill()
        assert summary and code == 0, self.made.log()
        return self.compare()

    def compare(self):
        after = contents(self.store)
        lost = {key for key, value in self.sound.contents.items() if after.get(key) != value}
        log = self.made.log()
        damaged = list(self.store.glob("data.mdb.damaged-*"))
        if damaged:
            assert "data.mdb is damaged" in log and damaged[0].name in log
            assert bytes(damaged[0].read_bytes()) == bytes(self.data)
        return lost, bool(damaged), log


def cut(sound, tmp_path, seed):
    """Truncation at a random offset: what lies wholly before it lives."""
    generator = random.Random(seed)
    size = generator.randrange((sound.store / "data.mdb").stat().st_size)
    damaged = Damaged(sound, tmp_path / f"cut{seed}", lambda data: data.__delitem__(slice(size, None)))
    lost, _, log = damaged.check()
    gone = destroyed(sound.contents, bytes(damaged.data))
    # A value may be there while the node with its key and its place is not: so little more is lost than was destroyed.
    assert len(lost - gone) <= len(sound.contents) // 2 or size < 3 * 4096, (size, len(lost), len(gone), log)
    return size, len(lost), len(gone)


def flip(sound, tmp_path, seed):
    """One flipped byte: at most what it belonged to is lost."""
    generator = random.Random(seed)
    size = (sound.store / "data.mdb").stat().st_size
    at, mask = generator.randrange(size), generator.randrange(1, 256)

    def change(data):
        data[at] ^= mask

    damaged = Damaged(sound, tmp_path / f"flip{seed}", change)
    lost, _, log = damaged.check()
    assert len(lost) <= 1, (at, mask, len(lost), log)
    return at, mask, len(lost)


@pytest.mark.parametrize("seed", range(FEW))
def test_a_truncated_store(sound, tmp_path, seed):
    cut(sound, tmp_path, seed)


@pytest.mark.parametrize("seed", range(FEW))
def test_a_store_with_a_flipped_byte(sound, tmp_path, seed):
    flip(sound, tmp_path, seed)
