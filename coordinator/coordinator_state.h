#ifndef R3E_COORDINATOR_COORDINATOR_STATE_H
#define R3E_COORDINATOR_COORDINATOR_STATE_H
/* What the coordinator is made of: for coordinator.c, coordinator_parts.c and coordinator_ending.c only. All
 * others know coordinator.h. */
#include "common/loop.h"
#include "common/notify.h"
#include "coordinator/claims.h"
#include "coordinator/collect.h"
#include "coordinator/control.h"
#include "coordinator/coordinator.h"
#include "coordinator/crawl_times.h"
#include "coordinator/descriptors.h"
#include "coordinator/dispatch.h"
#include "coordinator/events.h"
#include "coordinator/holds.h"
#include "coordinator/local_pool.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/publisher.h"
#include "coordinator/refresh_run.h"
#include "coordinator/sockets.h"
#include "coordinator/status.h"
#include "coordinator/storage.h"
#include "coordinator/store.h"
#include "coordinator/trigger.h"

struct coordinator {
    struct settings *settings;
    const struct config *config;       /* of the settings */
    const struct catalogue *catalogue; /* likewise */
    bool once;
    struct sockets sockets;
    struct loop *loop;
    int signal_fd;
    struct refresh_policy policy;
    struct store *store;
    struct plan *plan;
    struct refresh_run *refresh;
    struct trigger *trigger; /* NULL with `once` */
    struct dispatch *dispatch;
    struct collect *collect;
    struct claims *claims;
    struct control *control;
    struct holds holds;
    struct politeness *politeness;
    struct storage storage;
    struct descriptors descriptors;
    struct local_pool *pool;
    struct publisher *publisher;
    struct events *events;
    struct status *status;
    struct crawl_times times;
    struct notify notify;
    int64_t next_reader_check_ms, next_progress_ms, next_line_ms;
    int64_t workers_by_ms;   /* when the local workers start although the first export is not over */
    int64_t once_horizon_ms; /* `once` fetches what was due before this */
    bool draining;           /* hand out nothing more, publish, end */
    uint64_t drain_export;   /* the run that publishes the last of it; 0: not asked for yet */
    int64_t stop_by_ms;      /* 0: not stopping */
    int exit_code;
};

#endif
