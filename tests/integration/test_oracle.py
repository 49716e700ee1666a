"""The worked examples of FORMATS ("Published files"), by hand: what the oracle says, and what the exporter publishes."""

import json
import random
from fractions import Fraction

import pytest

import oracle_files
import oracle_flat
import oracle_sharded
import oracle_statistics
from hard_catalogues import Maker, code_points_by_class
from oracle_sharded import World
from store_builder import CHANGED_AT_MS

CHANGED_AT = "2026-01-03T10:00:00Z"
SORTS = ("pole", "bested", "podium", "avg_bested", "entries")


def entry(place, name, number, laptime, gap, date_time, country, team, rank):
    return {
        "index": place - 1,
        "global_index": place,
        "driver": {"name": name, "path": f"https://game.raceroom.com/users/info/{number}/",
                   "avatar": f"https://example.org/{number}"},
        "country": {"name": country},
        "car_class": {"car": {"name": "Audi R8 LMS GT3", "class-name": "GTR 3"}},
        "laptime": laptime,
        "relative_laptime": gap,
        "team": team,
        "rank": rank,
        "driving_model": "Get Real",
        "date_time": date_time,
    }  # fmt: skip


def board(track_id, class_id, results, track_name, class_name):
    return {"track_id": track_id, "class_id": class_id, "track_name": track_name, "class_name": class_name, "results": results}


DRIVERS = [
    board(1671, 1703, [
        entry(1, "Bob Dylan", 71, "1m 46.000s", "", "2026-01-03T10:00:00", "Germany", "Team X", "A"),
        entry(2, "Ömer  Can", 91, "1m 47.000s, +01.000s", "+1.000s", "2026-01-02T10:00:00", "Turkey", "", ""),
        entry(3, "Bob Dylan", 72, "1m 48.000s, +02.000s", "+2.000s", "2026-01-01T10:00:00", "France", "Team X", "B"),
    ], "Monza Circuit - Grand Prix", "GTR 3"),
    board(1850, 1703, [], "Nürburgring - Nordschleife", "GTR 3"),
]  # fmt: skip

