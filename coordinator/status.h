#ifndef R3E_COORDINATOR_STATUS_H
#define R3E_COORDINATOR_STATUS_H
/* What the world is told: `status.json` in the public folder (FORMATS), and the `summary` topic of the status
 * socket.
 *
 * Both are made from the parts' own counters at the moment of telling; nothing has to be reported here, so
 * nothing can be forgotten. A subscriber that is slow or stuck loses messages and costs nothing (XPUB drops
 * above its high-water mark); one that is new gets the last message of its topic at once. */
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "coordinator/access.h"
#include "coordinator/collect.h"
#include "coordinator/control.h"
#include "coordinator/crawl_times.h"
#include "coordinator/dispatch.h"
#include "coordinator/export_run.h"
#include "coordinator/holds.h"
#include "coordinator/local_pool.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/refresh_run.h"
#include "coordinator/store.h"
#include "coordinator/trigger.h"

/* What the coordinator does now, for people and programs. */
#define STATUS_STATES(X)                                                                                     \
    X(STATUS_STARTING, "starting")                                                                           \
    X(STATUS_FETCHING, "fetching")                                                                           \
    X(STATUS_WAITING, "waiting")                                                                             \
    X(STATUS_EXPORTING, "exporting")                                                                         \
    X(STATUS_DRAINING, "draining")                                                                           \
    X(STATUS_STOPPING, "stopping")                                                                           \
    X(STATUS_DONE, "done")

enum status_state {
#define X(name, string) name,
    STATUS_STATES(X)
#undef X
};

/* Everything is borrowed for the life of the status. */
struct status_sources {
    void *socket; /* bound XPUB */
    const char *public_dir;
    const struct catalogue *catalogue;
    struct plan *plan;
    struct store *store;
    const struct dispatch *dispatch;
    const struct collect *collect;
    const struct control *control;
    const struct local_pool *pool;
    const struct export_run *exporter;
    const struct crawl_times *times;
    const struct refresh_run *refresh;
    const struct trigger *trigger; /* may be NULL */
    const struct holds *holds;
    const struct politeness *politeness;
    const struct access *access;
};

struct status;

struct status *status_open(const struct status_sources *sources, int64_t now_ms);
void status_close(struct status **pointer);

/* Says what is going on; published and written at the next tick if it is something else than before. */
void status_set_state(struct status *status, enum status_state state);

/* Publishes twice a second and writes status.json every few seconds while something goes on; returns how many
 * milliseconds it may sleep. */
int64_t status_tick(struct status *status, int64_t now_ms);

/* Publishes and writes now: after an export, and as the last word before exiting. */
void status_flush(struct status *status, int64_t now_ms);

/* Loop handler of the status socket: subscriptions. */
void status_readable(void *context);

/* Proportional memory of the whole tree (coordinator, local workers, exporter) in KiB when last looked at,
 * and the greatest seen. */
uint64_t status_tree_pss_kb(const struct status *status);
uint64_t status_tree_peak_kb(const struct status *status);

#endif
