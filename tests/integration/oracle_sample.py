"""The oracle where there are millions of rows: it reads them back from the store and judges a sample of what was published.

Persons, names, teams and a shard are chosen by hash; of those, all is compared, of the statistics every
number that counts for the order, too. Files are read piece by piece. The store must be one in which no name has two keys.
"""

import codecs
import dataclasses
import json
import zlib

import lmdb
import msgpack
import xxhash

import oracle_files
import oracle_flat
import oracle_sharded
import oracle_statistics
import store_file

FIELDS = ("position", "time_diff_us", "name", "path_id", "avatar", "laptime", "date_time",
          "country", "car", "car_class", "team", "rank", "difficulty")  # fmt: skip
SHARED = 7  # the fields from here on are places in the list of shared strings, see common/board.h
PIECE = 1 << 20


def chosen(text, one_in):
    return xxhash.xxh64_intdigest(text.encode()) % one_in == 0


# ---- published files, piece by piece ----


def pieces(path):
    """The text of a gzip file of one member."""
    member = zlib.decompressobj(wbits=31)
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        while data := file.read(PIECE):
            text = decoder.decode(member.decompress(data))
            if text:
                yield text
    assert member.eof and not member.unused_data, path


class Pieces:
    """Takes JSON values one by one from the text of a file."""

    def __init__(self, path):
        self.source = pieces(path)
        self.text, self.at = "", 0
        self.decoder = json.JSONDecoder()

    def more(self):
        piece = next(self.source, None)
        if piece is not None:
            self.text, self.at = self.text[self.at :] + piece, 0
        return piece is not None

    def expect(self, literal):
        while len(self.text) - self.at < len(literal) and self.more():
            pass
        found = self.text[self.at : self.at + len(literal)]
        assert found == literal, f"{found!r} where {literal!r} was expected"
        self.at += len(literal)

    def peek(self):
        while self.at == len(self.text) and self.more():
            pass
        return self.text[self.at : self.at + 1]

    def until(self, literal):
        """What comes before a literal, which is taken too."""
        while (end := self.text.find(literal, self.at)) < 0:
            assert self.more(), f"{literal!r} does not come"
        before = self.text[self.at : end]
        self.at = end + len(literal)
        return before

    def value(self):
        wanted = 1
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
                if end < len(self.text) or not self.more():
                    self.at = end
                    return value
            except json.JSONDecodeError:
                got = [self.more() for _ in range(wanted)]
                assert any(got), "a value is broken off"
                wanted *= 2  # a long one is not tried again for each piece

    def listed(self, end, one):
        """What `one` takes, between commas until `end`."""
        if self.peek() != end:
            yield one()
            while self.peek() == ",":
                self.expect(",")
                yield one()
        self.expect(end)

    def end(self):
        assert self.peek() == "", f"{self.peek()!r} behind the end"


def members(path):
    """(key, value) of a file that is an object."""
    taking = Pieces(path)

    def member():
        key = taking.value()
        taking.expect(":")
        return key, taking.value()

    taking.expect("{")
    yield from taking.listed("}", member)
    taking.end()


def elements(path, head=False):
    """The elements of a file that is an array; or first the members before "results", then its elements."""
    taking = Pieces(path)
    if head:
        yield json.loads(taking.until(',"results":') + "}")
    taking.expect("[")
    yield from taking.listed("]", taking.value)
    if head:
        taking.expect("}")
    taking.end()


# ---- the store ----


def stored_boards(folder):
    """Yields (track id, class id, record, rows) in order; a row is a dictionary as oracle_flat.row gives it."""
    with lmdb.open(str(folder), max_dbs=4, map_size=2**40, readonly=True) as environment:
        boards, rows = (environment.open_db(name, create=False) for name in (b"boards", b"rows"))
        with environment.begin() as transaction:
            for key, value in transaction.cursor(boards):
                record = store_file.unpack_board_record(bytes(key), value)
                packed = transaction.get(key, db=rows) or b""
                yield *(int.from_bytes(part, "big") for part in (key[:4], key[4:])), record, unpacked(packed)