DRIVERS_FILES = {
    "driver_index.json.gz":
        '{"bob dylan":['
        '{"name":"Bob Dylan","position":1,"laptime":"1m 46.000s","time_diff":0,"country":"Germany","car":"Audi R8 LMS GT3",'
        '"car_class":"GTR 3","team":"Team X","rank":"A","difficulty":"Get Real","track":"Monza Circuit - Grand Prix",'
        '"track_id":"1671","class_id":"1703","date_time":"2026-01-03T10:00:00","found":true,"total_entries":3},'
        '{"name":"Bob Dylan","position":3,"laptime":"1m 48.000s, +02.000s","time_diff":2,"country":"France",'
        '"car":"Audi R8 LMS GT3","car_class":"GTR 3","team":"Team X","rank":"B","difficulty":"Get Real",'
        '"track":"Monza Circuit - Grand Prix","track_id":"1671","class_id":"1703","date_time":"2026-01-01T10:00:00",'
        '"found":true,"total_entries":3}],'
        '"ömer  can":['
        '{"name":"Ömer  Can","position":2,"laptime":"1m 47.000s, +01.000s","time_diff":1,"country":"Turkey",'
        '"car":"Audi R8 LMS GT3","car_class":"GTR 3","team":"","rank":"","difficulty":"Get Real",'
        '"track":"Monza Circuit - Grand Prix","track_id":"1671","class_id":"1703","date_time":"2026-01-02T10:00:00",'
        '"found":true,"total_entries":3}]}',
    **{name: '{"count":1,"results":[{"track":"Monza Circuit - Grand Prix","track_id":"1671","class_id":"1703",'
             '"class_name":"GTR 3","entry_count":3}]}'
       for name in ("top_combinations.json", "top_combinations.json.gz", "all_combinations.json.gz",
                    "combinations/top_combinations.json.gz", "combinations/all_combinations.json.gz")},
    "index/mirror.json.gz": '["bob dylan","omer can","ömer can"]',
    **{f"index/{kind}/{shard}.json.gz": "{}" for kind in ("entries", "metadata") for shard in "acdefghijklmnpqrstuvwxyz_"},
    "index/entries/b.json.gz":
        '{"bob dylan":['
        '{"path_id":"71","position":1,"laptime":"1m 46.000s","car":"Audi R8 LMS GT3","car_class":"GTR 3",'
        '"difficulty":"Get Real","track_id":"1671","class_id":"1703","date_time":"2026-01-03T10:00:00","total_entries":3},'
        '{"path_id":"72","position":3,"laptime":"1m 48.000s, +02.000s","car":"Audi R8 LMS GT3","car_class":"GTR 3",'
        '"difficulty":"Get Real","track_id":"1671","class_id":"1703","date_time":"2026-01-01T10:00:00","total_entries":3}]}',
    "index/entries/o.json.gz":
        '{"omer can":['
        '{"path_id":"91","position":2,"laptime":"1m 47.000s, +01.000s","car":"Audi R8 LMS GT3","car_class":"GTR 3",'
        '"difficulty":"Get Real","track_id":"1671","class_id":"1703","date_time":"2026-01-02T10:00:00","total_entries":3}]}',
    "index/metadata/b.json.gz":
        '{"bob dylan":['
        '{"name":"Bob Dylan","path_id":"71","avatar":"https://example.org/71","country":"Germany","team":"Team X","rank":"A"},'
        '{"name":"Bob Dylan","path_id":"72","avatar":"https://example.org/72","country":"France","team":"Team X","rank":"B"}]}',
    "index/metadata/o.json.gz":
        '{"omer can":['
        '{"name":"Ömer  Can","path_id":"91","avatar":"https://example.org/91","country":"Turkey","team":"","rank":""}]}',
    **{f"index/people/{shard}.json.gz": "{}" for shard in oracle_sharded.PEOPLE_SHARDS if shard not in ("bo", "oi")},
    "index/people/bo.json.gz":
        '{"bob dylan":['
        '{"name":"Bob Dylan","path_id":"71","country":"Germany","team":"Team X","rank":"A","entries":1},'
        '{"name":"Bob Dylan","path_id":"72","country":"France","team":"Team X","rank":"B","entries":1}]}',
    "index/people/oi.json.gz":
        '{"omer can":['
        '{"name":"Ömer  Can","path_id":"91","country":"Turkey","team":"","rank":"","entries":1}]}',
    "index/teams.json.gz":
        '{"Team X":{"country":"Various","drivers":[{"name":"Bob Dylan","path_id":"71"},{"name":"Bob Dylan","path_id":"72"}]}}',
}  # fmt: skip
DRIVERS_STATUS = {"track_count": 1, "total_fetched_combinations": 2, "total_unique_tracks": 2, "total_drivers": 3,
                  "total_entries": 3, "total_teams": 1}  # fmt: skip


def plain(place, name):
    number = "ABCD".index(name) + 1
    return entry(place, name, number, "1m 46.000s", "", "2026-01-03T10:00:00", "Germany", "", "A")


STATISTICS = [
    board(1671, 1703, [plain(place, name) for place, name in enumerate("ABCD", 1)], "Monza Circuit - Grand Prix", "GTR 3"),
    board(1671, 12770, [plain(1, "A")], "Monza Circuit - Grand Prix", "GT3 DLC"),
    board(1850, 1703, [plain(place, name) for place, name in enumerate("BADC", 1)], "Nürburgring - Nordschleife", "GTR 3"),
]
SUPERCLASSES = {"GT3": [2922, 3375, 4516, 7278, 7767, 11566, 10396, 12196, 12770, 13136, 1703], "Classics": [1712, 7287]}


