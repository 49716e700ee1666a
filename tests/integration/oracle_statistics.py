"""What the statistics must hold, computed from FORMATS ("Sharded layout") alone and not from the exporter's code.

Averages are exact fractions of whole numbers and are rounded once. Pure functions; see oracle_sharded for World.
"""

import dataclasses
import datetime

from oracle_flat import lower

SORTS = ("pole", "bested", "podium", "avg_bested", "entries")
METRIC = {"pole": "pole_positions", "bested": "bested_drivers", "podium": "podiums", "avg_bested": "avg_bested",
          "entries": "entries"}  # fmt: skip
ORDER = {"pole": ("pole_positions", "bested_drivers"), "bested": ("bested_drivers", "pole_positions"),
         "podium": ("podiums", "pole_positions"), "avg_bested": ("avg_bested", "entries", "bested_drivers"),
         "entries": ("entries", "avg_bested", "bested_drivers")}  # fmt: skip
KEPT = "abcdefghijklmnopqrstuvwxyz0123456789"  # in slugs
LISTS = {  # kind: (entries of those who are listed at least, at most so many; the same and bested for avg_bested)
    "overall": {"entries": 0, "limit": None, "avg_entries": 0, "avg_bested": 0},
    "overall_top": {"entries": 0, "limit": 500, "avg_entries": 5, "avg_bested": 100},
    "class": {"entries": 2, "limit": 1000, "avg_entries": 2, "avg_bested": 10},
}


@dataclasses.dataclass(slots=True)
class Tally:
    """Of one person over the rows of a scope. `numerator` / `denominator` is the sum of (N-P)/(N-1) over `ranked` rows."""

    poles: int = 0
    bested: int = 0
    podiums: int = 0
    entries: int = 0
    ranked: int = 0
    numerator: int = 0
    denominator: int = 1

    def add(self, position, total):
        self.entries += 1
        self.poles += position == 1 and total >= 2
        self.podiums += position <= 3 and total >= 4
        self.bested += max(0, total - position)
        if total >= 2:
            self.ranked += 1
            self.numerator = self.numerator * (total - 1) + (total - position) * self.denominator
            self.denominator *= total - 1

    @property
    def average(self):
        return rounded(100 * self.numerator, self.denominator * self.ranked) if self.ranked else 0


def rounded(numerator, denominator):
    """The quotient with two decimals, half away from zero; with four if it is above zero and below 0.01."""
    scale = 10_000 if 0 < 100 * numerator < denominator else 100
    whole = (2 * abs(numerator) * scale + denominator) // (2 * denominator)
    if numerator < 0:
        whole = -whole
    return whole // scale if whole % scale == 0 else whole / scale


def rfc3339(milliseconds):
    """To the second; None for never."""
    if milliseconds is None:
        return None
    return datetime.datetime.fromtimestamp(milliseconds // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def slugs(names):
    """{name: slug}; the later ones of the same slug, by the bytes of their names, get `_2`, `_3`."""
    taken = {}
    for name in sorted(names, key=str.encode):
        kept = "".join(letter if letter in KEPT else " " for letter in lower(name))
        slug = "_".join(kept.split())
        numbered = (slug, *(f"{slug}_{number}" for number in range(2, len(names) + 2)))
        taken[name] = next(candidate for candidate in numbered if candidate not in taken.values())
    return taken


@dataclasses.dataclass
class Scope:
    """`prefix` is the files' path up to the name of the sort."""

    kind: str
    type: str
    id: str
    name: str
    prefix: str
    class_ids: frozenset


def overall_scopes(world):
    classes = frozenset(int(board["class_id"]) for board in world.boards)
    return [Scope(kind, "overall", "overall", "Overall", f"stats/overall/{kind}_", classes)
            for kind in ("overall", "overall_top")]  # fmt: skip


def class_scopes(world):
    """By id as strings; those with entries."""
    scopes = [Scope("class", "class", str(number), name, f"stats/classes/{number}_", frozenset([number]))
              for number, name in world.classes.items()]  # fmt: skip
    return sorted((scope for scope in scopes if boards_of(world, scope)), key=lambda scope: scope.id)


def superclass_scopes(world):
    """By name; those with entries."""
    slug_of = slugs(world.superclasses)
    scopes = [Scope("class", "superclass", slug_of[name], name, f"stats/superclasses/{slug_of[name]}_",
                    frozenset(world.superclasses[name]))
              for name in sorted(world.superclasses, key=str.encode)]  # fmt: skip
    return [scope for scope in scopes if boards_of(world, scope)]


def boards_of(world, scope):
    return [board for board in world.boards if board["results"] and int(board["class_id"]) in scope.class_ids]


def updated_at(world, scope):
    times = [world.changed_at_ms[int(board["track_id"]), int(board["class_id"])] for board in boards_of(world, scope)]
    return rfc3339(max(times, default=None))


def tallies(world, scope):
    """[(person, Tally)] of those with a row in the scope, in order of the persons."""
    found = {}
    for class_id in scope.class_ids:
        for number, row in world.best_by_class.get(class_id, ()):
            found.setdefault(number, Tally()).add(row.fields["position"], row.total)
    return [(world.persons[number], found[number]) for number in sorted(found)]


def result(person, tally):
    about = person.metadata
    return {
        "driver_key": person.keys[0],
        **{field: about[field] for field in ("name", "avatar", "country", "team", "rank")},
        "pole_positions": tally.poles,
        "bested_drivers": tally.bested,
        "podiums": tally.podiums,
        "avg_bested": tally.average,
        "entries": tally.entries,
    }


def listed(scope, sort, found):
    """The results of one file, of [(tally, result)] in order of the persons."""
    limits = LISTS[scope.kind]
    if sort == "avg_bested":
        rows = [row for tally, row in found if tally.ranked and tally.entries >= limits["avg_entries"]
                and tally.bested >= limits["avg_bested"]]
    else:
        rows = [row for tally, row in found if row[METRIC[sort]] > 0 and tally.entries >= limits["entries"]]
    rows.sort(key=lambda row: (*(-row[field] for field in ORDER[sort]), row["name"].encode(), row["driver_key"].encode()))
    return rows[: limits["limit"]]  # sorting was stable: the last tie goes by the order of the persons


def files_of(scope):
    return {f"{sort}_file": f"cache/{scope.prefix}{sort}.json.gz" for sort in SORTS}


def documents(world):
    """Yields (path, document) of all files below stats/."""
    index = {"updated_at": updated_at(world, overall_scopes(world)[0])}
    index |= {scope.kind: files_of(scope) for scope in overall_scopes(world)}
    for group, scopes in (("overall", overall_scopes(world)), ("classes", class_scopes(world)),
                          ("superclasses", superclass_scopes(world))):
        about = []
        for scope in scopes:
            found = [(tally, result(person, tally)) for person, tally in tallies(world, scope)]
            about.append({"id": scope.id, "name": scope.name, "files": files_of(scope), "count": len(found)})
            head = {"scope_type": scope.type, "scope_id": scope.id, "scope_name": scope.name}
            changed = updated_at(world, scope)
            for sort in SORTS:
                results = listed(scope, sort, found)
                yield f"{scope.prefix}{sort}.json.gz", {
                    **head, "sort_by": sort, "count": len(results), "updated_at": changed, "results": results
                }  # fmt: skip
        if group != "overall":
            index[group] = about
    yield "stats/index.json", index
