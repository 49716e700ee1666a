#ifndef R3E_EXPORTER_STATISTICS_SCORES_H
#define R3E_EXPORTER_STATISTICS_SCORES_H
/* The figures of each person in each scope, from one walk over all rows. Kept are only those that can be
 * listed: in overall everybody, in a class or superclass who has two entries there. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/guard.h"
#include "exporter/statistics.h"
#include "exporter/statistics_scopes.h"

#define STATISTICS_CATEGORY_ENTRIES 2u /* of who is listed in a class or superclass, at least (FORMATS) */

#define STATISTICS_NO_AVERAGE INT64_MIN

struct statistics_score {
    uint64_t bested;
    int64_t average; /* as in statistics_average.h; STATISTICS_NO_AVERAGE without a row with N ≥ 2 */
    uint32_t person;
    uint32_t entries, poles, podiums;
};

/* The published average; 0 where there is none. */
static inline int64_t statistics_score_average(const struct statistics_score *score)
{
    return score->average == STATISTICS_NO_AVERAGE ? 0 : score->average;
}

/* The figures of one scope, in order of the persons. */
struct statistics_list {
    struct statistics_score *scores;
    uint32_t count, capacity;
    uint32_t persons; /* who has a row in the scope */
};

struct statistics_scores {
    struct statistics_list *lists; /* by place of the scope */
    uint32_t scope_count;
    uint64_t exact_averages; /* how many had to be computed as fractions */
};

/* Of scopes that are not touched only `persons` is found. The result does not depend on `threads`. False: the
 * guard knows why. Release with statistics_scores_free in both cases. */
bool statistics_scores_make(struct statistics_scores *scores, const struct statistics_source *source,
    const struct statistics_scopes *scopes, unsigned threads, struct guard *guard);

void statistics_scores_free(struct statistics_scores *scores);

#endif
