#ifndef R3E_EXPORTER_DETAILS_H
#define R3E_EXPORTER_DETAILS_H
/* The detail files, tracks/track_<id>/class_<id>.json.gz: the members kept in the store, put as they are. In
 * the flat layout each track also has the older path track_<id>, a symbolic link.
 *
 * Files of combinations that the store no longer has are removed; those of boards that are broken in the
 * store stay as they were published. */
#include <stdbool.h>

#include "exporter/guard.h"
#include "exporter/publish.h"
#include "exporter/snapshot.h"

/* Takes note of the details that stay as the last run published them, unread, and says so in `kept`, by place
 * in the snapshot. Only those of `changed` may be others than then. */
void details_keep(
    struct publication *publication, const struct snapshot *snapshot, const bool *changed, bool *kept);

/* `links`: the flat layout is wanted. The snapshot must have been verified; details that are `kept` are
 * passed over. */
bool details_write(struct publication *publication, struct snapshot *snapshot, const bool *kept, bool links,
    struct guard *guard);

#endif
