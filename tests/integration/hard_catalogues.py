"""Small random catalogues with hard names. The same seed gives the same worlds, with any release of Python's `random`
that keeps random() and getrandbits()."""

import random
import string
import sys
import unicodedata

from oracle_sharded import FOLDED, TWO_LETTERS, WHITE_SPACE

LONG = 10_000  # bytes of the longest names
NOT_SPACES = "\u200b\u180e\ufeff\u2060\x1c\x1d\x1e\x1f\xad"  # look like white space, or are to other libraries
CASES = "İIıiKkÅåΩΣσςẞßǅǄǆǇⅧⓐꭰᏀᲐაÞÆŒǼǢﬁŉΐᾳꞬ𐐀𞤀ﷺ"
MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0323\u0327\u0328\u0345\u093c\u3099\u05b0\u064b"
RIGHT_TO_LEFT = ("עברית", "شماخ", "\u202eabc\u202c", "\u2067אב\u2069 x", "ܐܒ", "\u200fאא")
QUOTING = ('"', "\\", "/", "</script>", "\x00", "\x07", "\t", "\r\n", "\x7f", "\x85", "\u2028", "\u2029", "{}[],:")
NONCHARACTERS = "\ufffe\uffff\U0001fffe\U0010ffff\ufdd0"
PLAIN = ("Ann", "Bob Dylan", "Carla", "Dan", "Eve", "Zoë", "Ömer Can", "Åke", "Đorđe", "Ýr", "Thor", "Þór", "Æneas", "Œdipe", "Hugo",
         "7", "12")  # fmt: skip
TEAMS = ("", None, "Privateer", "PRIVATEER", "pRiVaTeEr", "privateer", " Privateer", "Privateer ", "Privatéer", "Team X",
         "team x",          "Team  X", {"name": "Team X"}, {"name": "privateer"}, 7, "Überholer", "日本", " ", 'Te"am\\', "T" * LONG)  # fmt: skip
COUNTRIES = ("Germany", "Germany", "France", "Türkiye", "", None, "germany")
DATES = ("2026-01-03T10:00:00", "2026-01-02T10:00:00", "2026-01-02T10:00:00", "2025-12-31T23:59:59", "", None,
         "01/02/2026 10:00:00", "2026-01-02T10:00:00Z", "Ω", "9" * 60, "9" * 61, "2026-01-02 10:00:00")  # fmt: skip
PATHS = ("https://game.raceroom.com/users/info/{}/", "https://game.raceroom.com/users/info/{}", "{}", "/1/{}/x?y=2a", "users/{}")
SUPERCLASSES = ("GT3", "gt3", "GT-3", "GT3!", "GT3 2", "Ölands Klass", "Õlands klass", "日本", "日",
                "  GT3  ", "e-Sedan", "DTM 2010s", "İ", "_")  # fmt: skip


def code_points_by_class():
    """{general category: characters}; what Python's Unicode does not know is left out, other releases may."""
    found = {}
    for number in range(sys.maxunicode + 1):
        found.setdefault(unicodedata.category(chr(number)), []).append(number)
    del found["Cs"]  # no part of well-formed UTF-8
    found["Cn"] = list(map(ord, NONCHARACTERS))
    return found


