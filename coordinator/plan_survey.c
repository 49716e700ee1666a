#include "coordinator/plan_survey.h"

#define HOUR_MS ((int64_t)3600 * 1000)

#define X(name, string) string,
static const char *const kind_strings[] = {PLAN_KINDS(X)};
#undef X

const char *plan_kind_string(enum plan_kind kind)
{
    return kind_strings[kind];
}

enum plan_kind plan_kind_of(const struct plan_entry *entry, int64_t now_ms)
{
    if (entry->state == PLAN_LEASED)
        return PLAN_KIND_LEASED;
    if (entry->quarantined)
        return PLAN_KIND_QUARANTINED;
    if (entry->retrying)
        return PLAN_KIND_RETRYING;
    if (entry->due_ms > now_ms)
        return PLAN_KIND_RESTING;
    return entry->urgent ? PLAN_KIND_URGENT : entry->missing ? PLAN_KIND_MISSING : PLAN_KIND_STALE;
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
        survey.kinds[plan_kind_of(entry, now_ms)]++;
        count_age(&survey, entry, wall_ms);
    }
    return survey;
}