def unpacked(packed):
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(packed)
    shared = next(unpacker, (1, 0, []))[2]
    for row in unpacker:
        yield dict(zip(FIELDS, (*row[:SHARED], *(shared[place] for place in row[SHARED:]))))


def identity_of(row):
    return (True, row["path_id"]) if row["path_id"] else (False, oracle_flat.key_of(row["name"]))


def catalogue_of(folder):
    """Names of tracks and of classes, {id: name}."""
    _, tracks, classes, _ = msgpack.unpackb(store_file.metas(folder)["catalogue"])
    return tuple(dict(zip(flat[::2], flat[1::2])) for flat in (tracks, classes))


def add_superclass(folder, name, class_ids):
    """To a store that nobody has open."""
    catalogue = msgpack.unpackb(store_file.metas(folder)["catalogue"])
    catalogue[3] = [name, sorted(class_ids)]
    with store_file.writing(folder) as (transaction, databases):
        sealed = store_file.seal_meta("catalogue", msgpack.packb(catalogue))
        transaction.put(b"catalogue", sealed, db=databases["meta"])


@dataclasses.dataclass
class Choice:
    """What is judged in full: a shard, persons, teams and keys of the flat index by hash, scopes {path: class ids}."""

    shard: str
    scopes: dict
    persons_one_in: int = 1000
    teams_one_in: int = 100
    keys_one_in: int = 2000


class Survey:
    """The first walk: everybody's tallies, and who is in the sample."""

    def __init__(self, choice):
        self.choice = choice
        self.tallies = {path: {} for path in ("overall/overall", *choice.scopes)}  # {identity: Tally}
        self.selected = set()
        self.by_name = {}  # {name: whether all who have it are in the sample}
        self.changed_at_ms = {}
        self.combinations = []
        self.best_rows = 0

    def selects_name(self, name):
        if name not in self.by_name:
            person = oracle_sharded.Person((True, ""))
            person.name = name
            assert len(person.keys) == 1
            self.by_name[name] = (oracle_sharded.shard_of(person.keys[0]) == self.choice.shard
                                  or chosen(oracle_flat.key_of(name), self.choice.keys_one_in))  # fmt: skip
        return self.by_name[name]

    def add(self, track_id, class_id, record, rows):
        best = {}
        for row in rows:
            if row["name"]:
                identity = identity_of(row)
                best[identity] = min(best.get(identity, row["position"]), row["position"])
                by_name = self.selects_name(row["name"])
                if by_name or chosen(identity[1], self.choice.persons_one_in) or chosen(row["team"], self.choice.teams_one_in):
                    self.selected.add(identity)
        self.best_rows += len(best)
        for path, tallies in self.tallies.items():
            if class_id in self.choice.scopes.get(path, (class_id,)):
                for identity, position in best.items():
                    tallies.setdefault(identity, oracle_statistics.Tally()).add(position, record["entry_count"])
        if record["entry_count"]:
            self.changed_at_ms[track_id, class_id] = record["changed_at_ms"]
            self.combinations.append((track_id, class_id, record["entry_count"]))


def sampled_persons(folder, selected):
    """The second walk: all rows of those in the sample, as oracle_sharded.Person, in order."""
    found = {}
    for track_id, class_id, record, rows in stored_boards(folder):
        for row in rows:
            if row["name"] and (identity := identity_of(row)) in selected:
                person = found.setdefault(identity, oracle_sharded.Person(identity))
                person.rows.append(oracle_sharded.Row(track_id, class_id, record["entry_count"], row))
    return sorted(found.values(), key=lambda person: person.order)


# ---- judging ----


