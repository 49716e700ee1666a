#include "coordinator/dispatch_workers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/wire.h"
#include "coordinator/quarantine.h"

/* A worker without a connection is given so many heartbeats to come back (Majordomo and Paranoid Pirate,
 * ZeroMQ guide, chapter 4, use the same). One with a connection has as long as its lease: the network may be
 * away, and what TCP then sends again comes when twice that time has gone. */
#define GONE_BEATS 3

#define REQUEST_TRIES  2 /* libcurl tries again by itself where a connection that it had kept was closed */
#define DIGEST_MOST_MS 30000

/* What is told to those who watch; the log tells what an operator has to know. */
static void tell_left(struct dispatch *dispatch, const struct worker *worker, bool died)
{
    const struct event_about about = {.worker = worker->name};
    if (died)
        events_put(dispatch->told, EVENT_WORKER_DIED, &about, clock_wall_ms(),
            "worker %s (%s, pid %d) died or fell silent with a board in its hands", worker->name,
            worker->host, (int)worker->pid);
    else
        events_put(dispatch->told, EVENT_WORKER_LEFT, &about, clock_wall_ms(),
            "worker %s (%s, pid %d) left after %llu jobs: %s", worker->name, worker->host, (int)worker->pid,
            (unsigned long long)worker->jobs,
            worker->said_bye ? bye_string(worker->bye_reason) : "it is gone without a word");
}

static struct text identity_of(const struct worker *worker)
{
    return (struct text){worker->identity, worker->identity_length};
}

void dispatch_set_requesting(struct dispatch *dispatch, struct worker *worker, bool requesting)
{
    dispatch->in_flight = dispatch->in_flight - worker->requesting + requesting;
    worker->requesting = requesting;
}

void dispatch_credit(struct dispatch *dispatch, struct worker *worker)
{
    worker->ready_later = !worker->ready && worker->held >= DISPATCH_LEASES_EACH;
    if (worker->ready || worker->ready_later)
        return;
    worker->ready = true;
    queue_append(&dispatch->credits, worker);
}

void dispatch_unqueue(struct dispatch *dispatch, struct worker *worker)
{
    if (worker->ready)
        queue_remove(&dispatch->credits, worker);
    if (worker->wanted_page)
        queue_remove(&dispatch->askers, worker);
    worker->ready = worker->ready_later = worker->ready_after = false;
    worker->wanted_page = 0;
}

void dispatch_ready(struct dispatch *dispatch, struct worker *worker)
{
    dispatch_forget_robots(dispatch, worker); /* it is not at it any more */
    dispatch_set_requesting(dispatch, worker, false);
    /* Its last result may still be on its way through the other socket: the lease stays until then. */
    if (!worker->leaving && !worker->wanted_page)
        dispatch_credit(dispatch, worker);
}

/* A lease of the worker is over. One that did not wait for the page it asked for waits no longer. */
static void release_lease(struct dispatch *dispatch, struct worker *worker, uint32_t lease_place)
{
    if (worker->lease == lease_place) {
        if (worker->wanted_page)
            dispatch_unqueue(dispatch, worker);
        worker->lease = LEASE_NONE;
        dispatch_set_requesting(dispatch, worker, false);
    }
    worker->held--;
    if (worker->ready_later || (worker->ready_after && worker->lease == LEASE_NONE))
        dispatch_credit(dispatch, worker);
}

void dispatch_renew(struct dispatch *dispatch, const struct worker *worker, int64_t now_ms)
{
    if (worker->lease == LEASE_NONE)
        return;
    int64_t since_ms = now_ms - dispatch->leases.leases[worker->lease].granted_ms;
    int64_t most_ms = REQUEST_TRIES * (int64_t)dispatch->options.welcome.timeout_ms + DIGEST_MOST_MS;
    if (worker->wanted_page || since_ms < most_ms)
        lease_renew(&dispatch->leases, worker->lease, now_ms, dispatch->options.lease_ms);
}

