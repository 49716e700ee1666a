#ifndef R3E_COORDINATOR_STATUS_H
#define R3E_COORDINATOR_STATUS_H
/* What the world is told: `status.json` in the public folder (FORMATS), and the topics `summary`, `worker`
 * and `event` of the status socket (PROTOCOL.md).
 *
 * All of it is made from the parts' own counters at the moment of telling, so nothing can be forgotten;
 * events alone are handed to events.h as they happen, or seen by status_observer.h. A subscriber that is slow
 * or stuck loses messages and costs nothing (XPUB drops above its high-water mark); one that is new gets the
 * last message of each of its topics at once, and with them all events that are kept. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/status_sources.h"

struct status;

struct status *status_open(const struct status_sources *sources, int64_t now_ms, int64_t wall_ms);
void status_close(struct status **pointer);

/* Says what is going on; published and written at the next tick if it is something else than before. */
void status_set_state(struct status *status, enum status_state state);

/* Publishes summary and workers twice a second, events as they come (five times a second at most), and writes
 * status.json every few seconds while something goes on; returns how many milliseconds it may sleep. */
int64_t status_tick(struct status *status, int64_t now_ms, int64_t wall_ms);

/* Publishes and writes now: after an export, and as the last word before exiting. */
void status_flush(struct status *status, int64_t now_ms, int64_t wall_ms);

/* Loop handler of the status socket: subscriptions. */
void status_readable(void *context);

/* What the last summary gave as the reason of what it does; "" before the first. */
const char *status_last_reason(const struct status *status);

/* Proportional memory of the whole tree (coordinator, local workers, exporter) in KiB when last looked at. */
uint64_t status_tree_pss_kb(const struct status *status);

#endif
