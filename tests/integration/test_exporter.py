"""The exporter on stores made here, its files compared with an oracle that knows nothing of its code."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import time
import zlib

import pytest

import oracle_flat
import oracle_sharded
from store_builder import CACHED_AT, key, pack_catalogue, pack_detail, pack_record, pack_rows

TIMEOUT_S = 60


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


SHARDS = "_abcdefghijklmnopqrstuvwxyz"
INDEX = {"index/mirror.json.gz", "index/teams.json.gz"} | {
    f"index/{folder}/{shard}.json.gz" for folder in ("entries", "metadata") for shard in SHARDS
} | {f"index/people/{shard}.json.gz" for shard in oracle_sharded.PEOPLE_SHARDS}


def owned(truth):
    """The names of all files that the exporter publishes for a truth, but for the statistics'."""
    names = {"driver_index.json.gz", "top_combinations.json"} | INDEX
    for name in ("top", "all"):
        names |= {f"{name}_combinations.json.gz", f"combinations/{name}_combinations.json.gz"}
    return sorted(names | {oracle_flat.detail_path(one) for one in truth})


def published(cache):
    """What is there of it."""
    return [
        name for name in files(cache) if not (cache / name).is_symlink() and not name.startswith("stats/")
    ]


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
    assert published(cache) == owned([MONZA, EMPTY])


HARD_NAMES = [
    "ÅKE ÖBERG",
    "åke öberg",
    "A\u030aKE O\u0308BERG",  # the same in decomposed form: the same key
    "O'Neil",
    "O’Neil",
    "Oʼneil",
    'Quote "Q" \\ Backslash / Slash',
    "Emoji 🏎️👨‍👩‍👧 Driver",
    "Tab\tLine\nReturn\rBell\x07Null\x00Delete\x7f",
    "İSTANBUL ILI ıŞıK",
    "ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΎΣ",
    "ПЁТР Ильич",
    "山田 太郎",
    "ＦＵＬＬＷＩＤＴＨ",
    "ẞtraße",
    "ǅenan",
    "Ⓐ 𝐁 𐐀 Ꭰ",
    "עברית עם רווחים",
    "العربية",
    "   ",
    "\u200b",
    "x" * 10_000,
    "é" * 5_000,
    "ﷺ" * 100,
    "\ufdfa\U0001d160\u0958",  # composition exclusions
    "각각",
    "Zalgo" + "\u0300\u0323\u0334" * 30,
    "\U0010ffff\ue000\ufffd",
    "</script>",
    "{}[],:",
]


def test_hard_names(store, exporter, cache):
    results = [entry(name, place, user(place)) for place, name in enumerate(HARD_NAMES, 1)]
    results[3].update(laptime='1m "quoted"\x01\\', date_time="é\n", team='Te"am\\', relative_laptime="+1m 02.003s")
    results[4].update(team={"name": "Objekt"}, rank=None, country=None, car_class=[], driving_model=7)
    names = {"class_name": 'Klass "Å"'}
    truth = [
        board(10, 20, results, 'Pistă "1" \\ Straße', **names), board(9, 20, reversed(results), **names), EMPTY
    ]  # fmt: skip
    store(truth)
    check(cache, truth, exporter().figures)
    assert "i\u0307stanbul" not in "".join(read(cache / "driver_index.json.gz"))


def test_nameless_entries_count_but_are_not_listed(store, exporter, cache):
    nameless = [entry("", 2, user(2)), entry(None, 3, user(3)), {}, {"driver": None}]
    truth = [board(1, 1, [entry("Ann", 1, user(1)), *nameless]), board(1, 2, nameless)]
    store(truth)
    figures = exporter().figures
    check(cache, truth, figures)
    assert figures["total_entries"] == 9 and figures["total_drivers"] == 1
    assert read(cache / "driver_index.json.gz")["ann"][0]["total_entries"] == 5


def test_places_out_of_order_and_equal(store, exporter, cache):
    """One driver many times on a board: by position; equal ones in the order in which they came."""
    places = [5, 3, 3, 9, 1, 3]
    results = [entry("Same", place, user(1), laptime=f"1m {at:02}.000s") for at, place in enumerate(places)]
    truth = [board(2, 1, results), board(1, 300, results), board(1, 4, results)]
    store(truth)
    check(cache, truth, exporter().figures)
    rows = read(cache / "driver_index.json.gz")["same"]
    assert [row["class_id"] for row in rows[:12:6]] == ["4", "300"]


