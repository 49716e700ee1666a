#ifndef R3E_EXPORTER_STATISTICS_FILES_H
#define R3E_EXPORTER_STATISTICS_FILES_H
/* The lists as files, `stats/<folder>/<id>_<sort>.json.gz`: their names and what is in them. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/guard.h"
#include "exporter/publish.h"
#include "exporter/statistics.h"
#include "exporter/statistics_order.h"
#include "exporter/statistics_scopes.h"

#define STATISTICS_OVERALL     "overall" /* ids of the two kinds of overall files */
#define STATISTICS_OVERALL_TOP "overall_top"
#define STATISTICS_SUFFIX      ".json.gz"

#define STATISTICS_PATH_SIZE (STATISTICS_ID_SIZE + 64)

/* The path from PUBLIC/cache. `id` is that of the scope or, for an overall file, one of the two above. */
void statistics_files_path(enum statistics_scope_type type, const char *id, enum statistics_sort sort,
    char path[static STATISTICS_PATH_SIZE]);

/* The files that are to be made, in the order of the scopes. */
struct statistics_file;
struct statistics_files {
    struct statistics_file *files;
    uint32_t count, capacity;
};

/* All files of what is touched, and of the rest those that are not as the last run left them; their scopes
 * become touched. The others are kept (publish.h). Release with statistics_files_free. */
struct statistics_files statistics_files_plan(
    struct publication *publication, struct statistics_scopes *scopes);

/* What the files are made from, all of it borrowed. */
struct statistics_material {
    const struct statistics_scopes *scopes;
    const struct statistics_scores *scores;
    const struct statistics_source *source;
    const uint32_t *ranks; /* those of statistics_names.h */
};

/* Makes them; once. False: the guard knows why. */
bool statistics_files_write(struct statistics_files *files, struct publication *publication,
    const struct statistics_material *material, unsigned threads, struct guard *guard);

void statistics_files_free(struct statistics_files *files);

#endif
