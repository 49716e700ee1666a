#include "coordinator/dispatch_jobs.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "coordinator/dispatch_workers.h"

static void count_request(struct dispatch *dispatch, uint64_t lease, int64_t now_ms)
{
    dispatch->counters.requests++;
    politeness_sent(dispatch->politeness, lease, now_ms);
}

static void give_job(struct dispatch *dispatch, struct worker *worker, uint32_t place, int64_t now_ms)
{
    struct plan_entry *entry = plan_entry(dispatch->plan, place);
    struct record_board record;
    const char *name = catalogue_find_track(dispatch->catalogue, entry->track_id)->name;
    FAULT_POINT(DISPATCH_BEFORE_LEASE);
    entry->lease = lease_begin(&dispatch->leases, place, worker, now_ms, dispatch->options.lease_ms);
    worker->lease = entry->lease;
    worker->held++;
    dispatch_set_requesting(dispatch, worker, true);
    struct message message = {.type = MESSAGE_JOB,
        .job = {.lease = dispatch->leases.leases[entry->lease].id,
            .attempt = entry->attempt,
            .track_id = entry->track_id,
            .class_id = entry->class_id,
            .issued_at_ms = (uint64_t)clock_wall_ms(),
            .lease_ms = (uint64_t)dispatch->options.lease_ms}};
    _Static_assert(CATALOGUE_NAME_MAX < PROTOCOL_NAME_SIZE, "a track's name fits a job");
    memcpy(message.job.track_name, name, strlen(name) + 1);
    if (store_get_board(dispatch->store, entry->track_id, entry->class_id, &record) &&
        record_board_is_fetched(&record) && !record.content_lost)
        protocol_hash_to_hex(record.content_hash, message.job.content_hash);
    FAULT_POINT(DISPATCH_AFTER_LEASE);
    FAULT_TRACE("job", "lease=%" PRIu64 " track=%u class=%u attempt=%u worker=%s", message.job.lease,
        entry->track_id, entry->class_id, (unsigned)entry->attempt, worker->name);
    if (dispatch_tell(dispatch, worker, &message)) {
        FAULT_POINT(DISPATCH_AFTER_SEND);
        dispatch->counters.jobs++;
        count_request(dispatch, message.job.lease, now_ms);
        return;
    }
    dispatch_drop(dispatch, worker, false);
}

static void grant_page(struct dispatch *dispatch, struct worker *worker, int64_t now_ms)
{
    struct lease *lease = &dispatch->leases.leases[worker->lease];
    struct message message = {
        .type = MESSAGE_GRANT, .page = {.lease = lease->id, .page = worker->wanted_page}};
    dispatch_unqueue(dispatch, worker);
    dispatch_set_requesting(dispatch, worker, true);
    FAULT_POINT(DISPATCH_BEFORE_GRANT);
    FAULT_TRACE("grant", "lease=%" PRIu64 " page=%" PRIu64, message.page.lease, message.page.page);
    if (!dispatch_tell(dispatch, worker, &message)) {
        dispatch_set_requesting(dispatch, worker, false); /* when it is back it asks again */
        return;
    }
    lease->granted_ms = now_ms;
    lease->requests++;
    count_request(dispatch, message.page.lease, now_ms);
    FAULT_POINT(DISPATCH_AFTER_GRANT);
}

/* Whoever is ready fetches robots.txt, if it is time for that. */
static void ask_robots(struct dispatch *dispatch, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_ROBOTS};
    struct worker *worker = dispatch->credits;
    if (!worker || dispatch->in_flight >= dispatch->options.max_in_flight ||
        !politeness_wants_robots(dispatch->politeness, now_ms))
        return;
    dispatch_unqueue(dispatch, worker);
    if (!dispatch_tell(dispatch, worker, &message)) {
        dispatch_drop(dispatch, worker, false);
        return;
    }
    dispatch_set_requesting(dispatch, worker, true);
    worker->asked_robots = true;
    dispatch->counters.requests++;
    politeness_robots_asked(dispatch->politeness,
        PROTOCOL_ROBOTS_REQUESTS_MAX * (int64_t)dispatch->options.welcome.timeout_ms, now_ms);
}

/* The first who waits for a page and may have it now, or NULL. */
static struct worker *next_asker(const struct dispatch *dispatch, int64_t now_ms)
{
    struct worker *worker = dispatch->askers;
    while (
        worker && !politeness_allows(dispatch->politeness, dispatch->leases.leases[worker->lease].id, now_ms))
        worker = worker->queue_next;
    return worker;
}

void dispatch_hand_out(struct dispatch *dispatch, int64_t now_ms)
{
    ask_robots(dispatch, now_ms);
    if (holds_wait_ms(dispatch->holds, HOLD_REQUESTS, now_ms) > 0)
        return;
    while (dispatch->in_flight < dispatch->options.max_in_flight) {
        struct worker *worker = next_asker(dispatch, now_ms);
        if (worker) {
            grant_page(dispatch, worker, now_ms);
            continue;
        }
        worker = dispatch->credits;
        if (!worker || dispatch->askers || holds_wait_ms(dispatch->holds, HOLD_JOBS, now_ms) > 0 ||
            plan_next_due_ms(dispatch->plan) > now_ms || !politeness_allows(dispatch->politeness, 0, now_ms))
            return;
        dispatch_unqueue(dispatch, worker);
        give_job(dispatch, worker, plan_take(dispatch->plan, now_ms), now_ms);
    }
}