def test_order_of_combinations(store, exporter, cache):
    truth = [
        board(track, klass, [entry(f"D{place}", place) for place in range(1, size + 1)])
        for track, klass, size in ((10, 2, 2), (9, 10, 2), (9, 9, 2), (1, 1, 1), (2, 2, 5), (3, 3, 0))
    ]
    store(truth)
    check(cache, truth, exporter().figures)
    rows = read(cache / "all_combinations.json.gz")["results"]
    assert [(row["track_id"], row["class_id"]) for row in rows] == [
        ("2", "2"), ("9", "9"), ("9", "10"), ("10", "2"), ("1", "1")
    ]  # fmt: skip


def test_more_combinations_than_the_top_list_takes(store, exporter, cache):
    truth = [board(1 + n % 7, 1 + n, [entry(f"D{n % 50}", 1)] * (1 + n % 3)) for n in range(1100)]
    store(truth)
    check(cache, truth, exporter().figures)
    assert json.loads((cache / "top_combinations.json").read_text())["count"] == 1000
    assert read(cache / "all_combinations.json.gz")["count"] == 1100


def test_many_parts_and_any_number_of_threads_give_the_same_file(store, exporter, cache):
    """More rows than one part or one segment holds."""
    truth = [
        board(1 + n, 5, [entry(f"Driver {(n * 131 + place * 17) % 900}", place, user(place)) for place in range(1, 901)])
        for n in range(10)
    ]
    store(truth)
    exporter("--threads", "1")
    first = (cache / "driver_index.json.gz").read_bytes()
    check(cache, truth)
    (cache / "driver_index.json.gz").unlink()
    exporter("--threads", "5")
    assert (cache / "driver_index.json.gz").read_bytes() == first


def test_team_of_the_newest_row_that_has_one(store, exporter, cache):
    truth = [
        board(1, 1, [entry("A", 1, user(1), team="Old", date_time="2020"), entry("B", 2, user(2), team="PRIVATEER")]),
        board(1, 2, [entry("A", 1, user(1), team="New", date_time="2021"), entry("B", 2, user(2), team="B team")]),
        board(1, 3, [entry("A", 1, user(1), team="privateer", date_time="2022" + "x" * 60), entry("C", 2)]),
        board(1, 4, [entry("D", 1, user(4), team="First", date_time="2022"), entry("D", 2, user(4), team="Second")]),
        board(1, 5, [entry("E", 1, "", team="L1", date_time="z" * 40), entry("e", 2, "", team="L2", date_time="z" * 41)]),
    ]
    store(truth)
    figures = exporter().figures
    check(cache, truth, figures)
    assert figures["total_teams"] == 4 and figures["total_drivers"] == 5


def test_empty_store(store, exporter, cache):
    store([])
    figures = exporter().figures
    check(cache, [], figures)
    assert read(cache / "driver_index.json.gz") == {}


def test_unknown_ids_go_by_their_number(store, exporter, cache):
    one = store([])
    one.put(dict(MONZA, track_name="1671", class_name="1703"))
    exporter()
    row = read(cache / "all_combinations.json.gz")["results"][0]
    assert (row["track"], row["class_name"]) == ("1671", "1703")
    assert read(cache / "driver_index.json.gz")["bob dylan"][0]["track"] == "1671"


def test_store_without_catalogue(store, exporter, cache):
    store([MONZA]).put_meta("catalogue", b"\xff\x00")
    done = exporter()
    assert "catalogue" in done.stderr
    assert read(cache / "all_combinations.json.gz")["results"][0]["track"] == "1671"


def test_unchanged_rerun_touches_nothing(store, exporter, cache):
    truth = [MONZA, EMPTY]
    store(truth)
    exporter()
    before = {name: identity(cache / name) for name in files(cache)}
    folders = {folder: os.stat(folder).st_mtime_ns for folder, _, _ in os.walk(cache)}
    figures = exporter("--full").figures
    assert (figures["files_written"], figures["files_removed"], figures["bytes_written"]) == (0, 0, 0)
    assert {name: identity(cache / name) for name in files(cache)} == before
    # Large files are written beside the old one before they can be compared.
    kept = [folder for folder in folders if not folder[len(str(cache)) :].startswith(("/index", "/stats")) and folder != str(cache)]
    assert {folder: os.stat(folder).st_mtime_ns for folder in kept} == {folder: folders[folder] for folder in kept}


