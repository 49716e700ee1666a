#ifndef R3E_EXPORTER_SNAPSHOT_H
#define R3E_EXPORTER_SNAPSHOT_H
/* One state of the store, held still by a read transaction while the coordinator goes on writing.
 *
 * The list of boards points into LMDB's map, without copies, and may be read by any thread until
 * snapshot_close. Pages of the map count as this process's memory once touched: who walks through values
 * calls snapshot_touched_value with what was read, and every few MB the map is emptied (a dropped page comes
 * back from the page cache). */
#include <lmdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "common/lmdb_map.h"
#include "common/pack_reader.h"
#include "exporter/guard.h"

struct snapshot_board {
    uint32_t track_id, class_id;
    uint32_t entry_count; /* 0: `rows` is empty */
    bool broken;   /* found out by snapshot_verify: not to be published; what was published before stays */
    bool unwanted; /* not to be read and verified: nothing needs its rows, nor its detail */
    int64_t changed_at_ms; /* wall clock of the last change of content */
    uint64_t rows_checksum, detail_checksum;
    const char *track_name, *class_name; /* the catalogue's, or the id in digits */
    struct text rows;                    /* as in board.h; this and the next after snapshot_verify */
    struct text detail;                  /* one gzip member */
};

#define SNAPSHOT_CONTENT_SIZE 16

#define SNAPSHOT_WINDOWS 256u /* several times as many as are counted between two emptyings */

struct snapshot {
    MDB_env *env;
    MDB_txn *txn;
    struct snapshot_board *boards; /* fetched ones only, ascending by track id, then class id */
    uint32_t board_count, board_capacity;
    uint32_t broken_count; /* unreadable records and, after snapshot_verify, boards that do not fit them */
    uint64_t generation;   /* the last commit's */
    struct catalogue catalogue;
    uint64_t catalogue_hash;
    struct arena arena;                     /* names of what the catalogue does not have */
    uint8_t content[SNAPSHOT_CONTENT_SIZE]; /* see snapshot_open */
    MDB_dbi rows_database, details_database;
    struct lmdb_map map;
    _Atomic size_t touched; /* bytes that have become resident since the map was last emptied, … */
    _Atomic uintptr_t windows[SNAPSHOT_WINDOWS]; /* … and the pieces of it that were counted */
};

/* Opens the environment read-only and lists its boards by their records; values are left alone. Exits with a
 * message that names `folder` where there is no store there or it is of another schema. Broken records are
 * logged, counted and left out.
 *
 * `content` is then XXH3-128 over the catalogue's bytes and, board by board, what its record says of its
 * content: ids, number of entries, lengths and checksums of the values, time of the last change. Not over
 * when it was fetched, tried or checked: a refresh that finds nothing new leaves it as it is. */
void snapshot_open(struct snapshot *snapshot, const char *folder);

void snapshot_close(struct snapshot *snapshot);

/* Finds every value and compares it with its checksum and its format, on `threads` threads; marks and logs
 * boards that fail. Afterwards sound boards can be trusted. The unwanted ones are passed over, and have
 * neither rows nor detail. */
void snapshot_verify(struct snapshot *snapshot, unsigned threads, struct guard *guard);

/* Empties the map: nothing more will be read for a while. Thread-safe. */
void snapshot_release(struct snapshot *snapshot);

/* Says that the value, which lies in the map, was read. Thread-safe. */
void snapshot_touched_value(struct snapshot *snapshot, struct text value);

#endif
