#ifndef R3E_COORDINATOR_RELOAD_H
#define R3E_COORDINATOR_RELOAD_H
/* SIGHUP: takes a new configuration and a new catalogue into force in a running coordinator.
 *
 * A combination that came is due as anything that is missing; one that went away is no longer planned, the
 * result of one that is being fetched is answered `superseded`. What the store has of it stays there and
 * stays published, by its ids where the catalogue has no name for them any more; it goes on if the catalogue
 * has it again. After a change of the catalogue an export is owed, as its names are in what is published.
 *
 * Workers are told of the upstream and of their own limits when they join. When something of that has changed
 * all of them are asked to retire: each finishes what it holds, and its pool starts another, here and on
 * other hosts. The local pool is started anew when its size, the log's settings or the upstream's port have
 * changed; what its workers hold then goes back as if it had not been handed out. */
#include "coordinator/collect.h"
#include "coordinator/dispatch.h"
#include "coordinator/local_pool.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/publisher.h"
#include "coordinator/refresh.h"
#include "coordinator/refresh_run.h"
#include "coordinator/settings.h"
#include "coordinator/store.h"

/* What parts are told of the configuration, at the start and at each reload. */
#define RELOAD_BEATS_IN_LEASE  10 /* each heartbeat renews the lease, so it need not cover a whole fetch */
#define RELOAD_BACKOFF_MOST_MS ((int64_t)3600 * 1000)

struct refresh_policy reload_policy(const struct config *config);
struct dispatch_options reload_dispatch_options(const struct config *config);
struct collect_options reload_collect_options(const struct config *config);

/* Notes the catalogue in the store, for the exporter, if it is not there already. */
void reload_keep_catalogue(const struct catalogue *catalogue, struct store *store);

/* All borrowed. */
struct reload_parts {
    struct settings *settings;
    struct refresh_policy *policy;
    struct store *store;
    struct plan *plan;
    struct refresh_run *refresh;
    struct politeness *politeness;
    struct dispatch *dispatch;
    struct collect *collect;
    struct local_pool *pool;
    struct publisher *publisher;
};

/* Reloads. What is wrong is logged, and everything stays as it was then. */
void reload(const struct reload_parts *parts, int64_t now_ms, int64_t wall_ms);

#endif