def test_changed_board_changes_only_its_files(store, exporter, cache):
    others = [board(1671, 9, [entry("Zoe", 1)] * 3, MONZA["track_name"]), board(5, 5, [entry("Yan", 1)])]
    one = store([MONZA, EMPTY, *others])
    exporter()
    before = {name: identity(cache / name) for name in files(cache)}
    changed = dict(MONZA, results=[entry("Eve", 1), *MONZA["results"][1:]])
    one.put(changed)
    figures = exporter().figures
    truth = [changed, EMPTY, *others]
    check(cache, truth, figures)
    after = {name: identity(cache / name) for name in files(cache)}
    written = {name for name in after if after[name] != before[name]}
    assert {name for name in written if not name.startswith("stats/")} == {
        "driver_index.json.gz", "tracks/track_1671/class_1703.json.gz", "index/mirror.json.gz", "index/teams.json.gz",
        "index/people/bo.json.gz", "index/people/er.json.gz",
        *(f"index/{folder}/{shard}.json.gz" for folder in ("entries", "metadata") for shard in "be")
    }  # fmt: skip
    assert figures["generation"] == 2 and figures["files_written"] == len(written)


def test_new_and_removed_boards(store, exporter, cache):
    one = store([MONZA, EMPTY])
    exporter()
    more = board(1671, 2922, [entry("Neu", 1)], MONZA["track_name"])
    one.put_meta("catalogue", pack_catalogue([MONZA, EMPTY, more]))
    one.put(more)
    check(cache, [MONZA, EMPTY, more], exporter().figures)
    one.remove(EMPTY)
    one.remove(MONZA)
    figures = exporter().figures
    check(cache, [more], figures)
    assert not (cache / "tracks/track_1850").exists()
    assert not (cache / "track_1850").is_symlink()
    assert published(cache) == owned([more])
    assert figures["files_removed"] == 3 + 5  # the statistics of a class that has no entries any more


FOREIGN = [
    "status.json",
    "robots.txt",
    "tracks/track_1850/notes.txt",
    "tracks/track_1850/class_007.json.gz",
    "tracks/track_1850/class_-1.json.gz",
    "tracks/track_1850/class_99999999999.json.gz",
    "tracks/track_1850/class_5.json",
    "tracks/track_0x10/class_5.json.gz",
    "tracks/readme",
    "track_77/class_5.json.gz",
    "combinations/mine.json.gz",
]


def test_foreign_files_are_left_alone(store, exporter, cache):
    one = store([MONZA, EMPTY])
    exporter()
    for name in FOREIGN:
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_text(name)
    (cache / "track_88").symlink_to("elsewhere")
    (cache / "tracks/track_66").mkdir()
    one.remove(EMPTY)
    check(cache, [MONZA], exporter().figures)
    assert all((cache / name).read_text() == name for name in FOREIGN)
    assert os.readlink(cache / "track_88") == "elsewhere"
    assert not (cache / "tracks/track_1850/class_1703.json.gz").exists()
    assert not (cache / "tracks/track_66").exists()


def test_a_folder_in_the_way_of_a_link_stays(store, exporter, cache):
    (cache / "track_1671").mkdir(parents=True)
    (cache / "track_1671/old").write_text("old")
    store([MONZA])
    done = exporter()
    assert "track_1671" in done.stderr
    assert (cache / "track_1671/old").read_text() == "old"
    assert (cache / "tracks/track_1671/class_1703.json.gz").exists()


def test_leftovers_of_dead_runs_are_removed(store, exporter, cache):
    store([MONZA, EMPTY])
    exporter()
    stray = [".r3e-tmp-driver_index.json.gz", "tracks/.r3e-tmp-track_5/class_5.json.gz", "combinations/.r3e-tmp-x",
             "tracks/track_1671/.r3e-tmp-class_1703.json.gz", "tracks/.r3e-tmp-track_1671/class_1.json.gz"]  # fmt: skip
    for name in stray:
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_text("half")
    (cache / ".r3e-tmp-track_9").symlink_to("tracks/track_9")
    exporter()
    assert not [name for name in files(cache) if ".r3e-tmp-" in name]
    assert not list((cache / "tracks").glob(".r3e-tmp-*"))
    check(cache, [MONZA, EMPTY])