bool dispatch_is_death(const struct dispatch *dispatch, const struct worker *worker)
{
    return !(worker && worker->said_bye) && !holds_get(dispatch->holds, HOLD_STOPPING, clock_monotonic_ms());
}

static void tell_quarantined(struct dispatch *dispatch, const struct plan_entry *entry, int64_t wall_ms)
{
    const struct event_about about = {.track_id = entry->track_id, .class_id = entry->class_id};
    events_put(dispatch->told, EVENT_QUARANTINED, &about, wall_ms,
        "left alone for a day: %d workers died while they held it", QUARANTINE_DEATHS);
}

void dispatch_take_back(struct dispatch *dispatch, uint32_t lease_place, enum failure failure, bool counts)
{
    uint32_t place = dispatch->leases.leases[lease_place].plan_place;
    struct worker *worker = dispatch->leases.leases[lease_place].worker;
    uint64_t id = dispatch->leases.leases[lease_place].id;
    FAULT_TRACE("lease_lost", "lease=%" PRIu64 " failure=%s", id, failure_string(failure));
    if (worker)
        release_lease(dispatch, worker, lease_place);
    politeness_lost(dispatch->politeness, id, clock_monotonic_ms());
    lease_end(&dispatch->leases, lease_place);
    if (place == PLAN_NONE)
        return; /* gone from the catalogue */
    struct plan_entry *entry = plan_entry(dispatch->plan, place);
    entry->lease = LEASE_NONE;
    lost_leases_note(&dispatch->lost, id, entry->track_id, entry->class_id);
    if (!counts) {
        plan_return(dispatch->plan, place);
        return;
    }
    struct refresh_failure lost = {.failure = failure, .wall_ms = clock_wall_ms()};
    int64_t now_ms = clock_monotonic_ms();
    bool again = refresh_failed(dispatch->policy, dispatch->plan, place, &lost, now_ms, (uint64_t)random());
    if (!quarantine_note_death(dispatch->store, dispatch->plan, place, now_ms, lost.wall_ms))
        dispatch->retried += again;
    else
        tell_quarantined(dispatch, plan_entry(dispatch->plan, place), lost.wall_ms);
}

void dispatch_forget_robots(struct dispatch *dispatch, struct worker *worker)
{
    if (worker->asked_robots)
        politeness_robots_lost(dispatch->politeness, clock_monotonic_ms());
    worker->asked_robots = false;
}

void dispatch_drop(struct dispatch *dispatch, struct worker *worker, bool counts)
{
    dispatch_unqueue(dispatch, worker);
    dispatch_forget_robots(dispatch, worker);
    dispatch_set_requesting(dispatch, worker, false);
    dispatch->counters.workers_lost += counts && worker->lease != LEASE_NONE;
    tell_left(dispatch, worker, counts && worker->lease != LEASE_NONE);
    /* It may hold an earlier lease too, whose result was on its way. */
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++)
        if (dispatch->leases.leases[place].id && dispatch->leases.leases[place].worker == worker)
            dispatch_take_back(dispatch, place, FAILURE_WORKER_DIED, counts);
    if (worker->local && dispatch->events.left)
        dispatch->events.left(dispatch->events.context, worker->pid);
    roster_leave(&dispatch->roster, worker);
}

bool dispatch_drop_if_done(struct dispatch *dispatch, struct worker *worker)
{
    bool done = worker->said_bye && worker->held == 0 && worker->owed == 0;
    if (done)
        dispatch_drop(dispatch, worker, false);
    return done;
}

bool dispatch_tell(struct dispatch *dispatch, struct worker *worker, const struct message *message)
{
    struct text identity = identity_of(worker);
    if (wire_send(dispatch->socket, &identity, message, NULL, 0)) {
        worker->last_told_ms = clock_monotonic_ms();
        return true;
    }
    log_debug("worker %s (%s pid %d) cannot be reached: %s", worker->name, worker->host, (int)worker->pid,
        zmq_strerror(errno));
    return false;
}

