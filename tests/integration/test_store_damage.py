"""A store that was truncated or has flipped bytes: a clear message, nothing lost that was not destroyed, no crash, no end of it.

The damage is made at random places from a fixed seed. What was destroyed is found out independently: a board is, if its record,
its rows or its detail, as py-lmdb gave them before, stand nowhere in the damaged file any more with their key.
"""

import json
import random
import shutil
import struct
import subprocess

import pytest

import store_file
from crawl import Crawl, assert_equals_truth, wait_for
from fake_worker import subscribe_summary
from made_once import made_once

BOARDS = ("--tracks", 12, "--classes", 9, "--entries", 9000, "--drivers", 700)
FEW, MANY_CUTS, MANY_FLIPS = 3, 50, 200
PAGE = 4096


@pytest.fixture(scope="module")
def sound(build_dir, tmp_path_factory, upstream_program):
    """The files of a store that has seen a crawl and a refresh, made once for all test processes, and what is in it."""

    def crawl_in(folder, url="http://127.0.0.1:9"):
        return Crawl(build_dir, folder, url, folder / "catalogue.cfg")

    def make(folder):
        process = subprocess.Popen([str(upstream_program), *map(str, BOARDS), "--write-catalogue", str(folder / "catalogue.cfg")],
                                   stdout=subprocess.PIPE, text=True)
        try:
            made = crawl_in(folder, process.stdout.readline().split()[-1])
            made.settings["store.commit_results"] = 4  # many commits: a file with a past
            for _ in range(2):
                assert made.once() == 0, made.log()
                made.age_store(48)
            made.age_store(-48)
        finally:
            process.terminate()
            process.wait()

    made = crawl_in(made_once(tmp_path_factory, "sound", make))
    made.store = made.folder / "store"
    made.contents = contents(made.store)
    assert len(made.contents) == 108
    return made


def contents(store):
    """{key: (record, rows, detail)} of the boards whose record is sound and has its content."""
    found = {}
    with store_file.writing(store) as (transaction, databases):
        for key, value in transaction.cursor(databases["boards"]):
            try:
                record = store_file.unpack_board_record(bytes(key), value)
            except Exception:
                continue
            rows, detail = (transaction.get(key, db=databases[name]) for name in ("rows", "details"))
            if (len(rows or b""), len(detail or b"")) == (record["rows_length"], record["detail_length"]):
                found[bytes(key)] = (bytes(value), rows, detail)
    return found


def is_there(data, key, value):
    """Whether a file still has a node with this key and this value, in the node or on pages of its own (mdb.c, struct MDB_node)."""
    head = struct.pack("<HH", len(value) & 0xFFFF, len(value) >> 16)
    if head + struct.pack("<HH", 0, len(key)) + key + value in data:
        return True
    big = head + struct.pack("<HH", 1, len(key)) + key
    at = data.find(big)
    while at >= 0:
        if at + len(big) + 8 <= len(data):
            start = struct.unpack_from("<Q", data, at + len(big))[0] * PAGE + 16
            if data[start:start + len(value)] == value:
                return True
        at = data.find(big, at + 1)
    return False