def test_leftovers_in_the_folder_of_a_removed_track_are_removed(store, exporter, cache):
    one = store([MONZA, EMPTY])
    exporter()
    (cache / "tracks/track_1850/.r3e-tmp-class_1703.json.gz").write_text("half")
    one.remove(EMPTY)
    check(cache, [MONZA], exporter().figures)
    assert not (cache / "tracks/track_1850").exists()


def flip(at):
    def change(value):
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]

    return change


@pytest.mark.parametrize("database", ["boards", "rows", "details"])
@pytest.mark.parametrize("change", [flip(3), flip(-1), lambda value: value[:-1], lambda value: b""])
def test_broken_record_is_skipped_and_what_was_published_stays(store, exporter, cache, database, change):
    other = board(5, 5, [entry("Yan", 1)])
    one = store([MONZA, other])
    exporter()
    before = identity(cache / oracle_flat.detail_path(MONZA))
    one.damage(database, MONZA, change)
    if database != "boards":  # values are not read where nothing is to be written: what is published is whole
        check(cache, [MONZA, other], exporter().figures)
    done = exporter("--full")
    assert done.figures["broken_records"] == 1
    assert "track 1671 class 1703" in done.stderr
    assert identity(cache / oracle_flat.detail_path(MONZA)) == before
    assert list(read(cache / "driver_index.json.gz")) == ["yan"]
    assert read(cache / "all_combinations.json.gz") == oracle_flat.combinations([other])
    one.put(MONZA)  # fetched again, and as it was: it must come back
    check(cache, [MONZA, other], exporter().figures)


def test_rows_that_lie_with_a_right_checksum(store, exporter, cache):
    """What a checksum cannot tell: ill-formed text, a wrong number of rows, places that are not there."""
    good = pack_rows(oracle_flat.rows(MONZA))
    hostile = [
        good.replace(b"Bob Dylan", b"Bob D\xffl\xc0n"),
        good + b"\x00",
        good.replace(b"\x93\x01\x03", b"\x93\x01\x04"),
        b"\x93\x01\xce\xff\xff\xff\xff\xdd\xff\xff\xff\xff",
        good[:-1] + b"\x7f",
    ]
    for rows in hostile:
        one = store([MONZA, EMPTY])
        place = key(1671, 1703)
        record = pack_record(rows, pack_detail(MONZA), 3)
        with one.environment.begin(write=True) as transaction:
            transaction.put(place, rows, db=one.rows)
            transaction.put(place, record, db=one.boards)
        one.close()
        done = exporter()
        assert done.figures["broken_records"] == 1, rows
        check(cache, [EMPTY])


def test_key_of_a_wrong_size(store, exporter, cache):
    one = store([MONZA])
    with one.environment.begin(write=True) as transaction:
        transaction.put(b"odd", b"value", db=one.boards)
    assert exporter().figures["broken_records"] == 1
    check(cache, [MONZA])


def test_board_that_was_never_fetched(store, exporter, cache):
    one = store([MONZA])
    with one.environment.begin(write=True) as transaction:
        record = pack_record(b"", b"", 0, fetched_at_ms=0, failure_streak=3, detail_checksum=0)
        transaction.put(key(7, 7), record, db=one.boards)
    figures = exporter().figures
    assert figures["broken_records"] == 0
    check(cache, [MONZA], figures)


def test_layouts(store, exporter, cache):
    store([MONZA, EMPTY])
    exporter("--layouts", "flat,sharded")
    exporter("--layouts", "sharded")
    assert not (cache / "driver_index.json.gz").exists()
    assert not (cache / "track_1671").is_symlink()
    assert (cache / oracle_flat.detail_path(MONZA)).exists()
    (cache / "index/entries/notes.txt").write_text("mine")
    exporter("--layouts", "flat")
    check(cache, [MONZA, EMPTY])
    assert [name for name in files(cache) if name.startswith("index/")] == ["index/entries/notes.txt"]
    assert not (cache / "index/metadata").exists()
    (cache / "index/entries/notes.txt").unlink()
    exporter("--layouts", "sharded")
    exporter("--layouts", "flat")
    assert not (cache / "index").exists()


