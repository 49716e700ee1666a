"""The exporter on stores made here, its files compared with an oracle that knows nothing of its code."""

import gzip
import json
import os
import subprocess
import zlib

import pytest

import oracle_flat
from store_builder import CACHED_AT, Store, pack_rows

TIMEOUT_S = 60


@pytest.fixture
def exporter(build_dir, tmp_path):
    """Runs r3e-exporter on tmp_path/store and tmp_path/public; returns the process, its report in `figures`."""

    def run(*options, code=0, **settings):
        program = str(build_dir / "exporter" / "r3e-exporter")
        folders = ["--store", str(tmp_path / "store"), "--public", str(tmp_path / "public")]
        done = subprocess.run(
            [program, *folders, "--report", *options], capture_output=True, text=True, timeout=TIMEOUT_S, **settings
        )
        assert done.returncode == code, done.stderr
        done.figures = json.loads(done.stdout.splitlines()[-1]) if code == 0 else None
        return done

    return run


@pytest.fixture
def store(tmp_path):
    """A function that makes the store from a truth."""
    opened = []

    def make(truth):
        opened.append(Store(tmp_path / "store", truth))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "public" / "cache"


def entry(name, place, path="", **fields):
    """What the service sends for one driver."""
    sent = {
        "index": place - 1,
        "global_index": place,
        "driver": {"name": name, "path": path, "avatar": "https://example.org/a.png"},
        "country": {"name": "Germany", "code": "DE"},
        "car_class": {"car": {"name": "Audi R8 LMS GT3", "class-name": "GTR 3"}},
        "laptime": "1m 46.000s",
        "relative_laptime": "" if place == 1 else f"+{place}.250s",
        "team": "",
        "rank": "A",
        "driving_model": "Get Real",
        "date_time": "2026-01-03T10:00:00",
    }
    sent.update(fields)
    return sent


def board(track_id, class_id, results=(), track_name=None, class_name=None):
    return {
        "track_id": track_id,
        "class_id": class_id,
        "track_name": track_name or f"Track {track_id}",
        "class_name": class_name or f"Class {class_id}",
        "results": list(results),
    }


def user(number):
    return f"https://game.raceroom.com/users/info/{number}/"


def read(path):
    """Decodes one gzip member with nothing behind it."""
    data = path.read_bytes()
    decoder = zlib.decompressobj(wbits=31)
    text = decoder.decompress(data)
    assert decoder.eof and decoder.unused_data == b""
    assert data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + data[8:10]
    return json.loads(text)


def files(cache):
    """Every file below a folder, symbolic links not followed."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), cache)
        for folder, _, names in os.walk(cache)
        for name in names
    )


def identity(path):
    status = path.lstat()
    return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)


def check(cache, truth, figures=None):
    """Compares everything published with the oracle."""
    index = read(cache / "driver_index.json.gz")
    wanted = oracle_flat.driver_index(truth)
    assert index == wanted
    assert list(index) == list(wanted)
    assert [list(row) for rows in index.values() for row in rows] == [
        list(row) for rows in wanted.values() for row in rows
    ]
    top = oracle_flat.combinations(truth, oracle_flat.TOP)
    assert json.loads((cache / "top_combinations.json").read_text()) == top
    for name, document in (("top", top), ("all", oracle_flat.combinations(truth))):
        file = cache / f"{name}_combinations.json.gz"
        assert read(file) == document
        assert file.samefile(cache / "combinations" / file.name)
    for one in truth:
        assert read(cache / oracle_flat.detail_path(one)) == oracle_flat.detail(one, CACHED_AT)
        link = cache / f"track_{one['track_id']}"
        assert os.readlink(link) == f"tracks/track_{one['track_id']}"
    if figures is not None:
        counted = oracle_flat.figures(truth)
        assert {name: figures[name] for name in counted} == counted


def owned(truth):
    """The names of all files that the exporter publishes for a truth."""
    names = {"driver_index.json.gz", "top_combinations.json"}
    for name in ("top", "all"):
        names |= {f"{name}_combinations.json.gz", f"combinations/{name}_combinations.json.gz"}
    return sorted(names | {oracle_flat.detail_path(one) for one in truth})


MONZA = board(
    1671,
    1703,
    [
        entry("Bob Dylan", 1, user(71), team="Team X", relative_laptime=""),
        entry(
            "Ömer  Can",
            2,
            user(91),
            laptime="1m 47.000s, +01.000s",
            relative_laptime="+1.000s",
            date_time="2026-01-02T10:00:00",
            country={"name": "Turkey"},
            rank="",
        ),
        entry(
            "Bob Dylan",
            3,
            user(72),
            laptime="1m 48.000s, +02.000s",
            relative_laptime="+2.000s",
            date_time="2026-01-01T10:00:00",
            country={"name": "France"},
            team="Team X",
            rank="B",
        ),
    ],
    "Monza Circuit - Grand Prix",
    "GTR 3",
)
EMPTY = board(1850, 1703, [], "Nürburgring - Nordschleife", "GTR 3")


def test_worked_example(store, exporter, cache):
    store([MONZA, EMPTY])
    figures = exporter().figures
    index = read(cache / "driver_index.json.gz")
    assert list(index) == ["bob dylan", "ömer  can"]
    assert [row["position"] for row in index["bob dylan"]] == [1, 3]
    assert index["bob dylan"][1]["time_diff"] == 2
    assert read(cache / "all_combinations.json.gz") == {
        "count": 1,
        "results": [
            {
                "track": "Monza Circuit - Grand Prix",
                "track_id": "1671",
                "class_id": "1703",
                "class_name": "GTR 3",
                "entry_count": 3,
            }
        ],
    }
    assert read(cache / "tracks/track_1850/class_1703.json.gz")["track_info"]["Data"] == []
    expected = {
        "track_count": 1,
        "total_fetched_combinations": 2,
        "total_unique_tracks": 2,
        "total_drivers": 3,
        "total_entries": 3,
        "total_teams": 1,
        "broken_records": 0,
        "generation": 1,
    }
    assert {name: figures[name] for name in expected} == expected
    check(cache, [MONZA, EMPTY], figures)
    assert [name for name in files(cache) if not (cache / name).is_symlink()] == owned([MONZA, EMPTY])
