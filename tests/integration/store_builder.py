"""Makes stores as the coordinator leaves them, from a truth (see oracle_flat), for tests of the exporter alone.

Formats: common/record.h, common/board.h, common/catalogue.h.
"""

import gzip
import json

import lmdb
import msgpack
import xxhash

import oracle_flat
import oracle_sharded
import oracle_statistics

SHARED = ("country", "car", "car_class", "team", "rank", "difficulty")
CHANGED_AT_MS = 1_767_434_400_000  # 2026-01-03T10:00:00Z
CACHED_AT = "2026-01-03T10:00:00Z"
BOARD_FIELDS = 19


def checksum(data):
    return xxhash.xxh64(data, seed=0).intdigest()


def key(track_id, class_id):
    return int(track_id).to_bytes(4, "big") + int(class_id).to_bytes(4, "big")


def pack_rows(lines):
    """The rows as the worker packs them; see common/board.h."""
    shared = {}
    packer = msgpack.Packer(use_bin_type=True)
    packed = []
    for line in lines:
        places = [shared.setdefault(line[column], len(shared)) for column in SHARED]
        head = [line[part] for part in ("position", "time_diff_us", "name", "path_id", "avatar", "laptime", "date_time")]
        packed.append(packer.pack(head + places))
    header = packer.pack([1, len(packed), list(shared)])
    return header + b"".join(packed)


def pack_record(rows, detail, entry_count, **changes):
    """A board's record with its checksum; see common/record.c."""
    record = {
        "fetched_at_ms": CHANGED_AT_MS,
        "changed_at_ms": CHANGED_AT_MS,
        "generation": 1,
        "lease": 1 << 32,
        "entry_count": entry_count,
        "rows_length": len(rows),
        "detail_length": len(detail),
        "content_hash": bytes(16),
        "rows_checksum": checksum(rows) if rows else 0,
        "detail_checksum": checksum(detail),
        "failure_streak": 0,
        "empty_streak": 0,
        "worker_deaths": 0,
        "quarantined_until_ms": 0,
        "checks": 1,
        "rows_changed": 0,
        "watched_s": 0,
        "etag": "",
        "last_modified": "",
    }
    assert len(record) == BOARD_FIELDS
    record.update(changes)
    packed = msgpack.packb(list(record.values()), use_bin_type=True)
    return packed + checksum(packed).to_bytes(8, "big")


def pack_detail(board, changed_at_ms=CHANGED_AT_MS):
    cached_at = oracle_statistics.rfc3339(changed_at_ms)
    document = json.dumps(oracle_flat.detail(board, cached_at), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(document.encode(), compresslevel=1, mtime=0)


def pack_catalogue(truth, superclasses=None, classes=None):
    """As catalogue_encode: the names of the truth's tracks and classes, or these classes; see oracle_sharded.World."""

    def items(pairs):
        return [part for pair in sorted(pairs) for part in pair]

    def named(kind):
        return {(int(board[kind + "_id"]), board[kind + "_name"]) for board in truth
                if board[kind + "_name"] != str(board[kind + "_id"])}  # fmt: skip

    groups = sorted((superclasses or {}).items(), key=lambda group: group[0].encode())
    return msgpack.packb([1, items(named("track")), items(named("class") if classes is None else classes.items()),
                          [part for name, ids in groups for part in (name, sorted(set(ids)))]], use_bin_type=True)


class Store:
    """An LMDB environment in `folder`, open for changes until close()."""

    def __init__(self, folder, truth=(), superclasses=None, classes=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = lmdb.open(str(folder), max_dbs=4, map_size=1 << 30, sync=False)
        names = (b"boards", b"rows", b"details", b"meta")
        self.boards, self.rows, self.details, self.meta = map(self.environment.open_db, names)
        self.generation = 0
        self.superclasses, self.classes = superclasses or {}, classes
        self.content = {}  # key: (board, changed_at_ms)
        self.put_meta("schema", b"1")
        self.put_meta("catalogue", pack_catalogue(truth, superclasses, classes))
        self.put(*truth)

    @property
    def world(self):
        """What it holds, for the oracle."""
        boards = [board for board, _ in self.content.values()]
        changed_at_ms = {(int(board["track_id"]), int(board["class_id"])): ms for board, ms in self.content.values()}
        return oracle_sharded.World(boards, self.superclasses, self.classes, changed_at_ms)

    def put_meta(self, name, value):
        with self.environment.begin(write=True) as transaction:
            transaction.put(name.encode(), value, db=self.meta)

    def put(self, *boards, **changes):
        """Writes boards in one commit. `changes` replace fields of their records; a board's own `changed_at_ms` does so too."""
        self.generation += 1
        with self.environment.begin(write=True) as transaction:
            transaction.put(b"generation", str(self.generation).encode(), db=self.meta)
            for board in boards:
                place = key(board["track_id"], board["class_id"])
                rows = pack_rows(oracle_flat.rows(board)) if board["results"] else b""
                changed_at_ms = board.get("changed_at_ms", CHANGED_AT_MS)
                detail = pack_detail(board, changed_at_ms)
                fields = {"generation": self.generation, "changed_at_ms": changed_at_ms} | changes
                record = pack_record(rows, detail, len(board["results"]), **fields)
                self.content[place] = board, fields["changed_at_ms"]
                transaction.put(place, record, db=self.boards)
                transaction.put(place, detail, db=self.details)
                if rows:
                    transaction.put(place, rows, db=self.rows)
                else:
                    transaction.delete(place, db=self.rows)

    def remove(self, board):
        place = key(board["track_id"], board["class_id"])
        self.content.pop(place, None)
        with self.environment.begin(write=True) as transaction:
            for database in (self.boards, self.rows, self.details):
                transaction.delete(place, db=database)

    def damage(self, database, board, change):
        """Replaces a value by change(value)."""
        place = key(board["track_id"], board["class_id"])
        with self.environment.begin(write=True) as transaction:
            value = transaction.get(place, db=getattr(self, database))
            transaction.put(place, change(bytes(value)), db=getattr(self, database))

    def close(self):
        self.environment.close()
