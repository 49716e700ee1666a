#ifndef R3E_COORDINATOR_STATUS_WORKERS_H
#define R3E_COORDINATOR_STATUS_WORKERS_H
/* The `worker` topic of the status socket: who is connected, and what each does. */
#include "common/buffer.h"
#include "coordinator/status_sources.h"

#define STATUS_WORKERS_LISTED                                                                                \
    500 /* the first so many by age of their connection; the count is always whole */

/* Replaces `out` by the message (PROTOCOL.md). */
void status_workers_write(
    const struct status_sources *from, const struct status_moment *at, struct buffer *out);

#endif
