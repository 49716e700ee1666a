#ifndef R3E_EXPORTER_STATISTICS_INDEX_H
#define R3E_EXPORTER_STATISTICS_INDEX_H
/* stats/index.json: what lists there are and where (FORMATS, "Sharded layout"). */
#include <stdbool.h>

#include "exporter/guard.h"
#include "exporter/publish.h"
#include "exporter/statistics_scopes.h"
#include "exporter/statistics_scores.h"

#define STATISTICS_INDEX_NAME "index.json"
#define STATISTICS_INDEX      STATISTICS_FOLDER "/" STATISTICS_INDEX_NAME

/* False: the guard knows why. */
bool statistics_index_write(struct publication *publication, const struct statistics_scopes *scopes,
    const struct statistics_scores *scores, struct guard *guard);

#endif
