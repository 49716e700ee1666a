#ifndef R3E_COORDINATOR_STORAGE_H
#define R3E_COORDINATOR_STORAGE_H
/* What follows from the state of store and disks (DESIGN, rule 2):
 *
 *     disk nearly full, or a write     HOLD_DISK_FULL: no new job, no export. What workers hold is still
 *     that may heal has failed         collected, but nothing is acknowledged before it is on disk. Ends by
 *                                      itself when there is room.
 *     any other failure of the store   HOLD_STORE_ERROR: no request, and the process is to end non-zero.
 *
 * What is collected and cannot be written is bounded: by what was handed out before, and at the latest by
 * STORAGE_OPEN_MOST, above which the results socket is not read. Sets and clears those two holds. */
#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "coordinator/collect.h"
#include "coordinator/disk_room.h"
#include "coordinator/holds.h"
#include "coordinator/store.h"

#define STORAGE_OPEN_MOST ((size_t)64 * 1024 * 1024)

struct storage {
    struct store *store;
    struct holds *holds;
    struct loop *loop;
    struct collect *collect;
    void *results; /* socket */
    struct disk_room room;
    bool deaf;   /* the results socket is not read */
    bool failed; /* for good */
};

/* Everything is borrowed. The results socket is in the loop, read by collect_readable. */
struct storage storage_make(struct store *store, struct holds *holds, struct loop *loop,
    struct collect *collect, void *results, const struct disk_room *room);

/* Looks at everything; returns how many milliseconds it may sleep. Call before whatever hands something out.
 */
int64_t storage_tick(struct storage *storage, int64_t now_ms);

/* The store cannot be used any more: end, non-zero, without waiting for it. */
bool storage_has_failed(const struct storage *storage);

#endif
