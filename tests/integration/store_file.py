"""Reads and changes the coordinator's store behind its back: nobody may have it open. Formats: common/record.h."""

import contextlib
import struct

import lmdb
import msgpack
import xxhash

FIELDS_1 = ("fetched_at_ms changed_at_ms generation lease entry_count rows_length detail_length content_hash rows_checksum "
            "detail_checksum failure_streak empty_streak worker_deaths quarantined_until_ms checks rows_changed watched_s etag "
            "last_modified").split()
FIELDS = FIELDS_1 + ("candidate_entries candidate_hash candidate_since_ms candidate_last_ms gone_since_ms "
                     "content_lost").split()
DATABASES = ("boards", "rows", "details", "meta")


def board_key(track_id, class_id):
    return struct.pack(">II", track_id, class_id)


def seal_board(key, packed, schema=2):
    """A board record's MessagePack with its checksum."""
    seed = int.from_bytes(key, "big") if schema == 2 else 0
    return packed + struct.pack(">Q", xxhash.xxh64_intdigest(packed, seed))


def pack_board_record(key, record):
    """The value of a record that is a dictionary; it is of schema 1 if it has its fields only."""
    schema = 2 if len(record) == len(FIELDS) else 1
    return seal_board(key, msgpack.packb(list(record.values()), use_bin_type=True), schema)


def unpack_board_record(key, value):
    """The record as a dictionary; asserts that the checksum is right."""
    values = msgpack.unpackb(bytes(value)[:-8])
    schema = 2 if len(values) == len(FIELDS) else 1
    assert seal_board(key, bytes(value)[:-8], schema) == bytes(value)
    return dict(zip(FIELDS if schema == 2 else FIELDS_1, values))


def is_sound(key, value):
    """Whether a board record has the right checksum, by one of the two schemas."""
    packed = bytes(value)[:-8]
    return bytes(value) in (seal_board(key, packed), seal_board(key, packed, schema=1))


def seal_meta(name, value):
    return value + b"\n%016x" % xxhash.xxh64_intdigest(value, xxhash.xxh64_intdigest(name.encode()))


def unseal_meta(name, value):
    """Asserts that the checksum is right."""
    assert seal_meta(name, value[:-17]) == value
    return value[:-17]


@contextlib.contextmanager
def writing(folder):
    """A write transaction, and the four databases by name."""
    environment = lmdb.open(str(folder), max_dbs=4, map_size=2**32)
    with environment.begin(write=True) as transaction:
        yield transaction, {name: environment.open_db(name.encode(), transaction) for name in DATABASES}
    environment.close()


def boards(folder):
    """{(track, class): record} of a store."""
    with writing(folder) as (transaction, databases):
        return {struct.unpack(">II", key): unpack_board_record(bytes(key), value)
                for key, value in transaction.cursor(databases["boards"])}


def _readable(folder, field):
    """{(track, class): that field} of a store that others may have open."""
    with lmdb.open(str(folder), max_dbs=4, map_size=2**32, readonly=True) as environment:
        database = environment.open_db(b"boards", create=False)
        with environment.begin(database) as transaction:
            return {struct.unpack(">II", key): unpack_board_record(bytes(key), value)[field]
                    for key, value in transaction.cursor()}


def fetched_at(folder):
    """When each board was fetched last, {(track, class): ms}; others may have the store open."""
    return _readable(folder, "fetched_at_ms")


def changed_at(folder):
    """When the content of each board changed last, {(track, class): ms}; others may have the store open."""
    return _readable(folder, "changed_at_ms")


def metas(folder):
    """{name: value} of a store's meta records."""
    with writing(folder) as (transaction, databases):
        return {bytes(key).decode(): unseal_meta(bytes(key).decode(), bytes(value))
                for key, value in transaction.cursor(databases["meta"])}


def change_boards(folder, change):
    """change(record) for every board record, of which it may set fields."""
    with writing(folder) as (transaction, databases):
        for key, value in list(transaction.cursor(databases["boards"])):
            record = unpack_board_record(bytes(key), value)
            change(record)
            transaction.put(key, pack_board_record(bytes(key), record), db=databases["boards"])


def age(folder, hours):
    """Makes everything that was fetched, or kept aside, look as if that had been earlier."""

    def older(record):
        for field in ("fetched_at_ms", "quarantined_until_ms", "candidate_since_ms", "candidate_last_ms"):
            if record.get(field):
                record[field] -= int(hours * 3600 * 1000)

    change_boards(folder, older)


def damage(folder, database, key, place=0):
    """Flips all bits of one byte of a value."""
    with writing(folder) as (transaction, databases):
        value = bytearray(transaction.get(key, db=databases[database]))
        value[place] ^= 0xFF
        transaction.put(key, bytes(value), db=databases[database])


def to_schema_1(folder):
    """Rewrites a store as the release before left it."""
    with writing(folder) as (transaction, databases):
        for key, value in list(transaction.cursor(databases["boards"])):
            record = unpack_board_record(bytes(key), value)
            old = {field: record[field] for field in FIELDS_1}
            transaction.put(key, pack_board_record(bytes(key), old), db=databases["boards"])
        for key, value in list(transaction.cursor(databases["meta"])):
            transaction.put(key, unseal_meta(bytes(key).decode(), bytes(value)), db=databases["meta"])
        transaction.put(b"schema", b"1", db=databases["meta"])
        transaction.delete(b"id", db=databases["meta"])
