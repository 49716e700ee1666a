#include "coordinator/coordinator_ending.h"

#include "common/clock.h"
#include "common/log.h"

#define STOP_PATIENCE_MS 1500 /* how long a stop waits for the workers' last results */

void coordinator_stop(struct coordinator *c, int exit_code, enum status_state state)
{
    if (c->stop_by_ms)
        return;
    c->exit_code = exit_code;
    int64_t now_ms = clock_monotonic_ms();
    c->stop_by_ms = now_ms + STOP_PATIENCE_MS;
    holds_set(&c->holds, HOLD_STOPPING, HOLD_FOREVER, now_ms, "the coordinator is stopping");
    notify_stopping(&c->notify);
    local_pool_stop(c->pool);
    status_set_state(c->status, state);
}

void coordinator_drain(void *context)
{
    struct coordinator *c = context;
    if (c->draining || c->stop_by_ms)
        return;
    c->draining = true;
    log_info("draining: %u boards under way are finished and published", dispatch_leased(c->dispatch));
    holds_set(&c->holds, HOLD_DRAINING, HOLD_FOREVER, clock_monotonic_ms(),
        "an operator asked to finish what is under way and to end (r3ectl drain)");
}

/* `once` ends also when the service does not let it: refused, or down for longer than the retries last. */
static void tick_no_hope(struct coordinator *c, bool busy, int64_t now_ms)
{
    enum failure reason;
    uint64_t http_status;
    if (!c->once || !busy || c->stop_by_ms)
        return;
    if (politeness_is_refused(c->politeness, now_ms)) {
        log_error("nothing could be fetched: %s", holds_get(&c->holds, HOLD_ROBOTS, now_ms)->text);
        coordinator_stop(c, 1, STATUS_STOPPING);
    } else if (politeness_is_hopeless(c->politeness, c->policy.retries, &reason, &http_status)) {
        struct plan_failure failure = {
            .failure = (uint8_t)reason, .http_status = (uint16_t)http_status, .wall_ms = clock_wall_ms()};
        uint32_t count =
            plan_give_up_rest(c->plan, c->once_horizon_ms, now_ms + c->policy.max_age_ms, &failure);
        if (count)
            log_warn("the service is still down (%s) after %u tries; %u boards are given up until the next "
                     "refresh, what the store has stays",
                failure_string(reason), c->policy.retries + 1, count);
    }
}

static void tick_once(struct coordinator *c, bool busy)
{
    if (!c->once || busy || c->stop_by_ms || export_run_active(publisher_run(c->publisher)))
        return;
    if (publisher_failed(c->publisher)) {
        coordinator_stop(c, 1, STATUS_STOPPING);
        return;
    }
    if (publisher_owes(c->publisher))
        return;
    struct plan_counts counts = plan_count_states(c->plan, clock_monotonic_ms());
    if (counts.failed)
        log_warn("%u of %u combinations failed; the rest is published, status.json lists them", counts.failed,
            counts.total);
    coordinator_stop(c, counts.failed ? 3 : 0, STATUS_DONE);
}

/* Ends when everything under way has come back and is published, or cannot be. */
static void tick_drain(struct coordinator *c, bool busy)
{
    bool exporting = export_run_active(publisher_run(c->publisher));
    if (!c->draining || c->stop_by_ms || dispatch_leased(c->dispatch) || exporting)
        return;
    if (!c->drain_export && publisher_owes(c->publisher))
        c->drain_export = publisher_request(c->publisher);
    enum publisher_outcome outcome =
        c->drain_export ? publisher_outcome(c->publisher, c->drain_export) : PUBLISHER_DONE;
    if (outcome == PUBLISHER_FAILED)
        coordinator_stop(c, 1, STATUS_STOPPING);
    else if (outcome != PUBLISHER_PENDING)
        coordinator_stop(c, c->once && busy ? 3 : 0, STATUS_DONE);
}

void coordinator_tick_ending(struct coordinator *c, bool busy, int64_t now_ms)
{
    tick_no_hope(c, busy, now_ms);
    tick_once(c, busy);
    tick_drain(c, busy);
}