class Judge:
    """Of a public folder `cache` made from the store in `folder`."""

    def __init__(self, folder, cache, choice):
        self.cache, self.choice = cache, choice
        self.tracks, self.classes = catalogue_of(folder)
        self.survey = Survey(choice)
        for board in stored_boards(folder):
            self.survey.add(*board)
        self.world = oracle_sharded.World([], classes={})
        self.world.persons = sampled_persons(folder, self.survey.selected)
        self.by_key = {}
        for person in self.world.persons:
            if chosen(person.path_id, choice.persons_one_in):
                self.by_key.setdefault(person.keys[0], []).append(person)

    def check(self):
        self.check_flat()
        self.check_shards()
        self.check_mirror()
        self.check_teams()
        self.check_combinations()
        self.check_overall()
        self.check_scopes()

    def check_flat(self):
        """All entries under the keys that were chosen, and how many keys there are."""
        wanted = {}
        for person in self.world.persons:
            for row in person.rows:
                key = oracle_flat.key_of(row.fields["name"])
                if chosen(key, self.choice.keys_one_in):
                    place = {"track_id": row.track_id, "class_id": row.class_id, "results": range(row.total),
                             "track_name": self.tracks[row.track_id]}  # fmt: skip
                    wanted.setdefault(key, []).append(oracle_flat.listed_entry(place, row.fields))
        keys, before = 0, ""
        for key, rows in members(self.cache / "driver_index.json.gz"):
            assert before < key
            before, keys = key, keys + 1
            if chosen(key, self.choice.keys_one_in):
                ours = wanted.pop(key)
                ours.sort(key=lambda row: (int(row["track_id"]), int(row["class_id"]), row["position"]))
                assert rows == ours, key
        assert not wanted and keys == len({oracle_flat.key_of(name) for name in self.survey.by_name})

    def check_shards(self):
        """The chosen shard in full, of all others the sample; and how many rows there are."""
        found = count = 0
        for kind, whole in (("entries", oracle_sharded.entries(self.world)), ("metadata", oracle_sharded.metadata(self.world))):
            for shard in oracle_sharded.SHARDS:
                path = self.cache / f"index/{kind}/{shard}.json.gz"
                if shard == self.choice.shard:
                    actual, wanted = oracle_files.decode(path), oracle_files.encode(whole[shard])
                    assert actual == wanted, oracle_files.difference(path, actual, wanted)
                before = None
                for key, values in members(path):
                    assert before is None or before < key, f"{path}: {key!r} comes after {before!r}"
                    assert oracle_sharded.shard_of(key) == shard
                    before = key
                    count += len(values)
                    for person in self.by_key.get(key, ()):
                        ours, theirs = ([value for value in rows if value["path_id"] == person.path_id]
                                        for rows in (values, whole[shard][key]))  # fmt: skip
                        assert ours == theirs, (path, key)
                        found += 1
        assert found == 2 * sum(map(len, self.by_key.values()))
        assert count == self.survey.best_rows + len(self.survey.tallies["overall/overall"])

    def check_mirror(self):
        wanted = {text for person in self.world.persons for text in (person.keys[0], person.display)}
        before = None
        for text in elements(self.cache / "index/mirror.json.gz"):
            assert before is None or before < text
            before = text
            wanted.discard(text)
        assert not wanted

    def check_teams(self):
        """Those chosen, of which every member is in the sample."""
        published = members(self.cache / "index/teams.json.gz")
        wanted, found = ({team: about for team, about in teams if chosen(team, self.choice.teams_one_in)}
                         for teams in (oracle_sharded.teams(self.world).items(), published))  # fmt: skip
        assert found == wanted and wanted

    def check_combinations(self):
        wanted = sorted(self.survey.combinations, key=lambda combination: -combination[2])  # stable: by track and class
        rows = elements(self.cache / "all_combinations.json.gz", head=True)
        assert next(rows) == {"count": len(wanted)}
        assert [(int(row["track_id"]), int(row["class_id"]), row["entry_count"]) for row in rows] == wanted

    def check_overall(self):
        """The whole lists, and that the short ones are their beginnings."""
        scope = {"scope_type": "overall", "scope_id": "overall", "scope_name": "Overall"}
        limits = oracle_statistics.LISTS["overall_top"]
        judged = ListJudge(self, "overall/overall", scope, "overall")
        for sort in oracle_statistics.SORTS:
            wanted = []
            for row in judged.rows(sort):
                if len(wanted) < limits["limit"] and (sort != "avg_bested" or row["entries"] >= limits["avg_entries"]
                                                      and row["bested_drivers"] >= limits["avg_bested"]):
                    wanted.append(row)
            head, *found = elements(self.cache / f"stats/overall/overall_top_{sort}.json.gz", head=True)
            assert found == wanted and head["count"] == len(wanted)

    def check_scopes(self):
        index = json.loads((self.cache / "stats/index.json").read_bytes())
        assert [one["id"] for one in index["classes"]] == sorted({str(class_id) for _, class_id in self.survey.changed_at_ms})
        for path in self.choice.scopes:
            group, _, number = path.partition("/")
            mine = next(one for one in index[group] if one["id"] == number)
            assert mine["count"] == len(self.survey.tallies[path])
            kind = {"classes": "class", "superclasses": "superclass"}[group]
            judged = ListJudge(self, path, {"scope_type": kind, "scope_id": number, "scope_name": mine["name"]}, "class")
            for sort in oracle_statistics.SORTS:
                for _ in judged.rows(sort):
                    pass


