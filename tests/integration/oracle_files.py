"""Every file that the exporter must publish for a World, and the comparison with a public folder, byte by byte."""

import json
import os
import zlib

import oracle_flat
import oracle_sharded
import oracle_statistics

HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # RFC 1952: deflate, no flags (no name), no time; two more bytes follow


def encode(document):
    """Compact JSON; strings escaped in the shortest form."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def decode(path):
    """The bytes in a published file; asserts that a `.gz` is one plain member with nothing behind it."""
    data = path.read_bytes()
    if path.suffix != ".gz":
        return data
    assert data[:8] == HEADER, f"{path}: header {data[:10].hex()}"
    member = zlib.decompressobj(wbits=31)
    text = member.decompress(data)
    assert member.eof, f"{path}: the gzip member ends too early"
    assert not member.unused_data, f"{path}: {len(member.unused_data)} bytes after the gzip member"
    return text


def documents_both(world):
    """Yields (path, document) of the lists of combinations, which belong to no layout alone."""
    everything, top = (oracle_flat.combinations(world.boards, limit) for limit in (None, oracle_flat.TOP))
    yield "top_combinations.json", top
    for folder in ("", "combinations/"):
        yield f"{folder}top_combinations.json.gz", top
        yield f"{folder}all_combinations.json.gz", everything


def documents_flat(world):
    yield "driver_index.json.gz", oracle_flat.driver_index(world.boards)


def documents_sharded(world):
    yield "index/mirror.json.gz", oracle_sharded.mirror(world)
    for name, shards in (("entries", oracle_sharded.entries(world)), ("metadata", oracle_sharded.metadata(world)),
                         ("people", oracle_sharded.people(world))):
        for shard, document in shards.items():
            yield f"index/{name}/{shard}.json.gz", document
    yield "index/teams.json.gz", oracle_sharded.teams(world)
    yield from oracle_statistics.documents(world)


def documents(world, layouts=("flat", "sharded")):
    """Yields (path, document) of all files but the details."""
    yield from documents_both(world)
    if "flat" in layouts:
        yield from documents_flat(world)
    if "sharded" in layouts:
        yield from documents_sharded(world)


def detail(world, board):
    changed_ms = world.changed_at_ms[int(board["track_id"]), int(board["class_id"])]
    return oracle_flat.detail(board, oracle_statistics.rfc3339(changed_ms))


def files_below(cache):
    """All files and links, relative; the links are not followed."""
    return {os.path.relpath(os.path.join(folder, name), cache)
            for folder, folders, names in os.walk(cache)
            for name in (*names, *(one for one in folders if os.path.islink(os.path.join(folder, one))))}  # fmt: skip


def difference(path, actual, wanted):
    """Where two files part, for people."""
    at = next((place for place, pair in enumerate(zip(actual, wanted)) if pair[0] != pair[1]), min(len(actual), len(wanted)))
    show = slice(max(0, at - 150), at + 150)
    return (f"{path}: {len(actual)} bytes, wanted {len(wanted)}; they part at {at}:\n"
            f"  is     {actual[show]!r}\n  wanted {wanted[show]!r}")  # fmt: skip


def check(cache, world, layouts=("flat", "sharded"), details=True, others=("status.json",)):
    """Asserts that every published file holds exactly what it must, and that there is no other but `others`. With
    `details` False those are compared by those who know what the worker writes."""
    wanted = set()
    problems = []
    for path, document in documents(world, layouts):
        wanted.add(path)
        if not (cache / path).exists():
            problems.append(f"{path} is missing")
        elif (actual := decode(cache / path)) != (text := encode(document)):
            problems.append(difference(path, actual, text))
    for board in world.boards:
        path = oracle_flat.detail_path(board)
        wanted.add(path)
        if details and decode(cache / path) != encode(detail(world, board)):
            problems.append(f"{path} is not what the worker sent")
        if "flat" in layouts:
            wanted.add(f"track_{board['track_id']}")
            if os.readlink(cache / f"track_{board['track_id']}") != f"tracks/track_{board['track_id']}":
                problems.append(f"track_{board['track_id']} leads elsewhere")
    here = files_below(cache) - set(others)
    problems += [f"{path} should not be there" for path in sorted(here - wanted)]
    assert not problems, "\n".join([f"{len(problems)} problems", *problems[:5]])
