#ifndef R3E_COMMON_LMDB_WALK_H
#define R3E_COMMON_LMDB_WALK_H
/* Looks through the structure of one snapshot of an LMDB file: every page of every tree and of the list of
 * free pages.
 *
 * Checked: each page is what its place says, keys are in order over the whole tree, depths and counts are
 * those of the descriptors, no page is used twice or is used and free, values on pages of their own have
 * their run of pages. So every byte that leads LMDB somewhere is checked; what is not is the content of keys
 * and values, for which our records have checksums (record.h). It ends: no page is entered twice. A part that
 * is broken is reported and left out, the rest goes on.
 *
 * Cost: reads branch and leaf pages and one header for each long value, not the values. Measured with
 * tests/bench/make_store, 296,000 entries in 14,703 boards, 206 MB, page cache warm: see coordinator/README.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/lmdb_file.h"

struct lmdb_entry {
    const char *database; /* name */
    const uint8_t *key;
    uint32_t key_length;
    struct lmdb_place value;
};

struct lmdb_walk_events {
    void (*entry)(void *context, const struct lmdb_entry *entry); /* NULL: not wanted */
    void (*problem)(void *context, const char *text);             /* NULL: only counted */
    void *context;
};

/* Walks the snapshot of `meta`. Returns the number of problems; 0: its structure is whole. Of more than a
 * thousand the rest is not told, only counted. */
uint64_t lmdb_walk(
    const struct lmdb_file *file, const struct lmdb_meta *meta, const struct lmdb_walk_events *events);

#endif
