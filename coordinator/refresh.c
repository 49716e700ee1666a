#include "coordinator/refresh.h"

bool refresh_is_transient(enum failure failure, uint64_t http_status)
{
    static const uint16_t permanent[] = {400, 401, 403, 404, 405, 410, 414};
    switch (failure) {
    case FAILURE_REDIRECT:
    case FAILURE_TOO_LARGE:
    case FAILURE_TOO_MANY_PAGES:
        return false;
    case FAILURE_HTTP_STATUS:
        for (unsigned i = 0; i < sizeof permanent / sizeof *permanent; i++)
            if (http_status == permanent[i])
                return false;
        return true;
    default:
        return true;
    }
}

int64_t refresh_backoff_ms(const struct refresh_policy *policy, uint32_t attempt, uint64_t random)
{
    int64_t pause = policy->backoff_ms;
    for (uint32_t i = 1; i < attempt && pause < policy->backoff_most_ms; i++)
        pause *= 2;
    if (pause > policy->backoff_most_ms)
        pause = policy->backoff_most_ms;
    return pause + (int64_t)(random % ((uint64_t)pause / 2 + 1));
}

void refresh_succeeded(
    const struct refresh_policy *policy, struct plan *plan, uint32_t place, int64_t now_ms, int64_t wall_ms)
{
    plan_entry(plan, place)->checked_at_ms = wall_ms;
    plan_entry(plan, place)->again_at_ms = 0;
    plan_succeed(plan, place, now_ms + policy->max_age_ms);
}

void refresh_kept_aside(struct plan *plan, uint32_t place, int64_t wait_ms, int64_t now_ms, int64_t wall_ms)
{
    plan_entry(plan, place)->checked_at_ms = wall_ms;
    plan_entry(plan, place)->again_at_ms = wall_ms + wait_ms;
    plan_succeed(plan, place, now_ms + wait_ms);
}

bool refresh_failed(const struct refresh_policy *policy, struct plan *plan, uint32_t place,
    const struct refresh_failure *failure, int64_t now_ms, uint64_t random)
{
    struct plan_entry *entry = plan_entry(plan, place);
    entry->last_failure = (uint8_t)failure->failure;
    entry->last_http_status = (uint16_t)failure->http_status;
    entry->failed_at_ms = failure->wall_ms;
    if (failure->refusal && entry->refusals < REFRESH_REFUSALS) {
        plan_postpone(plan, place, failure->not_before_ms > now_ms ? failure->not_before_ms : now_ms);
        return true;
    }
    if (entry->attempt > policy->retries || !refresh_is_transient(failure->failure, failure->http_status)) {
        entry->checked_at_ms = failure->wall_ms;
        plan_give_up(plan, place, now_ms + policy->max_age_ms);
        return false;
    }
    bool worker_only = failure->failure == FAILURE_WORKER_DIED || failure->failure == FAILURE_LEASE_EXPIRED;
    int64_t due_ms = now_ms + (worker_only ? 0 : refresh_backoff_ms(policy, entry->attempt, random));
    plan_retry(plan, place, due_ms < failure->not_before_ms ? failure->not_before_ms : due_ms);
    return true;
}

bool refresh_is_suspicious(uint32_t known, uint64_t entries)
{
    return known > 0 && entries * 3 < (uint64_t)known * 2;
}
