"""Small random catalogues with hard names (hard_catalogues.py): every published file against the oracle, in full; then some
boards change and the next, incremental export is compared too."""

import collections
import unicodedata

import pytest

import oracle_files
import oracle_flat
import oracle_sharded
import oracle_statistics
from board_service import catalogue_text, serving
from crawl import Crawl, assert_equals_truth
from hard_catalogues import Maker, code_points_by_class
from oracle_sharded import FOLDED, WHITE_SPACE
from test_oracle import board, entry

WORLDS = 200
HISTORY = 300  # exports
CRAWLS = 40  # through the worker
CHANGES = 2


@pytest.fixture(scope="module")
def code_points():
    return code_points_by_class()


def seeds(first, count, always):
    """Of which the first ones run always."""
    return [pytest.param(first + n, marks=[] if n < always else pytest.mark.slow) for n in range(count)]


@pytest.mark.parametrize("seed", seeds(0, WORLDS, always=10))
def test_every_file_of_a_hard_catalogue(store, exporter, cache, code_points, seed):
    maker = Maker(seed, code_points)
    boards, superclasses, classes, people = maker.world()
    one = store(boards, superclasses, classes)
    exporter("--layouts", "flat")
    oracle_files.check(cache, one.world, layouts=["flat"])
    figures = exporter().figures
    counted = oracle_flat.figures(one.world.boards)
    assert {name: figures[name] for name in counted} == counted
    oracle_files.check(cache, one.world)
    for _ in range(CHANGES):
        boards = [maker.changed(each, people) if maker.chance(0.3) else each for each in boards]
        one.put(*(each for each, before in zip(boards, one.world.boards) if each is not before))
        exporter()
        oracle_files.check(cache, one.world)


@pytest.mark.xfail(strict=True, reason="the worker splits at slashes only: what stands behind ? or # is no part of the path")
def test_an_address_with_a_query_or_a_fragment_identifies_too(build_dir, tmp_path):
    results = [entry(place, name, 1, "1m", "", "2026", "", "", "") for place, name in enumerate(("Ann", "Bob", "Cid"), 1)]
    for row, path in zip(results, ("/users/info/71/?source=leaderboard", "/users/info/72?a=9/9", "https://example.org/users/73#top")):
        row["driver"]["path"] = path
    boards = [board(1, 1, results, "Track", "Class")]
    (tmp_path / "catalogue.cfg").write_text(catalogue_text(boards, {1: "Class"}, {}))
    with serving(boards) as service:
        crawl = Crawl(build_dir, tmp_path, service.url, tmp_path / "catalogue.cfg")
        assert crawl.once() == 0, crawl.log()
    assert_equals_truth(crawl, boards)


def contents(folder):
    return {path: (folder / path).read_bytes() for path in oracle_files.files_below(folder) if not (folder / path).is_symlink()}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_long_history(store, exporter, cache, code_points, tmp_path):
    """Boards change, go and come again, one to all at a time; at the end the files are those of a full export elsewhere."""
    maker = Maker(4711, code_points)
    boards, superclasses, classes, people = [], {}, {}, []
    while len(boards) < 12:
        boards, superclasses, classes, people = maker.world()
    one = store(boards, superclasses, classes)
    for step in range(HISTORY):
        share = maker.pick([0.02, 0.1, 1])
        for place, each in enumerate(boards):
            if maker.chance(share):
                boards[place] = maker.changed(each, people)
                if maker.chance(0.1):
                    one.remove(each)
                else:
                    one.put(boards[place])
        exporter()
        oracle_files.check(cache, one.world)
        if step % 20 == 0:
            people = maker.people()
    exporter("--full", "--public", str(tmp_path / "other"))
    assert contents(cache) == contents(tmp_path / "other/cache")


