"""An export that starts from what the last one kept gives the same bytes as one from nothing."""

import gzip
import json
import os
import random
import shutil
import subprocess

import pytest

from sampling import one_in
from store_builder import Store, pack_catalogue

TIMEOUT_S = 60
STATE = ("export.ledger", "export.rows", "export.cards", "export.segments", "export.manifest")

NAMES = [
    "Ann", "ann", "ANN", "Bob Dylan", "Bob Dylan II", "Bob Dylan III", "Ömer  Can", "Omer Can", "Æon", "Aeon", "aon",
    "Þór", "Thor", "Tor", "Œuvre", "Émile", "E\u0301mile", "  ", "\u3000x\u2003y ", "71", "072", "Zoë", "ẞß", "İi", "山田",
    "Maximilian Alexander", "Maximilian Alexander B", "Maximilian Alexandër", 'Q"uo\\te', "tab\there", "", "x" * 300,
]  # fmt: skip
IDS = ["", "", "1", "2", "7", "07", "007", "71", "72", "100000000000000000000", "100000000000000000001", *map(str, range(90, 120))]
TEAMS = ["", "", "Privateer", "PRIVATEER", "Team A", "Team B", "Équipe", "team a", "Team A long enough to differ late"]
COUNTRIES = ["", "Germany", "France", "Türkiye", "Brazil"]
DATES = ["", "2020-01-01T00:00:00", "2021-01-01T00:00:00", "2021-06-01T00:00:00", "2022-01-01T00:00:00", "x" * 40]
TRACKS, CLASSES = range(1, 9), range(11, 16)


class World:
    """A store that changes at random, and what it holds."""

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.boards = {}
        self.names = {("track", one): f"Track {one}" for one in TRACKS} | {("class", one): f"Class {one}" for one in CLASSES}
        self.store = Store(folder)
        for track in list(TRACKS)[:5]:
            for klass in CLASSES:
                self.add(track, klass)
        self.rename()

    def entry(self, place):
        chosen = self.random.choice
        path = chosen(IDS)
        return {
            "index": place - 1,
            "global_index": chosen([place, place, place, place, 1, place + 3]),
            "driver": {
                "name": chosen(NAMES),
                "path": path and f"https://game.raceroom.com/users/info/{path}/",
                "avatar": chosen(["", "https://example.org/a.png", 'https://example.org/"b"']),
            },
            "country": {"name": chosen(COUNTRIES)},
            "car_class": {"car": {"name": chosen(["Car 1", "Car 2", "Cär\n3"]), "class-name": chosen(["K", "L"])}},
            "laptime": f"1m {place:02}.000s",
            "relative_laptime": "" if place == 1 else f"+{place}.250s",
            "team": chosen(TEAMS),
            "rank": chosen(["", "A", "B"]),
            "driving_model": chosen(["Get Real", "Novice", ""]),
            "date_time": chosen(DATES),
        }

    def put(self, track, klass, results):
        board = {
            "track_id": track,
            "class_id": klass,
            "track_name": self.names["track", track],
            "class_name": self.names["class", klass],
            "results": results,
        }
        self.boards[track, klass] = board
        self.store.put(board, changed_at_ms=1_700_000_000_000 + self.random.randrange(10**6) * 1000)

    def some(self):
        return self.random.choice(sorted(self.boards))

    def add(self, track=None, klass=None):
        track, klass = track or self.random.choice(TRACKS), klass or self.random.choice(CLASSES)
        self.put(track, klass, [self.entry(place) for place in range(1, self.random.choice([1, 2, 5, 30]) + 1)])

    def empty(self):
        self.put(*self.some(), [])

    def remove(self):
        if len(self.boards) > 3:
            self.store.remove(self.boards.pop(self.some()))

    def change_rows(self):
        place = self.some()
        results = list(self.boards[place]["results"])
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(results) + 1)
            if at == len(results) or self.random.random() < 0.3:
                results.insert(at, self.entry(at + 1))
            elif self.random.random() < 0.3:
                results.pop(at)
            else:
                results[at] = self.entry(at + 1)
        self.put(*place, results)

    def change_field(self):
        place = self.some()
        results = list(self.boards[place]["results"])
        if results:
            at = self.random.randrange(len(results))
            field = self.random.choice(["driver", "country", "team", "rank", "date_time", "laptime"])
            results[at] = dict(results[at], **{field: self.entry(at + 1)[field]})
            self.put(*place, results)

    def rename(self):
        self.names[self.random.choice(sorted(self.names))] = f"Named {self.random.randrange(5)}"
        everything = [
            {"track_id": track, "class_id": klass, "track_name": self.names["track", track], "class_name": self.names["class", klass]}
            for track in TRACKS
            for klass in CLASSES
        ]
        self.store.put_meta("catalogue", pack_catalogue(everything))

    def change(self):
        ways = [self.change_rows] * 6 + [self.change_field] * 8 + [self.add] * 2 + [self.empty, self.remove, self.rename]
        self.random.choice(ways)()


def differences(one, other):
    """The files that two contents differ in, decoded."""
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))

    def show(data):
        return gzip.decompress(data).decode() if isinstance(data, bytes) and data[:2] == b"\x1f\x8b" else data

    return {name: (show(one.get(name)), show(other.get(name))) for name in names}


def content(cache):
    """Every file's bytes, every link's target, every folder."""
    found = {}
    for folder, folders, names in os.walk(cache):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            known = os.path.relpath(path, cache)
            if os.path.islink(path):
                found[known] = os.readlink(path)
            elif os.path.isdir(path):
                found[known] = None
            else:
                with open(path, "rb") as file:
                    found[known] = file.read()
    return found


