#include "coordinator/plan_survey.h"

#define HOUR_MS ((int64_t)3600 * 1000)

static void count_kind(struct plan_survey *survey, const struct plan_entry *entry, int64_t now_ms)
{
    if (entry->state == PLAN_LEASED)
        survey->leased++;
    else if (entry->quarantined)
        survey->quarantined++;
    else if (entry->retrying)
        survey->retrying++;
    else if (entry->due_ms > now_ms)
        survey->resting++;
    else if (entry->urgent)
        survey->urgent++;
    else if (entry->missing)
        survey->missing++;
    else
        survey->stale++;
}

static void count_age(struct plan_survey *survey, const struct plan_entry *entry, int64_t wall_ms)
{
    if (entry->missing || entry->checked_at_ms == 0) {
        survey->ages.never++;
        return;
    }
    int64_t age_ms = wall_ms > entry->checked_at_ms ? wall_ms - entry->checked_at_ms : 0;
    if (age_ms > survey->oldest_ms)
        survey->oldest_ms = age_ms;
#define X(name, hours)                                                                                       \
    if (age_ms < (hours)*HOUR_MS) {                                                                          \
        survey->ages.name++;                                                                                 \
        return;                                                                                              \
    }
    PLAN_SURVEY_AGES(X)
#undef X
}

struct plan_survey plan_survey(struct plan *plan, int64_t now_ms, int64_t wall_ms)
{
    struct plan_survey survey = {0};
    for (uint32_t place = 0; place < plan_count(plan); place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        count_kind(&survey, entry, now_ms);
        count_age(&survey, entry, wall_ms);
    }
    return survey;
}
