#ifndef R3E_COORDINATOR_SALVAGE_SCAN_H
#define R3E_COORDINATOR_SALVAGE_SCAN_H
/* Finds what is left of a store in a damaged data.mdb.
 *
 * The file's trees are not needed for that: each record is sealed together with its key (record.h), and says
 * the checksums of its rows and its detail. So every place of the file where an LMDB node could stand is
 * looked at, and what is found there is believed only if its checksum is right. That finds records whose tree
 * is gone, and older versions in pages that were given back; the newest whole one counts. Records that the
 * trees still lead to come first among equals. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lmdb_file.h"
#include "common/record.h"

/* A sound board record. */
struct salvage_record {
    struct record_key key;
    bool in_tree;
    struct lmdb_place place;
    uint64_t lease;
    int64_t fetched_at_ms;
};

/* Something under a board's key: rows or detail of some version, or anything. */
struct salvage_value {
    struct record_key key;
    struct lmdb_place place;
};

/* A sound meta value. */
struct salvage_meta {
    const char *name; /* one of RECORD_META_*; not owned */
    bool in_tree;
    struct lmdb_place place;
};

struct salvage_scan {
    const struct lmdb_file *file;
    struct salvage_record *records; /* by key, then newest first */
    struct salvage_value *values;   /* by key, then by length */
    struct salvage_meta *metas;     /* in no order */
    size_t record_count, value_count, meta_count;
    size_t record_capacity, value_capacity, meta_capacity;
    uint64_t problems; /* of the structure */
    struct buffer bytes;
};

/* Reads the whole file, which must stay open as long as the scan. */
void salvage_scan_run(struct salvage_scan *scan, const struct lmdb_file *file);
void salvage_scan_free(struct salvage_scan *scan);

/* Finds the value of that key, length and XXH64 and puts it into `out`. False: it is destroyed. */
bool salvage_scan_value(const struct salvage_scan *scan, const struct record_key *key, uint32_t length,
    uint64_t checksum, struct buffer *out);

#endif