def destroyed(before, data):
    """The boards of which record, rows or detail are not in the file any more."""
    return {key for key, values in before.items() if not all(is_there(data, key, value) for value in values if value)}


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
        self.made.settings["workers.local"] = 0

    def check_by_hand(self):
        """r3ectl check: its exit code and what it says."""
        done = subprocess.run([str(self.sound.program.parent / "ctl" / "r3ectl"), "check", "--store", str(self.store)],
                              capture_output=True, text=True, timeout=60)
        assert done.stdout or done.stderr
        return done.returncode, done.stdout + done.stderr

    def broken_values(self):
        """The boards of which something else is read than was written, in a file whose structure is sound. That nothing leads to
        an older copy on a page given back does not make the value less destroyed."""
        copy = self.store.parent / "copy"
        copy.mkdir()
        (copy / "data.mdb").write_bytes(self.data)
        found = contents(copy)
        return {key for key, value in self.sound.contents.items() if found.get(key) != value}

    def check(self):
        """Starts a coordinator on it, which has nobody to ask, and compares what it has then with what was there."""
        code, findings = self.check_by_hand()
        assert code in (0, 1, 3), findings
        broken = self.broken_values() if code != 1 else set()
        process = self.made.start()
        try:
            subscribe_summary(f"ipc://{self.store}/status.sock")
            process.terminate()
            assert process.wait(timeout=20) == 0, self.made.log()
        finally:
            process.kill()
            process.wait()
        after = contents(self.store)
        lost = {key for key, value in self.sound.contents.items() if after.get(key) != value}
        gone = destroyed(self.sound.contents, bytes(self.data)) | broken
        log = self.made.log()
        assert lost <= gone, (len(lost), len(gone), log)
        assert not lost or code != 0, findings
        assert self.check_by_hand()[0] in (0, 3)  # the structure is sound again
        kept = list(self.store.glob("data.mdb.damaged-*"))
        if kept:
            assert "data.mdb is damaged" in log and kept[0].name in log
            assert kept[0].read_bytes() == bytes(self.data)
        return lost


def cut(sound, tmp_path, seed):
    """Truncation at a random place: what lies before it lives."""
    size = random.Random(seed).randrange((sound.store / "data.mdb").stat().st_size)
    Damaged(sound, tmp_path / f"cut{seed}", lambda data: data.__delitem__(slice(size, None))).check()


def flip(sound, tmp_path, seed):
    """One flipped byte costs one board at most."""
    generator = random.Random(seed)
    at, mask = generator.randrange((sound.store / "data.mdb").stat().st_size), generator.randrange(1, 256)

    def change(data):
        data[at] ^= mask

    assert len(Damaged(sound, tmp_path / f"flip{seed}", change).check()) <= 1


@pytest.mark.parametrize("seed", range(FEW))
def test_a_truncated_store(sound, tmp_path, seed):
    cut(sound, tmp_path, seed)


@pytest.mark.parametrize("seed", range(FEW))
def test_a_store_with_a_flipped_byte(sound, tmp_path, seed):
    flip(sound, tmp_path, seed)


@pytest.mark.slow
def test_a_store_truncated_at_fifty_places(sound, tmp_path):
    for seed in range(FEW, MANY_CUTS):
        cut(sound, tmp_path, seed)


@pytest.mark.slow
def test_two_hundred_flipped_bytes(sound, tmp_path):
    for seed in range(FEW, MANY_FLIPS):
        flip(sound, tmp_path, seed)


