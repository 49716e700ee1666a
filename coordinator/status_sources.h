#ifndef R3E_COORDINATOR_STATUS_SOURCES_H
#define R3E_COORDINATOR_STATUS_SOURCES_H
/* What the parts of status read: for status*.c and coordinator.c, which fills it in. */
#include "common/catalogue.h"
#include "coordinator/access.h"
#include "coordinator/collect.h"
#include "coordinator/control.h"
#include "coordinator/crawl_times.h"
#include "coordinator/dispatch.h"
#include "coordinator/events.h"
#include "coordinator/export_run.h"
#include "coordinator/holds.h"
#include "coordinator/local_pool.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/refresh.h"
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
    const struct refresh_policy *policy;
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
    struct events *events;
};

/* The moment that is told of. */
struct status_moment {
    enum status_state state;
    int64_t now_ms; /* monotonic */
    int64_t wall_ms;
    int64_t started_ms; /* this process's start, wall clock */
};

const char *status_state_string(enum status_state state);

/* The first hold there is, and which; NULL: none. Who is done is not held back by its end. */
const struct hold *status_hold(
    const struct status_sources *from, const struct status_moment *at, enum hold_kind *kind);

#endif
