#include "coordinator/dispatch_results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "coordinator/dispatch_state.h"
#include "coordinator/dispatch_strikes.h"
#include "coordinator/dispatch_workers.h"

void dispatch_lease_done(struct dispatch *dispatch, uint32_t plan_place)
{
    struct plan_entry *entry = plan_entry(dispatch->plan, plan_place);
    dispatch_end_lease(dispatch, entry->lease);
    entry->lease = LEASE_NONE;
}

void dispatch_result_ready(struct dispatch *dispatch, const char *name)
{
    struct worker *worker = roster_find_name(&dispatch->roster, name);
    if (!worker)
        return;
    /* It came late, after its worker had reconnected and got another job, and must not bring a second one. */
    if (worker->lease != LEASE_NONE)
        worker->ready_after = !worker->leaving;
    else
        dispatch_ready(dispatch, worker);
}

bool dispatch_stray_done(struct dispatch *dispatch, uint64_t id)
{
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        const struct lease *lease = &dispatch->leases.leases[place];
        if (id && lease->id == id && lease->plan_place == PLAN_NONE) {
            politeness_lost(dispatch->politeness, id, clock_monotonic_ms());
            dispatch_end_lease(dispatch, place);
            return true;
        }
    }
    return false;
}

void dispatch_blame(struct dispatch *dispatch, const char *name, const char *key, const char *reason)
{
    struct worker *worker = roster_find_name(&dispatch->roster, name);
    if (worker && strcmp(worker->key, key) == 0)
        dispatch_strike(dispatch, worker, reason);
    else
        dispatch_strike_key(dispatch, key, reason);
}

bool dispatch_may_name(const struct dispatch *dispatch, const char *name, const char *key)
{
    const struct worker *worker = roster_find_name(&dispatch->roster, name);
    return !worker || strcmp(worker->key, key) == 0;
}

void dispatch_praise(struct dispatch *dispatch, const char *name)
{
    const struct worker *worker = roster_find_name(&dispatch->roster, name);
    if (worker)
        dispatch_forgive(dispatch, worker);
}

bool dispatch_is_holder(const struct lease *lease, const char *name, const char *key)
{
    return lease->worker && strcmp(lease->worker->name, name) == 0 && strcmp(lease->worker->key, key) == 0;
}

bool dispatch_was_leased(const struct dispatch *dispatch, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    if (dispatch_is_of_earlier(dispatch, id))
        return clock_monotonic_ms() - dispatch->opened_ms < DISPATCH_LATE_MS;
    return lost_leases_has(&dispatch->lost, id, track_id, class_id);
}

bool dispatch_is_of_earlier(const struct dispatch *dispatch, uint64_t id)
{
    uint64_t epoch = id >> 32; /* the first start is 1 */
    return epoch > 0 && epoch < dispatch->leases.next_id >> 32;
}

bool dispatch_take_lost(struct dispatch *dispatch, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    return lost_leases_take(&dispatch->lost, id, track_id, class_id);
}

void dispatch_acknowledge(struct dispatch *dispatch, const char *name, const struct message_ack *ack)
{
    struct worker *worker = roster_find_name(&dispatch->roster, name);
    struct message message = {.type = MESSAGE_ACK, .ack = *ack};
    FAULT_POINT(COLLECT_BEFORE_ACK);
    for (uint32_t i = 0; i < ack->leases.count; i++)
        FAULT_TRACE("ack", "lease=%" PRIu64 " verdict=%s", ack->leases.ids[i], verdict_string(ack->verdict));
    if (worker) {
        dispatch_tell(dispatch, worker, &message);
        worker->owed -= ack->leases.count < worker->owed ? ack->leases.count : worker->owed;
    }
    FAULT_POINT(COLLECT_AFTER_ACK);
    if (worker)
        dispatch_drop_if_done(dispatch, worker);
}

void dispatch_note_result(struct dispatch *dispatch, const struct message_result *result, int64_t wall_ms)
{
    struct worker *worker = roster_find_name(&dispatch->roster, result->worker);
    if (!worker)
        return;
    worker->owed++;
    dispatch->awaited |= worker->said_bye;
    worker->bytes += result->bytes;
    worker->requests += result->requests;
    if (result->outcome != OUTCOME_FAILED)
        return;
    worker->failures++;
    worker->last_error_wall_ms = wall_ms;
    /* A cut sentence is still one. */
    if (snprintf(worker->last_error, sizeof worker->last_error, "%u-%u: %s: %s", (unsigned)result->track_id,
            (unsigned)result->class_id, failure_string(result->failure), result->problem) < 0)
        worker->last_error[0] = '\0';
}

bool dispatch_take_awaited(struct dispatch *dispatch)
{
    bool awaited = dispatch->awaited;
    dispatch->awaited = false;
    return awaited;
}