void dispatch_refuse(struct dispatch *dispatch, struct text identity, const char *reason)
{
    struct message message = {.type = MESSAGE_REFUSE};
    size_t length = strlen(reason);
    size_t most = sizeof message.refuse.reason - 1;
    memcpy(message.refuse.reason, reason, length < most ? length : most);
    dispatch->counters.refused++;
    wire_send(dispatch->socket, &identity, &message, NULL, 0);
}

void dispatch_forgive_stall(struct dispatch *dispatch, int64_t stall_ms)
{
    log_warn("the coordinator stood still for %lld ms; its workers are given that time", (long long)stall_ms);
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = worker->hh.next)
        worker->last_heard_ms += stall_ms;
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++)
        if (dispatch->leases.leases[place].id)
            dispatch->leases.leases[place].expires_ms += stall_ms;
}

void dispatch_sweep_workers(struct dispatch *dispatch, int64_t now_ms)
{
    struct message beat = {.type = MESSAGE_HEARTBEAT};
    struct worker *next;
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = next) {
        next = worker->hh.next;
        bool gone = now_ms - worker->last_told_ms >= dispatch->options.heartbeat_ms &&
                    !dispatch_tell(dispatch, worker, &beat);
        int64_t most_ms = gone ? GONE_BEATS * dispatch->options.heartbeat_ms : dispatch->options.lease_ms;
        if (now_ms - worker->last_heard_ms >= most_ms) {
            if (worker->lease != LEASE_NONE)
                log_warn("worker %s (%s pid %d) has been silent for %lld ms; its board goes to another",
                    worker->name, worker->host, (int)worker->pid,
                    (long long)(now_ms - worker->last_heard_ms));
            dispatch_drop(dispatch, worker, dispatch_is_death(dispatch, worker));
        }
    }
}

static void tell_expired(struct dispatch *dispatch, const struct lease *lease)
{
    if (lease->plan_place == PLAN_NONE)
        return;
    const struct plan_entry *entry = plan_entry(dispatch->plan, lease->plan_place);
    const struct event_about about = {.track_id = entry->track_id,
        .class_id = entry->class_id,
        .worker = lease->worker ? lease->worker->name : ""};
    events_put(dispatch->told, EVENT_LEASE_EXPIRED, &about, clock_wall_ms(),
        "not worked on any more; another worker gets it");
}

void dispatch_sweep_leases(struct dispatch *dispatch, int64_t now_ms)
{
    uint32_t place = 0;
    while ((place = lease_find_expired(&dispatch->leases, place, now_ms)) != LEASE_NONE) {
        dispatch->counters.leases_expired++;
        tell_expired(dispatch, &dispatch->leases.leases[place]);
        dispatch_take_back(dispatch, place, FAILURE_LEASE_EXPIRED,
            dispatch_is_death(dispatch, dispatch->leases.leases[place].worker));
    }
}

void dispatch_end_lease(struct dispatch *dispatch, uint32_t lease_place)
{
    struct worker *worker = dispatch->leases.leases[lease_place].worker;
    FAULT_TRACE("lease_done", "lease=%" PRIu64, dispatch->leases.leases[lease_place].id);
    if (worker) {
        release_lease(dispatch, worker, lease_place);
        worker->jobs++;
        if (dispatch->events.worked && worker->local)
            dispatch->events.worked(dispatch->events.context);
    }
    lease_end(&dispatch->leases, lease_place);
}

void dispatch_retire_all(struct dispatch *dispatch)
{
    struct message message = {.type = MESSAGE_RETIRE, .retire = {.reason = "the configuration has changed"}};
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = worker->hh.next) {
        dispatch_unqueue(dispatch, worker);
        worker->leaving = true;
        dispatch_tell(dispatch, worker, &message);
    }
}