def person(name, poles, bested, podiums, average, entries):
    return (f'{{"driver_key":"{name.lower()}","name":"{name}","avatar":"https://example.org/{"ABCD".index(name) + 1}",'
            f'"country":"Germany","team":"","rank":"A","pole_positions":{poles},"bested_drivers":{bested},'
            f'"podiums":{podiums},"avg_bested":{average},"entries":{entries}}}')  # fmt: skip


def statistics(scope_type, scope_id, scope_name, sort, *people):
    return (f'{{"scope_type":"{scope_type}","scope_id":"{scope_id}","scope_name":"{scope_name}","sort_by":"{sort}",'
            f'"count":{len(people)},"updated_at":"{CHANGED_AT}","results":[{",".join(people)}]}}')  # fmt: skip


def the_four(entries_of_a):
    return {"a": person("A", 1, 5, 2, "83.33", entries_of_a), "b": person("B", 1, 5, 2, "83.33", 2),
            "c": person("C", 0, 1, 1, "16.67", 2), "d": person("D", 0, 1, 1, "16.67", 2)}  # fmt: skip


def by_sort(scope, prefix, people, average):
    names = {"pole": "ab", "bested": "abcd", "podium": "abcd", "avg_bested": average, "entries": "abcd"}
    return {f"stats/{prefix}_{sort}.json.gz": statistics(*scope, sort, *(people[name] for name in names[sort])) for sort in SORTS}


def paths(prefix):
    return ",".join(f'"{sort}_file":"cache/stats/{prefix}_{sort}.json.gz"' for sort in SORTS)


STATISTICS_FILES = {
    **by_sort(("overall", "overall", "Overall"), "overall/overall", the_four(3), "abcd"),
    **by_sort(("overall", "overall", "Overall"), "overall/overall_top", the_four(3), ""),
    **by_sort(("class", "1703", "GTR 3"), "classes/1703", the_four(2), ""),
    **by_sort(("superclass", "gt3", "GT3"), "superclasses/gt3", the_four(3), ""),
    **{f"stats/classes/12770_{sort}.json.gz": statistics("class", "12770", "GT3 DLC", sort) for sort in SORTS},
    "stats/index.json":
        f'{{"updated_at":"{CHANGED_AT}","overall":{{{paths("overall/overall")}}},'
        f'"overall_top":{{{paths("overall/overall_top")}}},'
        f'"classes":[{{"id":"12770","name":"GT3 DLC","files":{{{paths("classes/12770")}}},"count":1}},'
        f'{{"id":"1703","name":"GTR 3","files":{{{paths("classes/1703")}}},"count":4}}],'
        f'"superclasses":[{{"id":"gt3","name":"GT3","files":{{{paths("superclasses/gt3")}}},"count":4}}]}}',
}  # fmt: skip


def world(boards, superclasses=None):
    changed_at_ms = {(one["track_id"], one["class_id"]): CHANGED_AT_MS for one in boards}
    return World(boards, superclasses or {}, None, changed_at_ms)


EXAMPLES = [(DRIVERS, {}, DRIVERS_FILES), (STATISTICS, SUPERCLASSES, STATISTICS_FILES)]


@pytest.mark.parametrize("boards, superclasses, wanted", EXAMPLES)
def test_the_oracle_agrees_with_the_worked_examples(boards, superclasses, wanted):
    documents = oracle_files.documents(world(boards, superclasses))
    published = {path: oracle_files.encode(document).decode() for path, document in documents}
    assert {path: published.get(path) for path in wanted} == wanted
    told = ("stats/",) if boards is STATISTICS else ("index/", "combinations/", "driver_", "top_", "all_")
    assert {path for path in published if path.startswith(told)} == set(wanted)
    if boards is DRIVERS:
        assert oracle_flat.figures(boards) == DRIVERS_STATUS