MANIFEST = "store/export.manifest"
ABOUT_THE_RUN = ("index_build_time_ms", "peak_rss_kb")


@pytest.fixture
def export_twice(exporter, tmp_path):
    """Exports, has `between` done, exports again; true if the second run had nothing to look for.

    A run that does look takes stock and writes another manifest.
    """

    def run(between=lambda: None, *options):
        exporter()
        between()
        path = tmp_path / MANIFEST
        before = identity(path) if path.exists() else None
        run.done = exporter(*options)
        return path.exists() and identity(path) == before

    return run


def about_the_files(figures):
    kept = {name: value for name, value in figures.items() if name not in ABOUT_THE_RUN}
    kept["files_unchanged"] += kept.pop("files_written")
    return {**kept, "bytes_written": 0}


def test_nothing_to_do_is_seen_at_once(store, exporter, cache):
    store([MONZA, EMPTY])
    first = exporter().figures
    before = {name: identity(cache / name) for name in files(cache)}
    folders = {folder: os.stat(folder).st_mtime_ns for folder, _, _ in os.walk(cache)}
    for _ in range(2):
        figures = exporter().figures
        assert about_the_files(figures) == about_the_files(first)
        assert figures["files_written"] == 0
        assert {name: identity(cache / name) for name in files(cache)} == before
        assert {folder: os.stat(folder).st_mtime_ns for folder in folders} == folders
    check(cache, [MONZA, EMPTY], figures)


def test_a_refresh_without_news_leaves_nothing_to_do(store, export_twice):
    one = store([MONZA, EMPTY])
    assert export_twice(lambda: one.put(MONZA, fetched_at_ms=2 * 10**12, checks=7, lease=5 << 32, etag="x"))
    assert export_twice.done.figures["generation"] == 2


def test_full_ignores_the_manifest(store, export_twice):
    store([MONZA])
    assert not export_twice(lambda: None, "--full")
    assert export_twice()


def test_other_layouts_are_another_export(store, export_twice):
    store([MONZA])
    assert not export_twice(lambda: None, "--layouts", "sharded")


def overwrite(path, change):
    """Writes into the file itself, and gives it its old time of modification back."""
    status = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_link(path):
    path.rename(path.parent / "elsewhere")
    path.symlink_to("elsewhere")


DETAIL = "tracks/track_1671/class_1703.json.gz"
TAMPERING = {
    "deleted": lambda cache: (cache / DETAIL).unlink(),
    "index deleted": lambda cache: (cache / "driver_index.json.gz").unlink(),
    "cut short": lambda cache: overwrite(cache / DETAIL, lambda data: data[:-1]),
    "emptied": lambda cache: overwrite(cache / "driver_index.json.gz", lambda data: b""),
    "changed": lambda cache: overwrite(cache / DETAIL, flip(20)),
    "changed, hard link": lambda cache: overwrite(cache / "combinations/all_combinations.json.gz", flip(20)),
    "plain file": lambda cache: overwrite(cache / "top_combinations.json", flip(0)),
    "replaced by a link": lambda cache: replace_by_link(cache / DETAIL),
    "link deleted": lambda cache: (cache / "track_1850").unlink(),
    "link elsewhere": lambda cache: ((cache / "track_1850").unlink(), (cache / "track_1850").symlink_to("tracks")),
    "folder deleted": lambda cache: shutil.rmtree(cache / "tracks/track_1671"),
    "folder moved": lambda cache: (cache / "combinations").rename(cache / "elsewhere"),
    "stale class": lambda cache: (cache / "tracks/track_1671/class_9.json.gz").write_text("x"),
    "stale track": lambda cache: (cache / "tracks/track_9").mkdir(),
    "stale link": lambda cache: (cache / "track_9").symlink_to("tracks/track_9"),
    "left behind": lambda cache: (cache / "tracks/track_1671/.r3e-tmp-class_1703.json.gz").write_text("half"),
    "unreadable": lambda cache: (cache / DETAIL).chmod(0),
    "all deleted": shutil.rmtree,
    "tracks deleted": lambda cache: shutil.rmtree(cache / "tracks"),
    "copied": lambda cache: (cache.rename(cache.parent / "old"),
                             shutil.copytree(cache.parent / "old", cache, symlinks=True)),
}  # fmt: skip


