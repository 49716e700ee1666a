#include "coordinator/dispatch_hello.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/version.h"
#include "coordinator/dispatch_strikes.h"
#include "coordinator/dispatch_workers.h"

static uint64_t spread(uint64_t limit)
{
    uint64_t fifth = limit / 5;
    return limit - (fifth ? (uint64_t)random() % (fifth + 1) : 0);
}

void dispatch_welcome(struct dispatch *dispatch, struct worker *worker)
{
    struct message message = {.type = MESSAGE_WELCOME, .welcome = dispatch->options.welcome};
    if (worker->ipc)
        memcpy(message.welcome.results, dispatch->options.local_results, sizeof message.welcome.results);
    memcpy(message.welcome.worker, worker->name, sizeof message.welcome.worker);
    if (worker->lease != LEASE_NONE)
        message.welcome.lease = dispatch->leases.leases[worker->lease].id;
    message.welcome.max_jobs = spread(message.welcome.max_jobs);
    message.welcome.max_age_ms = spread(message.welcome.max_age_ms);
    dispatch_tell(dispatch, worker, &message);
}

/* There is no room for it. */
static void turn_away(struct dispatch *dispatch, struct origin origin, const char *reason)
{
    if (dispatch->access)
        access_turned_away(dispatch->access, ZAP_JOBS, origin.address, origin.key, reason);
    dispatch_refuse(dispatch, origin.identity, reason);
}

/* The place of a lease of the worker with an id in this range. */
static uint32_t find_lease(
    const struct dispatch *dispatch, const struct worker *worker, uint64_t first, uint64_t last)
{
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        const struct lease *lease = &dispatch->leases.leases[place];
        if (lease->id && lease->worker == worker && lease->id >= first && lease->id <= last)
            return place;
    }
    return LEASE_NONE;
}

/* What was handed out after the last job that the worker took was lost on its way. */
static void take_back_untaken(struct dispatch *dispatch, struct worker *worker, uint64_t taken)
{
    uint32_t place;
    while (worker->held && (place = find_lease(dispatch, worker, taken + 1, UINT64_MAX)) != LEASE_NONE) {
        log_info("the job of lease %llu did not reach worker %s; its board is due again",
            (unsigned long long)dispatch->leases.leases[place].id, worker->name);
        dispatch_take_back(dispatch, place, FAILURE_WORKER_DIED, false);
    }
    if (!worker->held || worker->lease != LEASE_NONE)
        return;
    worker->lease = find_lease(dispatch, worker, taken, taken); /* what was lost had taken its place */
    dispatch_set_requesting(dispatch, worker, worker->lease != LEASE_NONE);
}

void dispatch_hello(struct dispatch *dispatch, struct origin origin, const struct message_hello *hello)
{
    struct text identity = origin.identity;
    if (dispatch_refuse_aside(dispatch, origin, hello))
        return;
    if (strcmp(hello->version, R3E_VERSION) != 0) {
        log_warn("worker on %s (pid %d) is of version %s and was refused; install %s there", hello->host,
            (int)hello->pid, hello->version, R3E_VERSION);
        dispatch_refuse(
            dispatch, identity, "the coordinator is of version " R3E_VERSION "; install the same here");
        return;
    }
    uint64_t joined = dispatch->roster.joined;
    const char *refusal;
    struct worker *worker = roster_join(
        &dispatch->roster, origin, hello, dispatch->options.max_per_key, clock_monotonic_ms(), &refusal);
    if (!worker) {
        turn_away(dispatch, origin, refusal);
        return;
    }
    worker->local = worker->ipc && strcmp(worker->host, dispatch->host) == 0;
    if (worker->local && dispatch->events.joined)
        dispatch->events.joined(dispatch->events.context, worker->pid);
    dispatch_unqueue(dispatch, worker);
    dispatch_forget_robots(dispatch, worker);
    take_back_untaken(dispatch, worker, hello->job);
    log_debug("worker %s joined: %s pid %d", worker->name, worker->host, (int)worker->pid);
    if (dispatch->roster.joined != joined)
        events_put(dispatch->told, EVENT_WORKER_JOINED, &(struct event_about){.worker = worker->name},
            clock_wall_ms(), "worker %s joined: %s, pid %d", worker->name, worker->host, (int)worker->pid);
    dispatch_renew(dispatch, worker, worker->last_heard_ms);
    dispatch_welcome(dispatch, worker);
}
