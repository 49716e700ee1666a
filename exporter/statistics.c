#include "exporter/statistics.h"

#include <stdlib.h>

#include "exporter/statistics_files.h"
#include "exporter/statistics_index.h"
#include "exporter/statistics_names.h"
#include "exporter/statistics_scores.h"
#include "exporter/statistics_stale.h"
#include "exporter/threads.h"

struct work {
    struct publication *publication;
    const struct statistics_source *source;
    struct guard *guard;
    struct statistics_scopes scopes;
    struct statistics_files files;
    struct statistics_scores scores;
    uint32_t *ranks;
};

static bool make_folders(struct work *work)
{
    bool made = publication_folder(work->publication, STATISTICS_FOLDER);
    for (unsigned type = 0; type < STATISTICS_SCOPE_TYPE_COUNT && made; type++)
        made =
            publication_folder(work->publication, statistics_scope_folder((enum statistics_scope_type)type));
    return made;
}

static void *rank_names(void *context)
{
    struct work *work = context;
    work->ranks = statistics_names_rank(work->source);
    return NULL;
}

/* Names are put in order beside the walk through the rows. */
static bool compute(struct work *work, unsigned threads)
{
    struct threads beside = {.count = 0};
    if (threads > 1)
        beside = threads_start(1, rank_names, work);
    else
        rank_names(work);
    bool made = statistics_scores_make(&work->scores, work->source, &work->scopes, threads, work->guard);
    threads_join(&beside);
    return made;
}

static bool write_files(struct work *work, unsigned threads)
{
    const struct statistics_material material = {&work->scopes, &work->scores, work->source, work->ranks};
    return statistics_files_write(&work->files, work->publication, &material, threads, work->guard);
}

bool statistics_write(struct publication *publication, const struct snapshot *snapshot,
    const struct statistics_source *source, const struct statistics_touched *touched, unsigned threads,
    struct guard *guard)
{
    struct work work = {.publication = publication, .source = source, .guard = guard};
    work.scopes =
        statistics_scopes_make(&snapshot->catalogue, snapshot->boards, snapshot->board_count, touched);
    work.files = statistics_files_plan(publication, &work.scopes);
    bool written = statistics_stale_sweep(publication) && make_folders(&work) && compute(&work, threads) &&
                   write_files(&work, threads) &&
                   statistics_index_write(publication, &work.scopes, &work.scores, guard) &&
                   statistics_stale_remove(publication, &work.scopes);
    free(work.ranks);
    statistics_files_free(&work.files);
    statistics_scores_free(&work.scores);
    statistics_scopes_free(&work.scopes);
    return written;
}

bool statistics_remove(struct publication *publication)
{
    return statistics_stale_sweep(publication) && statistics_stale_remove(publication, NULL);
}