@pytest.mark.parametrize("boards, superclasses, wanted", EXAMPLES)
def test_the_exporter_publishes_the_worked_examples(store, exporter, cache, boards, superclasses, wanted):
    one = store(boards, superclasses)
    figures = exporter().figures
    assert {path: oracle_files.decode(cache / path).decode() for path in wanted} == wanted
    oracle_files.check(cache, one.world)
    if boards is DRIVERS:
        assert {name: figures[name] for name in DRIVERS_STATUS} == DRIVERS_STATUS
        assert json.loads(oracle_files.decode(cache / "tracks/track_1850/class_1703.json.gz"))["track_info"]["Data"] == []


# ---- the oracle against a second, naive formulation: every question asked of all rows anew ----


def all_rows(one):
    return [(int(each["track_id"]), int(each["class_id"]), len(each["results"]), row)
            for each in oracle_sharded.in_order(one.boards) for row in oracle_sharded.rows(each) if row["name"]]  # fmt: skip


def identity(row):
    return row["path_id"] or oracle_sharded.key_of(row["name"]), bool(row["path_id"])


def naive_newest(one, who, field):
    best = None
    for _, _, _, row in all_rows(one):
        if identity(row) == who and row[field] and (best is None or row["date_time"].encode() > best["date_time"].encode()):
            best = row
    return best[field] if best else ""


def naive_best(one, who):
    places = {(track, klass) for track, klass, _, row in all_rows(one) if identity(row) == who}
    return [min((line for line in all_rows(one) if identity(line[3]) == who and line[:2] == place),
                key=lambda line: line[3]["position"]) for place in sorted(places)]  # fmt: skip


def naive_average(lines):
    shares = [Fraction(total - row["position"], total - 1) for _, _, total, row in lines if total >= 2]
    if not shares:
        return 0
    exact = sum(shares, Fraction(0)) / len(shares) * 100
    digits = 4 if 0 < exact < Fraction(1, 100) else 2
    size = abs(exact) * 10**digits
    whole = size.numerator // size.denominator + (size % 1 >= Fraction(1, 2))
    return float(Fraction(whole, 10**digits) * (1 if exact >= 0 else -1)) + 0.0


@pytest.mark.parametrize("seed", range(6))
def test_the_oracle_agrees_with_a_naive_one(seed):
    boards, superclasses, classes, _ = Maker(seed, code_points_by_class()).world()
    changed_at_ms = {(each["track_id"], each["class_id"]): each["changed_at_ms"] for each in boards}
    one = World(boards, superclasses, classes, changed_at_ms)
    assert {(who.path_id, who.identity[0]) for who in one.persons} == {identity(row) for _, _, _, row in all_rows(one)}
    entries, metadata = oracle_sharded.entries(one), oracle_sharded.metadata(one)
    found = {}
    for who in one.persons:
        same = who.path_id, who.identity[0]
        name = naive_newest(one, same, "name")
        about = {field: naive_newest(one, same, field) for field in ("avatar", "country", "team", "rank")}
        lines = naive_best(one, same)
        for key in who.keys:
            shard = oracle_sharded.shard_of(key)
            assert {"name": name, "path_id": who.path_id, **about} in metadata[shard][key]
            found[key] = found.get(key, 0) + len(lines)
            published = [(int(row["track_id"]), int(row["class_id"]), row["total_entries"], row["position"], row["laptime"])
                         for row in entries[shard][key] if row["path_id"] == who.path_id]  # fmt: skip
            assert {(*line[:3], line[3]["position"], line[3]["laptime"]) for line in lines} <= set(published)
    assert found == {key: len(rows) for shard in entries.values() for key, rows in shard.items()}
    assert sorted(found, key=str.encode) == sorted(key for shard in metadata.values() for key in shard)
    for path, document in oracle_statistics.documents(one):
        if path == "stats/overall/overall_entries.json.gz":
            assert sorted(row["avg_bested"] for row in document["results"]) == sorted(
                naive_average(naive_best(one, (who.path_id, who.identity[0]))) for who in one.persons)  # fmt: skip


