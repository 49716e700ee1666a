#include "worker/retire.h"

int64_t retire_age_left_ms(const struct retire *retire, int64_t now_ms)
{
    int64_t age_ms = now_ms - retire->born_ms;
    return age_ms < (int64_t)retire->max_age_ms ? (int64_t)retire->max_age_ms - age_ms : 0;
}

bool retire_is_due(const struct retire *retire, int64_t now_ms, uint64_t rss_kb, enum bye *reason)
{
    if (retire->jobs >= retire->max_jobs)
        *reason = BYE_MAX_JOBS;
    else if (rss_kb > retire->max_rss_kb)
        *reason = BYE_MAX_RSS;
    else if (retire_age_left_ms(retire, now_ms) == 0)
        *reason = BYE_MAX_AGE;
    else
        return false;
    return true;
}
