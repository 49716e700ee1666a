"""Changes boards of a store as a refresh of them would, for benchmarks: nobody may have it open."""

import gzip
import json
import pathlib
import random
import sys

import lmdb
import msgpack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import store_file  # noqa: E402

CHANGES = ("arrive", "improve")  # a driver that was not on the board, or one with a better time


def _rows(value):
    unpacker = msgpack.Unpacker(max_buffer_size=2**31 - 1)
    unpacker.feed(value)
    form, count, shared = unpacker.unpack()
    return form, shared, [unpacker.unpack() for _ in range(count)]


def _pack_rows(form, shared, rows):
    return msgpack.packb([form, len(rows), shared]) + b"".join(msgpack.packb(row) for row in rows)


def _move(rows, entries, kind, randomly):
    """One row goes to a better place, and all behind it one down; `rows` and the service's own rows alike."""
    to = randomly.randrange(len(rows))
    at = randomly.randrange(to, len(rows))
    row, entry = (list(rows[at]), dict(entries[at])) if kind == "arrive" else (rows.pop(at), entries.pop(at))
    if kind == "arrive":
        number = str(90_000_000 + randomly.randrange(1_000_000))
        row[2], row[3] = f"Newcomer {number}", number
        entry["driver"] = dict(entry.get("driver") or {}, name=row[2],
                               path=f"https://game.raceroom.com/users/info/{number}/")
    row[6] = entry["date_time"] = f"2026-02-{randomly.randrange(1, 29):02}T12:{randomly.randrange(60):02}:00"
    rows.insert(to, row)
    entries.insert(to, entry)
    for place, (row, entry) in enumerate(zip(rows, entries)):
        row[0], entry["index"], entry["global_index"] = place + 1, place, place + 1


def _change_board(transaction, databases, key, kind, generation, randomly):
    record = store_file.unpack_board_record(key, transaction.get(key, db=databases["boards"]))
    form, shared, rows = _rows(transaction.get(key, db=databases["rows"]))
    detail = json.loads(gzip.decompress(transaction.get(key, db=databases["details"])))
    entries = detail["track_info"]["Data"]
    assert len(entries) == len(rows)
    _move(rows, entries, kind, randomly)
    record["changed_at_ms"] += 60_000
    detail["cached_at"] = f"2026-02-{randomly.randrange(1, 29):02}T12:00:00Z"
    detail["entry_count"] = len(rows)
    packed_rows = _pack_rows(form, shared, rows)
    packed_detail = gzip.compress(json.dumps(detail, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)
    record.update(generation=generation, entry_count=len(rows), rows_length=len(packed_rows),
                  detail_length=len(packed_detail), rows_checksum=store_file.xxhash.xxh64_intdigest(packed_rows),
                  detail_checksum=store_file.xxhash.xxh64_intdigest(packed_detail))
    transaction.put(key, store_file.pack_board_record(key, record), db=databases["boards"])
    transaction.put(key, packed_rows, db=databases["rows"])
    transaction.put(key, packed_detail, db=databases["details"])


def sizes(folder):
    """{key: entries} of the boards that have any."""
    environment = lmdb.open(str(folder), max_dbs=4, map_size=2**40, readonly=True)
    database = environment.open_db(b"boards", create=False)
    with environment.begin(database) as transaction:
        found = {bytes(key): store_file.unpack_board_record(bytes(key), value)["entry_count"]
                 for key, value in transaction.cursor()}
    environment.close()
    return {key: entries for key, entries in found.items() if entries}


def change(folder, keys, kind, seed):
    """Changes these boards in one commit; returns how many rows they have now."""
    randomly = random.Random(seed)
    environment = lmdb.open(str(folder), max_dbs=4, map_size=2**40)
    databases = {name: environment.open_db(name.encode(), create=False) for name in store_file.DATABASES}
    rows = 0
    with environment.begin(write=True) as transaction:
        name = b"generation"
        sealed = bytes(transaction.get(name, db=databases["meta"]))
        generation = int(store_file.unseal_meta("generation", sealed)) + 1
        transaction.put(name, store_file.seal_meta("generation", str(generation).encode()), db=databases["meta"])
        for key in keys:
            _change_board(transaction, databases, key, kind, generation, randomly)
            rows += len(_rows(transaction.get(key, db=databases["rows"]))[2])
    environment.close()
    return rows