@pytest.mark.parametrize("numerator, denominator, wanted", [
    (500, 6, "83.33"), (100, 6, "16.67"), (100, 1, "100"), (33, 2, "16.5"), (0, 3, "0"), (1, 1000, "0.001"), (1, 100, "0.01"),
    (9, 1000, "0.009"), (99996, 10**7, "0.01"), (1, 10**6, "0"), (5, 10**5, "0.0001"), (49, 10**6, "0"), (12345, 1000, "12.35"),
    (-12345, 1000, "-12.35"), (-4, 1000, "0"), (-5, 1000, "-0.01"), (199999, 2000, "100"), (10005, 1000, "10.01"),
])  # fmt: skip
def test_rounding(numerator, denominator, wanted):
    assert oracle_files.encode(oracle_statistics.rounded(numerator, denominator)).decode() == wanted


def test_a_sum_of_many_fractions_is_exact():
    dice = random.Random(5)
    pairs = [(dice.randint(1, 3000), dice.randint(2, 3000)) for _ in range(400)]
    tally = oracle_statistics.Tally()
    for position, total in pairs:
        tally.add(position, total)
    lines = [(1, 1, total, {"position": position}) for position, total in pairs]
    assert tally.average == naive_average(lines)


@pytest.mark.parametrize("names, wanted", [
    (["GT3"], {"GT3": "gt3"}), (["gt3", "GT3", "GT-3"], {"GT-3": "gt_3", "GT3": "gt3", "gt3": "gt3_2"}),
    (["DTM 2010s", "  Audi--Cup! "], {"DTM 2010s": "dtm_2010s", "  Audi--Cup! ": "audi_cup"}),
    (["日本", "日"], {"日": "", "日本": "_2"}), (["A", "a", "A 2"], {"A": "a", "A 2": "a_2", "a": "a_3"}),
])  # fmt: skip
def test_slugs(names, wanted):
    assert oracle_statistics.slugs(names) == wanted


# ---- what the worked examples and the random catalogues do not reach ----


def simple(place, name, number=None, **fields):
    path = f"https://game.raceroom.com/users/info/{number}/" if number is not None else ""
    return entry(place, name, 1, "", "", "2026", "", "", "") | {"driver": {"name": name, "path": path}} | fields


