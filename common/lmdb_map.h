#ifndef R3E_COMMON_LMDB_MAP_H
#define R3E_COMMON_LMDB_MAP_H
/* Keeps the part of an LMDB map that is resident in this process small.
 *
 * Pages of the map that were read stay mapped, and count as this process's memory, until somebody hands them
 * back; the kernel maps 64 KiB around each page that is touched. The map is shared and never dirty (no
 * MDB_WRITEMAP), so a dropped page is simply read again from the page cache. */
#include <lmdb.h>
#include <stddef.h>

struct lmdb_map {
    void *start; /* NULL: not found, and nothing is done */
    size_t length;
};

/* The map of an open environment, found by its file in /proc/self/maps: LMDB 0.9 does not tell its address.
 * Asks the kernel not to map large folios as a whole. */
struct lmdb_map lmdb_map_find(MDB_env *env);

/* Drops all resident pages. Any thread; readers that are under way just fault theirs in again. */
void lmdb_map_release(const struct lmdb_map *map);

#endif
