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

/* `links`: the flat layout is wanted. The snapshot must have been verified. */
bool details_write(
    struct publication *publication, struct snapshot *snapshot, bool links, struct guard *guard);

#endif