def pages_of(data, flags):
    """The numbers of the pages with these flags."""
    return [number for number in range(2, len(data) // PAGE)
            if struct.unpack_from("<Q", data, number * PAGE)[0] == number
            and struct.unpack_from("<H", data, number * PAGE + 10)[0] == flags]


def erase(page):
    def change(data):
        data[page * PAGE:(page + 1) * PAGE] = bytes(PAGE)

    return change


@pytest.mark.parametrize("page", [0, 1])
def test_a_meta_page_that_is_erased_costs_nothing(sound, tmp_path, page):
    assert Damaged(sound, tmp_path / "meta", erase(page)).check() == set()


def test_both_meta_pages_erased_cost_nothing(sound, tmp_path):
    def change(data):
        data[:2 * PAGE] = bytes(2 * PAGE)

    assert Damaged(sound, tmp_path / "metas", change).check() == set()


def test_branch_pages_that_are_erased_cost_nothing(sound, tmp_path):
    def change(data):
        branches = pages_of(data, 1)
        assert branches
        for page in branches:
            erase(page)(data)

    assert Damaged(sound, tmp_path / "branches", change).check() == set()


def test_an_empty_file_is_begun_anew(sound, tmp_path):
    lost = Damaged(sound, tmp_path / "empty", lambda data: data.clear()).check()
    assert lost == set(sound.contents)


def test_a_salvage_that_was_cut_short_leaves_nothing(sound, tmp_path):
    damaged = Damaged(sound, tmp_path / "again", erase(1))
    half = damaged.store / "salvage.tmp"
    half.mkdir()
    (half / "data.mdb").write_bytes(b"half")
    (half / "lock.mdb").write_bytes(b"")
    assert damaged.check() == set()
    assert not half.exists()


def test_what_is_no_store_is_refused_and_left_alone(sound, tmp_path):
    letter = b"Dear Sir or Madam, " * 1000

    def change(data):
        data[:] = letter

    damaged = Damaged(sound, tmp_path / "letter", change)
    assert damaged.made.once() == 1
    assert "not a store of this program" in damaged.made.log()
    assert (damaged.store / "data.mdb").read_bytes() == letter


def test_lost_boards_are_fetched_again_and_the_index_is_whole(sound, tmp_path, upstream, upstream_truth):
    """The end of the story: a damaged store, one run, and everything is as the service says."""
    started = upstream(*BOARDS)

    def change(data):
        for page in pages_of(data, 4)[::3]:
            data[page * PAGE + 100] ^= 0xFF

    damaged = Damaged(sound, tmp_path / "whole", change)
    damaged.made.url = started.url
    damaged.made.settings["workers.local"] = 4
    shutil.copytree(sound.folder / "public", damaged.made.folder / "public", symlinks=True)
    assert damaged.made.once() == 0, damaged.made.log()
    assert_equals_truth(damaged.made, upstream_truth(*BOARDS))


def r3ectl_check(sound, store, *options):
    program = sound.program.parent / "ctl" / "r3ectl"
    return subprocess.run([str(program), "check", "--store", str(store), *options], capture_output=True, text=True, timeout=60)


def test_check_finds_a_sound_store_sound(sound):
    done = r3ectl_check(sound, sound.store)
    assert done.returncode == 0 and "everything is sound" in done.stdout
    found = json.loads(r3ectl_check(sound, sound.store, "--json").stdout)
    assert found["problems"] == [] and found["schema"] == 2 and found["boards"] == 108 and found["entries"] == 9000
    assert bytes.fromhex(found["id"]) and found["generation"] > 0


@pytest.mark.parametrize("database", ["boards", "rows", "details", "meta"])
def test_check_names_what_is_broken(sound, tmp_path, database):
    store = tmp_path / "store"
    store.mkdir()
    shutil.copy(sound.store / "data.mdb", store)
    key = next(key for key, (_, rows, _) in sound.contents.items() if rows)
    store_file.damage(store, database, b"catalogue" if database == "meta" else key, place=20)
    done = r3ectl_check(sound, store)
    assert done.returncode == 3
    named = "`catalogue`" if database == "meta" else "%d-%d: " % struct.unpack(">II", key)
    assert named in done.stdout
    problems = json.loads(r3ectl_check(sound, store, "--json").stdout)["problems"]
    assert len(problems) == 1
    if database != "meta":
        assert (problems[0]["track_id"], problems[0]["class_id"]) == struct.unpack(">II", key)


def test_check_says_where_there_is_no_store(sound, tmp_path):
    done = r3ectl_check(sound, tmp_path)
    assert done.returncode == 1 and "is it the folder that store.dir names" in done.stderr


def test_check_beside_a_coordinator_that_writes(sound, tmp_path, upstream):
    """What it holds still is sound at every moment."""
    started = upstream(*BOARDS, "--latency-ms", 20)
    made = Crawl(sound.program.parents[1], tmp_path, started.url, sound.catalogue)
    made.settings["store.commit_results"] = 1
    process = made.start("--once")
    wait_for(lambda: started.stats()["listing_requests"] > 3)
    boards = []
    while process.poll() is None:
        done = r3ectl_check(sound, tmp_path / "store", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        boards.append(json.loads(done.stdout)["boards"])
    assert process.wait() == 0
    assert len(set(boards)) > 2, boards
