#ifndef R3E_COORDINATOR_PLAN_SURVEY_H
#define R3E_COORDINATOR_PLAN_SURVEY_H
/* What waits in the plan, by kind and by age: one walk over all its entries. Pure. */
#include <stdint.h>

#include "coordinator/plan.h"

/* Every combination is in exactly one of these; X(name). */
#define PLAN_SURVEY_KINDS(X)                                                                                 \
    X(leased)      /* being fetched */                                                                       \
    X(quarantined) /* left alone for a day */                                                                \
    X(retrying)    /* waits for its next attempt, due or not */                                              \
    X(urgent)      /* due; asked for by name */                                                              \
    X(missing)     /* due; never fetched */                                                                  \
    X(stale)       /* due; too old, or of the full refresh under way */                                      \
    X(resting)     /* not due */

/* How long ago a board was checked last; X(name, less than so many hours). */
#define PLAN_SURVEY_AGES(X)                                                                                  \
    X(under_1h, 1)                                                                                           \
    X(under_6h, 6)                                                                                           \
    X(under_24h, 24)                                                                                         \
    X(under_48h, 48)                                                                                         \
    X(under_7d, 168)                                                                                         \
    X(older, INT32_MAX)

struct plan_survey {
#define X(name) uint32_t name;
    PLAN_SURVEY_KINDS(X)
#undef X
    struct {
#define X(name, hours) uint32_t name;
        PLAN_SURVEY_AGES(X)
#undef X
        uint32_t never;
    } ages;
    int64_t oldest_ms; /* how long ago the one was checked that was checked longest ago; 0: none was ever */
};

/* `wall_ms` is now on the wall clock; what was checked in the future counts as checked now. */
struct plan_survey plan_survey(struct plan *plan, int64_t now_ms, int64_t wall_ms);

#endif
