#ifndef R3E_COORDINATOR_DISPATCH_STATE_H
#define R3E_COORDINATOR_DISPATCH_STATE_H
/* What dispatch is made of: for dispatch.c and the dispatch_*.c beside it only. All others know dispatch.h.
 */
#include "coordinator/dispatch.h"
#include "coordinator/lost_leases.h"
#include "coordinator/queue.h"

struct dispatch {
    void *socket;
    const struct catalogue *catalogue;
    struct plan *plan;
    struct store *store;
    const struct refresh_policy *policy;
    const struct holds *holds;
    struct dispatch_options options;
    struct roster roster;
    struct lease_table leases;
    struct politeness *politeness;
    struct worker *credits; /* queue of those who are READY */
    struct worker *askers;  /* queue of those who want a further page */
    unsigned in_flight;
    int64_t opened_ms, next_sweep_ms;
    int64_t ticked_ms; /* last tick */
    bool awaited;      /* a worker that said BYE waits for an acknowledgement; until dispatch_take_awaited */
    uint64_t retried;
    struct dispatch_counters counters;
    char host[PROTOCOL_NAME_SIZE];
    struct lost_leases lost;
    struct rubbish rubbish;
    struct dispatch_events events; /* all NULL until dispatch_on_local */
    struct events *told;           /* borrowed; NULL until dispatch_tell_events */
    struct access *access;         /* borrowed; NULL until dispatch_tell_access */
};

#endif