class Maker:
    def __init__(self, seed, classes_of_code_points):
        self.random = random.Random(seed)
        self.by_class = classes_of_code_points
        self.categories = sorted(classes_of_code_points)

    def pick(self, values):
        return values[int(self.random.random() * len(values))]

    def chance(self, probability):
        return self.random.random() < probability

    def number(self, low, high):
        return low + int(self.random.random() * (high - low + 1))

    # ---- names ----

    def any_letters(self):
        return "".join(chr(self.pick(self.by_class[self.pick(self.categories)])) for _ in range(self.number(1, 12)))

    def folding(self):
        letters = [*FOLDED, *TWO_LETTERS, *"aexX ", *MARKS]
        return "".join(self.pick(letters) for _ in range(self.number(1, 10)))

    def spaces(self):
        return "".join(self.pick([*WHITE_SPACE] if self.chance(0.8) else NOT_SPACES) for _ in range(self.number(1, 4)))

    def marked(self):
        return "".join(self.pick("aAeoOnÅÖéα가か") + "".join(self.pick(MARKS) for _ in range(self.number(0, 4)))
                       for _ in range(self.number(1, 5)))

    def long(self):
        return (self.pick(["x", "é", "e\u0301", "Æ", " ", "山", "\U0001f3ce"]) * LONG).encode()[:LONG].decode(errors="ignore")

    def name(self):
        kind = self.random.random()
        if kind < 0.03:
            return self.long() if self.chance(0.3) else self.pick(["", None, 5, {"name": "An Object"}])
        ways = (self.any_letters, self.folding, self.spaces, self.marked, lambda: self.pick(PLAIN),
                lambda: self.pick(RIGHT_TO_LEFT), lambda: self.pick(CASES), lambda: self.pick(QUOTING),
                lambda: str(self.number(1, 30)), lambda: self.pick(string.ascii_letters) + self.pick(PLAIN))
        return "".join(self.pick(ways)() for _ in range(1 if self.chance(0.4) else self.number(2, 4)))

    def variant(self, name):
        """Another spelling that may or may not give the same keys."""
        if not isinstance(name, str) or not name:
            return self.name()
        ways = (str.upper, str.lower, str.title, lambda text: unicodedata.normalize("NFD", text),
                lambda text: unicodedata.normalize("NFC", text), lambda text: unicodedata.normalize("NFKD", text),
                lambda text: f" {text}\u3000", lambda text: text.replace(" ", "\u2003 "), lambda text: text[::-1],
                lambda text: "".join(FOLDED.get(letter, letter) for letter in text),
                lambda text: "".join(TWO_LETTERS.get(letter, letter) for letter in text), lambda text: text + text[-1])
        return self.pick(ways)(name)

    # ---- people and rows ----

    def path(self):
        if self.chance(0.3):
            return self.pick(["", None, "https://game.raceroom.com/users/info/", "/users/info/12x/", 17, ["1"], "/users/١٢/"])
        digits = self.pick(["7", "07", "007", "9" * 60, "10" * 30, str(self.number(1, 30)), str(self.number(1, 10**9))])
        return self.pick(PATHS).format(digits)

    def people(self):
        people = []
        for _ in range(self.number(1, 25)):
            names = [self.pick(self.pick(people)["names"]) if people and self.chance(0.25) else self.name()]
            while self.chance(0.4):
                names.append(self.variant(names[-1]))
            people.append({"names": names, "path": self.path(), "team": self.pick(TEAMS), "country": self.pick(COUNTRIES)})
        return people

    def entry(self, person, place):
        team = person["team"] if self.chance(0.5) else self.pick(TEAMS[:-1])
        country = person["country"] if self.chance(0.6) else self.pick(COUNTRIES)
        sent = {
            "index": place - 1,
            "global_index": place,
            "driver": {"name": self.pick(person["names"]), "path": person["path"],
                       "avatar": self.pick(["", "", None, "https://example.org/a.png", "b\u0000ä\"", 3])},
            "country": {"name": country, "code": "XX"} if self.chance(0.9) else self.pick([None, "Text", []]),
            "car_class": {"car": {"name": self.pick(["Audi R8", 'C"ar\\', "", None]),
                                  "class-name": self.pick(["GTR 3", "Ü", ""])}},
            "laptime": self.pick(["1m 46.000s", "", None, "1m 47.000s, +01.000s", "\u2028"]),
            "relative_laptime": self.pick(["", "+1.533s", "+1m 02.003s", "+0.5s", "none", None]),
            "team": team,
            "rank": self.pick(["", "A", "B", None, {"name": "S"}]),
            "driving_model": self.pick(["Get Real", "Amateur", "", None]),
            "date_time": self.pick(DATES),
        }
        for field in list(sent):
            if self.chance(0.03):
                sent.pop(field)
        return sent

    def results(self, people):
        """Now and then with positions that are equal, out of order, missing or larger than there are rows."""
        count = self.pick([0, 1, 1, 2, 3, 4, 5, self.number(6, 40)])
        rows = [self.entry(self.pick(people), place) for place in range(1, count + 1)]
        ways = {"equal": lambda place: 1 + (place - 1) // 3, "loose": lambda place: self.number(1, 2 * count),
                "large": lambda place: place * 1000, "none": lambda place: None}
        if self.chance(0.4):
            change = ways[self.pick(sorted(ways))]
            for place, row in enumerate(rows, 1):
                row["global_index"] = change(place)
        return rows

    # ---- worlds ----

    def some(self, numbers):
        return sorted({self.pick(numbers) for _ in range(self.number(1, 5))})

    def world(self):
        """Boards, superclasses and the classes of the catalogue, for store_builder.Store; and the people, for changes."""
        people = self.people()
        tracks = {number: self.pick([f"Track {number}", "Nürburgring – Nordschleife", 'Pistă "1" \\'])
                  for number in self.some([1, 2, 9, 10, 99, 100, 1671, 2**31 - 1])}
        classes = {number: self.pick([f"Class {number}", "GTR 3", 'Klass "Å"'])
                   for number in self.some([1, 2, 9, 10, 100, 1703, 12770, 2**31 - 1])}
        known = {number: name for number, name in classes.items() if self.chance(0.9)}
        boards = [self.board(track, klass, tracks[track], known.get(klass, str(klass)), people)
                  for track in tracks for klass in classes if self.chance(0.8)]
        superclasses = {self.pick(SUPERCLASSES): [self.pick([*classes, 5, 6]) for _ in range(self.number(0, 4))]
                        for _ in range(self.number(0, 6))}
        return boards, {name: ids for name, ids in superclasses.items() if ids}, known, people

    def board(self, track_id, class_id, track_name, class_name, people):
        return {"track_id": track_id, "class_id": class_id, "track_name": track_name, "class_name": class_name,
                "results": self.results(people), "changed_at_ms": 1_700_000_000_000 + self.number(0, 10**9)}

    def changed(self, board, people):
        """The same board with other content."""
        if board["results"] and self.chance(0.5):  # only a few rows change
            results = [self.entry(self.pick(people), place) if self.chance(0.2) else row
                       for place, row in enumerate(board["results"], 1)]
        else:
            results = self.results(people)
        return dict(board, results=results, changed_at_ms=board["changed_at_ms"] + self.number(1, 10**9))