@pytest.mark.parametrize("way", TAMPERING)
def test_whatever_was_done_to_the_files_is_noticed_and_mended(store, export_twice, exporter, cache, way):
    truth = [MONZA, EMPTY]
    store(truth)
    assert not export_twice(lambda: TAMPERING[way](cache))
    check(cache, truth, export_twice.done.figures)
    stale = ("class_9.json.gz", "track_9", ".r3e-tmp-")
    assert not [name for name in [*files(cache), *os.listdir(cache / "tracks")] if name.rpartition("/")[2].startswith(stale)]
    assert export_twice()


def test_a_file_of_somebody_else_in_the_root_may_change(store, export_twice, cache):
    store([MONZA])
    cache.mkdir(parents=True)
    (cache / "status.json").write_text("{}")
    (cache / "robots.txt").write_text("")

    def change():
        for name in ("status.json", "robots.txt"):
            overwrite(cache / name, lambda data: data + b"more")

    assert export_twice(change)


@pytest.mark.parametrize("change", [flip(0), flip(40), flip(-1), lambda data: data[:-1], lambda data: data[:7],
                                    lambda data: b"", lambda data: data + b"\0", lambda data: bytes(len(data))])  # fmt: skip
def test_a_broken_manifest_is_not_used(store, export_twice, cache, tmp_path, change):
    store([MONZA, EMPTY])
    path = tmp_path / MANIFEST
    assert not export_twice(lambda: path.write_bytes(change(path.read_bytes())))
    assert "export.manifest" in export_twice.done.stderr
    assert export_twice.done.figures["files_written"] == 0
    assert export_twice()


def test_a_manifest_may_be_deleted_and_an_older_one_put_back(store, export_twice, exporter, cache, tmp_path):
    one = store([MONZA, EMPTY])
    path = tmp_path / MANIFEST
    assert not export_twice(path.unlink)
    older = path.read_bytes()
    changed = dict(MONZA, results=MONZA["results"][:1])
    one.put(changed)
    exporter()
    path.write_bytes(older)  # as after a kill between the files and the manifest
    check(cache, [changed, EMPTY], exporter().figures)
    one.put(MONZA)
    path.write_bytes(older)  # the store is as it was, the files are not
    check(cache, [MONZA, EMPTY], exporter().figures)


def test_killed_at_any_moment_the_next_run_puts_all_right(store, exporter, build_dir, cache, tmp_path):
    """Whatever it had renamed, and whatever the manifest says: two contents in turn, so that a manifest left from the
    time before fits the store again."""
    worlds = [
        [board(n, 1, [entry(f"Driver {n} {at} {world}", at, user(at)) for at in range(1, 60)]) for n in range(1, 12 + world)]
        for world in (0, 1)
    ]
    one = store(worlds[1])
    command = [str(build_dir / "exporter/r3e-exporter"), "--store", str(tmp_path / "store"), "--public", str(tmp_path / "public")]
    started = time.monotonic()
    exporter("--full")
    whole_s = time.monotonic() - started
    for step in range(1, 10):
        truth = worlds[step % 2]
        if step % 2 == 0:
            one.remove(worlds[1][-1])
        one.put(*truth)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole_s * step / 9)  # where it is by then does not matter for what must hold
        process.kill()
        process.wait()
        if step % 3:  # back to the content of the last whole run
            truth = worlds[(step + 1) % 2]
            if truth is worlds[0]:
                one.remove(worlds[1][-1])
            one.put(*truth)
        check(cache, truth, exporter().figures)
        assert not list(cache.rglob(".r3e-tmp-*")) and not list((tmp_path / "store").glob("*.tmp"))


def test_a_manifest_that_cannot_be_written_is_no_failure(store, exporter, cache, tmp_path):
    store([MONZA])
    (tmp_path / MANIFEST / "in the way").mkdir(parents=True)
    for _ in range(2):
        done = exporter()
        assert "export.manifest" in done.stderr
        check(cache, [MONZA], done.figures)
    assert not [name for name in os.listdir(tmp_path / "store") if name.endswith(".tmp")]


