#ifndef R3E_COORDINATOR_STATUS_SUMMARY_H
#define R3E_COORDINATOR_STATUS_SUMMARY_H
/* The `summary` topic of the status socket: all that fits one glance. */
#include "common/buffer.h"
#include "coordinator/status_measure.h"
#include "coordinator/status_observer.h"
#include "coordinator/status_reason.h"
#include "coordinator/status_sources.h"

/* Replaces `out` by the message (PROTOCOL.md), and `reason` by that sentence of it. */
void status_summary_write(const struct status_sources *from, const struct status_measure *measure,
    const struct status_observer *observer, const struct status_moment *at, struct buffer *out,
    char reason[static STATUS_REASON_SIZE]);

#endif