class ListJudge:
    """Of the five lists of a scope: every number of the order, and all of the rows of the sample."""

    def __init__(self, judge, path, scope, kind):
        self.path, self.scope, self.cache = path, scope, judge.cache
        self.limits = oracle_statistics.LISTS[kind]
        tallies = judge.survey.tallies[path]
        self.numbers = [(tally.ranked, {"pole_positions": tally.poles, "bested_drivers": tally.bested, "podiums": tally.podiums,
                                        "avg_bested": tally.average, "entries": tally.entries})
                        for tally in tallies.values()]  # fmt: skip
        self.sampled = {key: [(tallies[person.identity].ranked, oracle_statistics.result(person, tallies[person.identity]))
                              for person in people if person.identity in tallies]
                        for key, people in judge.by_key.items()}  # fmt: skip
        classes = judge.choice.scopes.get(path)
        changed_at_ms = (ms for (_, class_id), ms in judge.survey.changed_at_ms.items() if not classes or class_id in classes)
        self.updated_at = oracle_statistics.rfc3339(max(changed_at_ms))

    def is_listed(self, sort, ranked, numbers):
        if sort == "avg_bested":
            return (ranked and numbers["entries"] >= self.limits["avg_entries"]
                    and numbers["bested_drivers"] >= self.limits["avg_bested"])  # fmt: skip
        return numbers[oracle_statistics.METRIC[sort]] > 0 and numbers["entries"] >= self.limits["entries"]

    def rows(self, sort):
        """Yields the results of a file once they are judged; it must be read to the end."""
        order = oracle_statistics.ORDER[sort]
        wanted = [tuple(numbers[field] for field in order) for ranked, numbers in self.numbers
                  if self.is_listed(sort, ranked, numbers)]  # fmt: skip
        wanted = sorted(wanted, reverse=True)[: self.limits["limit"]]
        results = elements(self.cache / f"stats/{self.path}_{sort}.json.gz", head=True)
        assert next(results) == {**self.scope, "sort_by": sort, "count": len(wanted), "updated_at": self.updated_at}
        before, place, found = None, -1, 0
        for place, row in enumerate(results):
            assert wanted[place] == tuple(row[field] for field in order), (self.path, sort, place)
            here = (*(-number for number in wanted[place]), row["name"], row["driver_key"])
            assert before is None or before <= here, (self.path, sort, place)
            before = here
            found += any(row == ours for _, ours in self.sampled.get(row["driver_key"], ()))
            yield row
        assert place == len(wanted) - 1
        must = sum(1 for rows in self.sampled.values() for ranked, ours in rows if self.is_listed(sort, ranked, ours)
                   and (len(wanted) != self.limits["limit"] or tuple(ours[field] for field in order) > wanted[-1]))  # fmt: skip
        assert found >= must, f"{self.path} {sort}: {found} rows of the sample, wanted {must}"