def features(world):
    """What is hard about a world."""
    rows = [row for person in world.persons for row in person.rows]
    names = {row.fields["name"] for row in rows}
    keys = collections.Counter(key for person in world.persons for key in person.keys)
    seen = {f"category {unicodedata.category(letter)}" for name in names for letter in name}
    seen |= {f"letter {letter}" for name in names for letter in name if letter in {*FOLDED, *WHITE_SPACE, "\u0130"}}
    for person in world.persons:
        fields = [row.fields for row in person.rows]
        dates = [field["date_time"] for field in fields]
        seen |= {f"changed {field}" for field in ("name", "country", "team") if len({row[field] for row in fields}) > 1}
        seen |= {"no path"} if not person.identity[0] else {"leading zero"} if person.path_id.startswith("0") else set()
        seen |= {"equal dates"} if dates.count(max(dates)) > 1 else set()
        seen |= {"several in a combination"} if len(person.best) < len(person.rows) else set()
        seen |= {"two keys"} if len(person.keys) > 1 else set()
        seen |= {"digits as a name"} if not person.identity[0] and person.path_id.isdigit() else set()
        seen |= {"filled from an older row"} if any(person.newest_first[0].fields[field] != value
                                                    for field, value in person.metadata.items() if field != "path_id") else set()
        seen |= {f"privateer {row['team']}" for row in fields if row["team"].lower() == "privateer"}
    seen |= {"name of several"} if len({person.name for person in world.persons}) < len(world.persons) else set()
    seen |= {"key of several"} if max(keys.values(), default=0) > 1 else set()
    seen |= {"white space only"} if any(name and not name.strip() for name in names) else set()
    seen |= {"folds to nothing"} if "" in keys else set()
    seen |= {"10 KB"} if any(len(name.encode()) > 9_990 for name in names) else set()
    seen |= {f"composed {unicodedata.is_normalized('NFC', name)}" for name in names}
    seen |= {f"direction {unicodedata.bidirectional(letter)}" for name in names for letter in name}
    seen |= {"nameless"} if sum(len(each["results"]) for each in world.boards) > len(rows) else set()
    seen |= {"same place"} if len({(row.track_id, row.class_id, row.fields["position"]) for row in rows}) < len(rows) else set()
    seen |= {"place behind the end"} if any(row.fields["position"] > row.total for row in rows) else set()
    seen |= {f"empty {field}" for row in rows for field, value in row.fields.items() if value == ""}
    seen |= {f"shard {oracle_sharded.shard_of(key)}" for key in keys}
    seen |= {"class not in the catalogue"} if any(int(b["class_id"]) not in world.classes for b in world.boards) else set()
    seen |= {f"slug {slug}" for slug in oracle_statistics.slugs(world.superclasses).values()}
    return seen


def test_the_catalogues_are_as_hard_as_they_should_be(code_points):
    seen = set()
    for seed in range(WORLDS):
        boards, superclasses, classes, _ = Maker(seed, code_points).world()
        seen |= features(oracle_sharded.World(boards, superclasses, classes))
    wanted = {f"category {category}" for category in code_points}
    wanted |= {f"letter {letter}" for letter in {*FOLDED, *WHITE_SPACE, "\u0130"}}
    wanted |= {f"shard {shard}" for shard in oracle_sharded.SHARDS}
    wanted |= {f"privateer {team}" for team in ("Privateer", "PRIVATEER", "pRiVaTeEr", "privateer")}
    wanted |= {f"changed {field}" for field in ("name", "country", "team")}
    wanted |= {f"empty {field}" for field in ("path_id", "avatar", "laptime", "date_time", "country", "car", "team", "rank")}
    wanted |= {"no path", "leading zero", "equal dates", "several in a combination", "two keys", "digits as a name",
               "filled from an older row", "name of several", "key of several", "white space only", "folds to nothing", "10 KB",
               "composed True", "composed False", "direction R", "direction AL", "nameless", "same place", "place behind the end",
               "class not in the catalogue", "slug gt3_2", "slug gt3_3", "slug ", "slug _2"}  # fmt: skip
    assert wanted - seen == set()


def mended(value):
    """As the worker takes it in: its README says that a NUL becomes U+FFFD."""
    if isinstance(value, dict):
        return {key: mended(part) for key, part in value.items()}
    if isinstance(value, list):
        return [mended(part) for part in value]
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def ranked(one):
    """With the rows in rank order, as the worker puts them."""
    rows = [row["position"] for row in oracle_flat.rows(one)]
    return dict(one, results=[row for _, row in sorted(zip(rows, one["results"]), key=lambda pair: pair[0])])


@pytest.mark.parametrize("seed", seeds(1000, CRAWLS, always=4))
def test_hard_catalogues_through_the_worker(build_dir, tmp_path, code_points, seed):
    """The stand-in makes up its own names; these come from a service of the test's."""
    maker = Maker(seed, code_points)
    boards, superclasses, classes, people = [], {}, {}, []
    while not boards:
        boards, superclasses, classes, people = maker.world()
    for one in boards:  # what is not in the catalogue is not fetched
        one["class_name"] = classes.setdefault(one["class_id"], f"Class {one['class_id']}")
        for place, row in enumerate(one["results"]):
            row.setdefault("index", place)  # its place would depend on where it stands
        one["results"] += [maker.entry({**people[0], "names": ["Ann"]}, 5)] if one["results"] else []  # one row is sound
    here = {(one["track_id"], one["class_id"]) for one in boards}
    boards += [maker.board(track, klass, track_name, class_name, people) | {"results": []}
               for track, track_name in {one["track_id"]: one["track_name"] for one in boards}.items()
               for klass, class_name in classes.items() if (track, klass) not in here]  # fmt: skip
    catalogue = tmp_path / "catalogue.cfg"
    catalogue.write_text(catalogue_text(boards, classes, superclasses))
    with serving(boards) as service:
        crawl = Crawl(build_dir, tmp_path, service.url, catalogue)
        assert crawl.once() == 0, crawl.log()
    assert_equals_truth(crawl, [ranked(mended(one)) for one in boards], superclasses, classes)
