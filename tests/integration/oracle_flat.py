"""What the flat layout must hold, computed from FORMATS ("Published files") alone and not from the exporter's code.

A truth is a list of boards: {"track_id", "track_name", "class_id", "class_name", "results": [ENTRY, ...]}, where ENTRY is
what the leaderboard service sends. Pure functions; documents come back as Python objects, object keys in order.
"""

import re
import unicodedata

TOP = 1000


def lower(text):
    """One code point to one code point (Unicode's simple mapping), unlike str.lower."""
    return "".join(map(_lower_one, text))


def _lower_one(character):
    if character == "\u0130":  # its simple mapping; the full one is two code points
        return "i"
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def key_of(name):
    return lower(unicodedata.normalize("NFC", name))


def _get(value, *path):
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _text(value):
    """A string field; an object stands for its name; all else is empty."""
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _number(value):
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value)
    return int(value) if whole else None


def path_id(path):
    """The last path segment that is all digits; a query or a fragment is no part of the path (RFC 3986, 3.3)."""
    segments = re.split(r"[?#]", path)[0].split("/") if isinstance(path, str) else []
    digits = [segment for segment in segments if re.fullmatch(r"[0-9]+", segment)]
    return digits[-1] if digits else ""


def time_diff_us(relative):
    """`+1.533s`, `+1m 02.003s`; empty or unknown: 0."""
    match = re.fullmatch(r"\s*\+?(?:(\d+)h\s*)?(?:(\d+)m\s*)?(\d+)(?:\.(\d{1,6})\d*)?s?\s*", relative or "")
    if not match:
        return 0
    hours, minutes, seconds, fraction = match.groups()
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)
    return whole * 1_000_000 + int((fraction or "0").ljust(6, "0"))


def row(entry, running):
    """An ENTRY as the fields that are published; `running` counts from 1."""
    position, index = _number(entry.get("global_index")), _number(entry.get("index"))
    if position is None or position < 1:
        position = index + 1 if index is not None and index >= 0 else running
    return {
        "position": position,
        "time_diff_us": time_diff_us(_text(entry.get("relative_laptime"))),
        "name": _text(_get(entry, "driver", "name")),
        "path_id": path_id(_get(entry, "driver", "path")),
        "avatar": _text(_get(entry, "driver", "avatar")),
        "laptime": _text(entry.get("laptime")),
        "date_time": _text(entry.get("date_time")),
        "country": _text(_get(entry, "country", "name")),
        "car": _text(_get(entry, "car_class", "car", "name")),
        "car_class": _text(_get(entry, "car_class", "car", "class-name")),
        "team": _text(entry.get("team")),
        "rank": _text(entry.get("rank")),
        "difficulty": _text(entry.get("driving_model")),
    }


def rows(board):
    """A board's rows in rank order."""
    return [row(entry, running) for running, entry in enumerate(board["results"], 1)]


def in_order(truth):
    return sorted(truth, key=lambda board: (int(board["track_id"]), int(board["class_id"])))


def _seconds(micros):
    return micros // 1_000_000 if micros % 1_000_000 == 0 else micros / 1_000_000


def listed_entry(board, line):
    """A row of a board as driver_index has it."""
    return {
        "name": line["name"],
        "position": line["position"],
        "laptime": line["laptime"],
        "time_diff": _seconds(line["time_diff_us"]),
        "country": line["country"],
        "car": line["car"],
        "car_class": line["car_class"],
        "team": line["team"],
        "rank": line["rank"],
        "difficulty": line["difficulty"],
        "track": board["track_name"],
        "track_id": str(board["track_id"]),
        "class_id": str(board["class_id"]),
        "date_time": line["date_time"],
        "found": True,
        "total_entries": len(board["results"]),
    }


def driver_index(truth):
    """driver_index.json.gz, keys ascending by their bytes."""
    index = {}
    for board in in_order(truth):
        for line in sorted(rows(board), key=lambda line: line["position"]):
            if line["name"]:
                index.setdefault(key_of(line["name"]), []).append(listed_entry(board, line))
    return {key: index[key] for key in sorted(index, key=lambda key: key.encode())}


def combinations(truth, limit=None):
    """all_combinations.json.gz, or with limit=TOP the top_combinations files."""
    filled = [board for board in in_order(truth) if board["results"]]
    filled.sort(key=lambda board: -len(board["results"]))
    results = [
        {
            "track": board["track_name"],
            "track_id": str(board["track_id"]),
            "class_id": str(board["class_id"]),
            "class_name": board["class_name"],
            "entry_count": len(board["results"]),
        }
        for board in filled[:limit]
    ]
    return {"count": len(results), "results": results}


def detail(board, cached_at):
    """tracks/track_<id>/class_<id>.json.gz. `Data` holds the service's rows with every field of theirs."""
    return {
        "track_info": {
            "Name": board["track_name"],
            "TrackID": str(board["track_id"]),
            "ClassID": str(board["class_id"]),
            "Data": board["results"],
        },
        "cached_at": cached_at,
        "track_name": board["track_name"],
        "track_id": str(board["track_id"]),
        "entry_count": len(board["results"]),
    }


def detail_path(board):
    return f"tracks/track_{board['track_id']}/class_{board['class_id']}.json.gz"


def figures(truth):
    """What status.json says of the index."""
    persons = {}
    for board in in_order(truth):
        for line in rows(board):
            if not line["name"]:
                continue
            team = line["team"] if line["team"].lower() != "privateer" else ""
            person = ("id", line["path_id"]) if line["path_id"] else ("name", key_of(line["name"]))
            newest = persons.setdefault(person, ("", ""))
            date = line["date_time"].encode()
            if team and (not newest[1] or date > newest[0]):
                persons[person] = (date, team)
    return {
        "track_count": sum(1 for board in truth if board["results"]),
        "total_fetched_combinations": len(truth),
        "total_unique_tracks": len({board["track_id"] for board in truth}),
        "total_drivers": len(persons),
        "total_entries": sum(len(board["results"]) for board in truth),
        "total_teams": len({team for _, team in persons.values() if team}),
    }