def test_another_store_of_the_same_generation(store, exporter, cache, tmp_path):
    one = store([MONZA, EMPTY])
    exporter()
    one.close()
    (tmp_path / "store/data.mdb").unlink()
    (tmp_path / "store/lock.mdb").unlink()
    other = dict(MONZA, results=[entry("Eve", 1), *MONZA["results"][1:]])
    assert store([other, EMPTY]).generation == one.generation
    check(cache, [other, EMPTY], exporter().figures)


def test_another_catalogue(store, export_twice, cache):
    one = store([MONZA])
    renamed = dict(MONZA, track_name="Monza Junior")
    assert not export_twice(lambda: one.put_meta("catalogue", pack_catalogue([renamed])))
    assert read(cache / "all_combinations.json.gz")["results"][0]["track"] == "Monza Junior"


def test_another_public_folder_of_the_same_store(store, exporter, cache, tmp_path):
    store([MONZA])
    exporter()
    exporter("--public", str(tmp_path / "second"))
    check(tmp_path / "second/cache", [MONZA])
    check(cache, [MONZA], exporter().figures)


@pytest.fixture
def unprivileged():
    """Settings that run a program without root's right to write everywhere."""
    return {"preexec_fn": lambda: (os.setgid(65534), os.setuid(65534))} if os.getuid() == 0 else {}


def test_unwritable_folder(store, exporter, cache, tmp_path, unprivileged):
    one = store([MONZA, EMPTY])
    exporter()
    one.put(dict(MONZA, results=MONZA["results"][:1]))
    before = {name: identity(cache / name) for name in files(cache)}
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("pytest-", "popen-", tmp_path.name)):
            folder.chmod(0o755)
    for path in (tmp_path / "store", *(tmp_path / "store").iterdir()):
        path.chmod(0o777)
    done = exporter(code=1, **unprivileged)
    assert str(cache) in done.stderr and "Permission denied" in done.stderr
    assert {name: identity(cache / name) for name in files(cache)} == before


def test_full_disk(store, exporter, cache):
    """A limit on the size of files stands for the full disk."""
    one = store([MONZA, EMPTY])
    exporter()
    one.put(board(1671, 1703, [entry(f"{os.urandom(8).hex()}", n) for n in range(1, 3000)]))
    before = {name: identity(cache / name) for name in files(cache)}

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))

    done = exporter(code=1, preexec_fn=limit)
    assert "File too large" in done.stderr and "cannot write" in done.stderr
    assert {name: identity(cache / name) for name in files(cache)} == before


def test_limits_of_memory_and_time(store, exporter, cache):
    one = store([board(n, 1, [entry(f"Driver {n} {at}", at) for at in range(1, 400)]) for n in range(1, 60)])
    done = exporter("--max-rss-mb", "1", code=1)
    assert "--max-rss-mb 1" in done.stderr
    assert files(cache) == []
    one.close()


def test_second_exporter_is_refused(store, exporter, cache):
    store([MONZA])
    cache.mkdir(parents=True)
    folder = os.open(cache, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    (cache / ".r3e-tmp-driver_index.json.gz").write_text("the other's")
    done = exporter(code=1)
    assert "another exporter" in done.stderr
    assert (cache / ".r3e-tmp-driver_index.json.gz").read_text() == "the other's"
    os.close(folder)


@pytest.mark.parametrize(
    "options, words",
    [
        ([], "--store DIR is missing"),
        (["--store", "x"], "--public DIR is missing"),
        (["--store", "x", "--public", "y", "--layouts", "round"], "--layouts round"),
        (["--store", "x", "--public", "y", "--threads", "0"], "--threads 0"),
        (["--store", "x", "--public", "y", "--timeout-s", "1h"], "--timeout-s 1h"),
        (["--store", "x", "--public", "y", "z"], "'z'"),
        (["--frobnicate"], "--frobnicate"),
    ],
)
def test_wrong_usage(build_dir, options, words):
    program = str(build_dir / "exporter" / "r3e-exporter")
    done = subprocess.run([program, *options], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 2 and words in done.stderr


def test_no_store(exporter, tmp_path, cache):
    done = exporter(code=1)
    assert str(tmp_path / "store") in done.stderr
    assert not cache.exists()


def test_store_of_another_schema(store, exporter, cache):
    store([MONZA]).put_meta("schema", b"3")
    assert "schema" in exporter(code=1).stderr
    assert not cache.exists()
