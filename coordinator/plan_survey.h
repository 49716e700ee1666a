#ifndef R3E_COORDINATOR_PLAN_SURVEY_H
#define R3E_COORDINATOR_PLAN_SURVEY_H
/* What waits in the plan, by kind and by age: one walk over all its entries. Pure. */
#include <stdint.h>

#include "coordinator/plan.h"

/* Every combination is of exactly one of these; X(name, what programs call it). */
#define PLAN_KINDS(X)                                                                                        \
    X(PLAN_KIND_LEASED, "leased")           /* being fetched */                                              \
    X(PLAN_KIND_QUARANTINED, "quarantined") /* left alone for a day */                                       \
    X(PLAN_KIND_RETRYING, "retrying")       /* waits for its next attempt, due or not */                     \
    X(PLAN_KIND_URGENT, "urgent")           /* due; asked for by name */                                     \
    X(PLAN_KIND_MISSING, "missing")         /* due; never fetched */                                         \
    X(PLAN_KIND_STALE, "stale")             /* due; too old, or of the full refresh under way */             \
    X(PLAN_KIND_RESTING, "resting")         /* not due */

#define X(name, string) name,
enum plan_kind { PLAN_KINDS(X) PLAN_KIND_COUNT };
#undef X

/* How long ago a board was checked last; X(name, less than so many hours). */
#define PLAN_SURVEY_AGES(X)                                                                                  \
    X(under_1h, 1)                                                                                           \
    X(under_6h, 6)                                                                                           \
    X(under_24h, 24)                                                                                         \
    X(under_48h, 48)                                                                                         \
    X(under_7d, 168)                                                                                         \
    X(older, INT32_MAX)

struct plan_survey {
    uint32_t kinds[PLAN_KIND_COUNT];
    struct {
#define X(name, hours) uint32_t name;
        PLAN_SURVEY_AGES(X)
#undef X
        uint32_t never;
    } ages;
    int64_t oldest_ms; /* how long ago the one was checked that was checked longest ago; 0: none was ever */
};

enum plan_kind plan_kind_of(const struct plan_entry *entry, int64_t now_ms);
const char *plan_kind_string(enum plan_kind kind);

/* `wall_ms` is now on the wall clock; what was checked in the future counts as checked now. */
struct plan_survey plan_survey(struct plan *plan, int64_t now_ms, int64_t wall_ms);

#endif