@pytest.fixture
def export(build_dir):
    def run(store, public, *options):
        program = str(build_dir / "exporter" / "r3e-exporter")
        done = subprocess.run(
            [program, "--store", str(store), "--public", str(public), "--report", *options],
            capture_output=True, text=True, timeout=TIMEOUT_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        run.said = done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def from_nothing(export, tmp_path):
    """What an export of the same store, without anything kept, publishes in a folder of its own."""

    def run(*options):
        for folder in ("store-again", "public-again"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)
        (tmp_path / "store-again").mkdir()
        shutil.copy(tmp_path / "store/data.mdb", tmp_path / "store-again/data.mdb")
        export(tmp_path / "store-again", tmp_path / "public-again", "--full", *options)
        return content(tmp_path / "public-again/cache")

    return run


def run_history(export, from_nothing, tmp_path, seed, exports, changes_each):
    world = World(tmp_path / "store", seed)
    for step in range(exports):
        for _ in range(world.random.randint(1, changes_each)):
            world.change()
        options = () if step % 7 else ("--threads", "1")
        export(tmp_path / "store", tmp_path / "public", *options)
        assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}, f"seed {seed}, export {step}"


def test_random_history(export, from_nothing, tmp_path):
    run_history(export, from_nothing, tmp_path, 4, 25, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_changes(export, from_nothing, tmp_path):
    run_history(export, from_nothing, tmp_path, 100, 340, 5)


def flip(at):
    def change(data):
        at_place = at if at >= 0 else len(data) + at
        return data[:at_place] + bytes([data[at_place] ^ 1]) + data[at_place + 1 :]

    return change


DAMAGE = {
    "deleted": None,
    "emptied": lambda data: b"",
    "cut short": lambda data: data[:-1],
    "a head only": lambda data: data[:40],
    "longer": lambda data: data + b"\0",
    "first byte": flip(0),
    "another version": flip(8),
    "middle": lambda data: flip(len(data) // 2)(data),
    "last byte": flip(-1),
    "zeroes": lambda data: bytes(len(data)),
    "a quarter on": lambda data: flip(len(data) // 4)(data),
    "three quarters on": lambda data: flip(len(data) * 3 // 4)(data),
}


@pytest.mark.parametrize("name", one_in(5, STATE))
def test_what_was_kept_is_never_trusted_unchecked(export, from_nothing, tmp_path, name):
    """Each file damaged in each way, between a change of the store and the export that would use it."""
    world = World(tmp_path / "store", 5)
    export(tmp_path / "store", tmp_path / "public")
    path = tmp_path / "store" / name
    if not path.exists():
        pytest.skip(f"the exporter keeps no {name}")
    for way, damage in DAMAGE.items():
        world.change_rows()
        world.change_field()
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage(path.read_bytes()))
        export(tmp_path / "store", tmp_path / "public")
        assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}, way


@pytest.mark.slow
def test_every_byte_of_the_rows_matters(export, from_nothing, tmp_path):
    """Bundles are read only when they are needed: damage that is met in the middle of a run begins another."""
    world = World(tmp_path / "store", 6)
    export(tmp_path / "store", tmp_path / "public")
    path = tmp_path / "store/export.rows"
    met = 0
    for step in range(12):
        world.change_rows()
        path.write_bytes(flip(20 + path.stat().st_size * step // 13)(path.read_bytes()))
        export(tmp_path / "store", tmp_path / "public")
        met += "building all anew" in export.said
        assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}, step
    assert met


def test_what_another_store_kept(export, from_nothing, tmp_path):
    world = World(tmp_path / "store", 7)
    other = World(tmp_path / "other", 8)
    export(tmp_path / "other", tmp_path / "elsewhere")
    export(tmp_path / "store", tmp_path / "public")
    for names in (STATE, STATE[:1], STATE[1:2], STATE[2:]):
        for name in names:
            if (tmp_path / "other" / name).exists():
                shutil.copy(tmp_path / "other" / name, tmp_path / "store" / name)
        world.change()
        other.change()
        export(tmp_path / "store", tmp_path / "public")
        assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}


def test_layouts_in_turn(export, from_nothing, tmp_path):
    world = World(tmp_path / "store", 9)
    for layouts in ("flat", "flat,sharded", "sharded", "flat", "sharded", "sharded,flat"):
        world.change()
        export(tmp_path / "store", tmp_path / "public", "--layouts", layouts)
        assert differences(content(tmp_path / "public/cache"), from_nothing("--layouts", layouts)) == {}


@pytest.mark.slow
def test_two_public_folders_in_turn(export, from_nothing, tmp_path):
    world = World(tmp_path / "store", 10)
    for step in range(6):
        world.change()
        public = tmp_path / ("public", "second")[step % 2]
        export(tmp_path / "store", public)
        assert differences(content(public / "cache"), from_nothing()) == {}


def test_a_store_that_nothing_can_be_kept_beside(export, from_nothing, tmp_path):
    world = World(tmp_path / "store", 11)
    for name in STATE:
        (tmp_path / "store" / name / "in the way").mkdir(parents=True)
    for _ in range(2):
        world.change()
        export(tmp_path / "store", tmp_path / "public")
        assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}


@pytest.mark.slow
def test_what_is_kept_does_not_grow_without_end(export, from_nothing, tmp_path):
    world = World(tmp_path / "store", 12)
    most = 0
    for step in range(16):
        rows = [dict(world.entry(place), date_time=f"{step}") for place in range(1, 1500)]
        world.put(1, 11, rows)
        export(tmp_path / "store", tmp_path / "public")
        most = max(most, (tmp_path / "store/export.rows").stat().st_size)
    assert 1_000_000 < most < 2_500_000
    assert differences(content(tmp_path / "public/cache"), from_nothing()) == {}