def limits():
    """1,300 people in one class of three boards, ties everywhere; others in a class that no superclass names."""
    names = [f"Driver {number % 1100:04}" for number in range(1300)]
    boards = [board(track, 5, [simple(1 + place // (2 + track), names[(place * step) % 1300], (place * step) % 1300)
                               for place in range(1300)], f"Track {track}", "Five")
              for track, step in ((1, 1), (2, 7), (3, 1))]  # fmt: skip
    boards += [board(track, 6, [simple(place, names[(place * track) % 600]) for place in range(1, 130 + track)],
                     f"Track {track}", "Six") for track in range(1, 8)]  # fmt: skip
    return boards


def test_lists_are_cut_where_they_should_be(store, exporter, cache):
    one = store(limits(), {"One": [5], "Both": [5, 6], "Other": [7]})
    exporter()
    oracle_files.check(cache, one.world)
    everybody, top, averages, one_class, superclass = (
        json.loads(oracle_files.decode(cache / f"stats/{path}.json.gz"))["count"]
        for path in ("overall/overall_entries", "overall/overall_top_entries", "overall/overall_top_avg_bested",
                     "classes/5_bested", "superclasses/both_entries"))  # fmt: skip
    assert everybody > 1500 and 0 < averages < 500
    assert (top, one_class, superclass) == (500, 1000, 1000)


def test_averages_that_end_on_a_half(store, exporter, cache):
    """Boards of sizes whose shares end on a half of what is published, and some so large that four decimals count."""
    dice = random.Random(5)
    boards = []
    for track, total in enumerate((2, 3, 9, 17, 33, 41, 65, 81, 201, 401, 801, 2001, 20001, 40001), 1):
        names = dice.sample(range(12 if total > 20000 else 60), min(total, 10))
        places = range(total - len(names) + 1, total + 1) if total > 20000 else dice.sample(range(1, total + 1), len(names))
        names = [name + 100 for name in names] if total > 20000 else names  # somebody with rows near the end only
        rows = {place: simple(place, f"Driver {name}", name) for name, place in zip(names, places)}
        klass = 1 + track % 3
        boards.append(board(track, klass, [rows.get(place, {}) for place in range(1, total + 1)], f"Track {track}", f"C{klass}"))
    one = store(boards, {"All": [1, 2, 3]})
    exporter()
    oracle_files.check(cache, one.world)
    published = json.loads(oracle_files.decode(cache / "stats/overall/overall_avg_bested.json.gz"))
    assert any(0 < row["avg_bested"] < 0.01 for row in published["results"])


PEOPLE = {
    "a number as a name": [simple(1, "71"), simple(2, "Ann", "71"), simple(3, "Ann", "071"), simple(4, "0071", "0071")],
    "one person with several rows": [simple(3, "Ann", "1"), simple(3, "ann", "1"), simple(2, "Bob", "1", date_time="1999"),
                                     simple(2, "Cid", "1", date_time="1998")],
    "two names in one folding": [simple(1, "Ærø", "1"), simple(2, "AErø", "2"), simple(3, "Arø", "3"), simple(4, "aero", "4")],
    "composed to a letter that is not in the table": [simple(1, "Æ\u0301", "1"), simple(2, "Ǽ", "2"), simple(3, "Ǿ Ø\u0301", "3")],
    "nameless rows of somebody": [simple(1, "Ann", "1"), simple(2, "", "1", date_time="2027", team="New"), simple(3, None)],
    "white space": [simple(1, " \u3000", "1"), simple(2, "\t", "2"), simple(3, "\u200b", "3"), simple(4, "a\u0085\x1cb", "4"),
                    simple(5, " \u3000"), simple(6, " ")],
    "capitals": [simple(1, "İ", "1"), simple(2, "ΑΣ", "2"), simple(3, "\u212aelvin", "3"), simple(4, "\u212bngström", "4"),
                 simple(5, "ẞ", "5"), simple(6, "ǅ", "6"), simple(7, "Ａ", "7"), simple(8, "Ⓐ", "8")],
    "a team of equal parts": [simple(place, f"D{place}", place, team="T", country={"name": "AABB"[place - 1]})
                              for place in range(1, 5)],
    "a team of one country": [simple(place, f"D{place}", place, team="T", country={"name": ["A", "A", "B", ""][place - 1]})
                              for place in range(1, 5)],
    "places behind the end": [simple(1000, "Ann", "1"), simple(2, "Bob", "2"), simple(7, "Cid", "3")],
}  # fmt: skip


@pytest.mark.parametrize("people", PEOPLE)
def test_people(store, exporter, cache, people):
    one = store([board(1, 1, PEOPLE[people], "Track", "Class"), board(2, 1, PEOPLE[people][:1], "Other", "Class")])
    figures = exporter().figures
    oracle_files.check(cache, one.world)
    counted = oracle_flat.figures(one.world.boards)
    assert {name: figures[name] for name in counted} == counted


def test_an_empty_store(store, exporter, cache):
    one = store([], {"GT3": [1]}, {1: "One"})
    exporter()
    oracle_files.check(cache, one.world)
    assert oracle_files.decode(cache / "stats/index.json").startswith(b'{"updated_at":null,')
    one.put(board(1, 1, [], "1", "One"))
    exporter()
    oracle_files.check(cache, one.world)


def test_layouts_come_and_go(store, exporter, cache):
    one = store(DRIVERS + STATISTICS[1:2], SUPERCLASSES)
    exporter()
    for layouts in ("flat", "sharded", "flat,sharded", "sharded"):
        exporter("--layouts", layouts)
        oracle_files.check(cache, one.world, layouts.split(","))
        assert (cache / "index").exists() == (cache / "stats").exists() == ("sharded" in layouts)
