"""What the sharded layout must hold, computed from FORMATS ("Published files") alone and not from the exporter's code.

A World is what the service said and the catalogue knows. Pure functions; documents come back as Python objects, object
keys in order. Statistics: oracle_statistics. Which files there are, and their bytes: oracle_files.
"""

import collections
import dataclasses
import functools
import string
import unicodedata

from oracle_flat import in_order, key_of, lower, rows

SHARDS = (*string.ascii_lowercase, "_")
WHITE_SPACE = frozenset(  # the Unicode property White_Space
    map(chr, (*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
TABLE = {"ÀÁÂÃÄÅÆàáâãäåæ": "a", "Çç": "c", "ÐĎĐðďđ": "d", "ÈÉÊËèéêë": "e", "ÌÍÎÏìíîï": "i", "Ññ": "n",
         "ÒÓÔÕÖØŒòóôõöøœ": "o", "ÙÚÛÜùúûü": "u", "ÝýŸÿ": "y", "Šš": "s", "ŤÞťþ": "t", "Žž": "z"}  # fmt: skip
FOLDED = {letter: ascii_letter for letters, ascii_letter in TABLE.items() for letter in letters}
TWO_LETTERS = {"Æ": "ae", "æ": "ae", "Œ": "oe", "œ": "oe", "Þ": "th", "þ": "th"}


@dataclasses.dataclass
class World:
    """`boards` as in oracle_flat. `superclasses` is {name: [class id, …]}, `classes` {class id: name} of the catalogue;
    by default those of the boards. `changed_at_ms` is {(track id, class id): milliseconds}."""

    boards: list
    superclasses: dict = dataclasses.field(default_factory=dict)
    classes: dict = None
    changed_at_ms: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if self.classes is None:
            self.classes = {int(board["class_id"]): board["class_name"] for board in self.boards}

    @functools.cached_property
    def persons(self):
        return persons_of(self.boards)

    @functools.cached_property
    def best_by_class(self):
        """{class id: [(place in persons, row)]} of the best placed rows."""
        found = {}
        for number, person in enumerate(self.persons):
            for row in person.best:
                found.setdefault(row.class_id, []).append((number, row))
        return found


@dataclasses.dataclass(slots=True)
class Row:
    """One named row. `fields` as oracle_flat.row."""

    track_id: int
    class_id: int
    total: int
    fields: dict


class Person:
    """`rows` are all named rows in the order of the walk."""

    def __init__(self, identity):
        self.identity = identity  # (has digits, digits or lower-cased name)
        self.rows = []

    @property
    def path_id(self):
        return self.identity[1]

    @property
    def order(self):
        """Digits first, as numbers, then by bytes; then names by bytes."""
        has_digits, text = self.identity
        number = text.lstrip("0") if has_digits else ""
        return (not has_digits, len(number), number, text.encode())

    @functools.cached_property
    def newest_first(self):
        return sorted(self.rows, key=lambda row: row.fields["date_time"].encode(), reverse=True)  # stable: first wins

    def newest(self, field, usable=bool):
        return next((row.fields[field] for row in self.newest_first if usable(row.fields[field])), "")

    @functools.cached_property
    def name(self):
        return self.newest("name")

    @functools.cached_property
    def keys(self):
        """The key, and behind it the one of the two-letter folding if there is one."""
        composed = unicodedata.normalize("NFC", self.name)
        first = key_of_letters(FOLDED.get(letter, letter) for letter in composed)
        if not TWO_LETTERS.keys() & set(composed):
            return [first]
        return [first, key_of_letters(TWO_LETTERS.get(letter) or FOLDED.get(letter, letter) for letter in composed)]

    @functools.cached_property
    def display(self):
        return lower(collapsed(unicodedata.normalize("NFC", self.name)))

    @functools.cached_property
    def team(self):
        return self.newest("team", lambda team: team and team.encode().lower() != b"privateer")

    @functools.cached_property
    def best(self):
        """The best placed row of each combination, first wins; in the order of the walk."""
        best = {}
        for row in self.rows:
            place = row.track_id, row.class_id
            if place not in best or row.fields["position"] < best[place].fields["position"]:
                best[place] = row
        return list(best.values())

    @functools.cached_property
    def metadata(self):
        return {"name": self.name, "path_id": self.path_id,
                **{field: self.newest(field) for field in ("avatar", "country", "team", "rank")}}


def key_of_letters(letters):
    return lower(collapsed("".join(letters)))


def collapsed(text):
    """Each run of white space as one space, none at the ends."""
    spaced = "".join(" " if letter in WHITE_SPACE else letter for letter in text)
    return " ".join(part for part in spaced.split(" ") if part)


def persons_of(boards):
    """Everybody with a named row, in order."""
    found = {}
    for board in in_order(boards):
        track_id, class_id, total = int(board["track_id"]), int(board["class_id"]), len(board["results"])
        for fields in rows(board):
            if fields["name"]:
                identity = (True, fields["path_id"]) if fields["path_id"] else (False, key_of(fields["name"]))
                if identity not in found:
                    found[identity] = Person(identity)
                found[identity].rows.append(Row(track_id, class_id, total, fields))
    return sorted(found.values(), key=lambda person: person.order)


def shard_of(key):
    return key[0] if key and key[0] in string.ascii_lowercase else "_"


def mirror(world):
    strings = {text for person in world.persons for text in (*person.keys, person.display)}
    return sorted(strings, key=str.encode)


def _sharded(world, items):
    """{shard: {key: what items(persons) gives}}, keys by their bytes."""
    shards = {shard: {} for shard in SHARDS}
    people = {}
    for person in world.persons:
        for key in person.keys:
            people.setdefault(key, []).append(person)
    for key in sorted(people, key=str.encode):
        shards[shard_of(key)][key] = items(people[key])
    return shards


def _entry(person, row):
    fields = row.fields
    return {
        "path_id": person.path_id,
        "position": fields["position"],
        "laptime": fields["laptime"],
        "car": fields["car"],
        "car_class": fields["car_class"],
        "difficulty": fields["difficulty"],
        "track_id": str(row.track_id),
        "class_id": str(row.class_id),
        "date_time": fields["date_time"],
        "total_entries": row.total,
    }


def _entries_of(people):
    pairs = [(person, row) for person in people for row in person.best]
    pairs.sort(key=lambda pair: (pair[1].track_id, pair[1].class_id, pair[1].fields["position"]))  # stable: person order
    return [_entry(person, row) for person, row in pairs]


def entries(world):
    """{shard: index/entries/<shard>.json.gz}"""
    return _sharded(world, _entries_of)


def metadata(world):
    """{shard: index/metadata/<shard>.json.gz}"""
    return _sharded(world, lambda people: [person.metadata for person in people])


def people_shard_of(key):
    """Those of a letter go by the second: a, b to h, i to n, o to q, r to z and whatever is no letter."""
    first = shard_of(key)
    if first == "_":
        return first
    second = shard_of(key[1:])
    return first + next((start for start, end in ("ab", "bi", "io", "or") if start <= second < end), "r")


PEOPLE_SHARDS = ("_", *(first + second for first in string.ascii_lowercase for second in "abior"))


def people(world):
    """{shard: index/people/<shard>.json.gz}"""
    shards = {shard: {} for shard in PEOPLE_SHARDS}
    for document in _sharded(world, lambda some: [{
        **{field: person.metadata[field] for field in ("name", "path_id", "country", "team", "rank")},
        "entries": len(person.best)} for person in some]
    ).values():
        for key, some in document.items():
            shards[people_shard_of(key)][key] = some
    return shards


def _country_of(members):
    known = collections.Counter(person.metadata["country"] for person in members if person.metadata["country"])
    return next((country for country, count in known.items() if 2 * count > known.total()), "Various")


def teams(world):
    """index/teams.json.gz"""
    members = {}
    for person in world.persons:
        if person.team:
            members.setdefault(person.team, []).append(person)
    return {
        team: {
            "country": _country_of(members[team]),
            "drivers": [{"name": person.name, "path_id": person.path_id}
                        for person in sorted(members[team], key=lambda person: person.name.encode())],
        }
        for team in sorted(members, key=str.encode)
    }
