#include "exporter/statistics.h"

#include <stdlib.h>

#include "common/memory.h"
#include "exporter/statistics_files.h"
#include "exporter/statistics_index.h"
#include "exporter/statistics_names.h"
#include "exporter/statistics_scores.h"
#include "exporter/statistics_stale.h"
#include "exporter/threads.h"

struct statistics_work {
    struct publication *publication;
    const struct statistics_source *source;
    struct guard *guard;
    unsigned threads;
    struct statistics_scopes scopes;
    struct statistics_files files;
    struct statistics_scores scores;
    uint32_t *ranks;
    struct threads beside; /* computing … */
    bool computed;         /* … what is here when it has ended */
};

static bool make_folders(struct statistics_work *work)
{
    bool made = publication_folder(work->publication, STATISTICS_FOLDER);
    for (unsigned type = 0; type < STATISTICS_SCOPE_TYPE_COUNT && made; type++)
        made =
            publication_folder(work->publication, statistics_scope_folder((enum statistics_scope_type)type));
    return made;
}

static void *rank_names(void *context)
{
    struct statistics_work *work = context;
    work->ranks = statistics_names_rank(work->source);
    return NULL;
}

/* Names are put in order beside the walk through the rows. */
static void *compute(void *context)
{
    struct statistics_work *work = context;
    struct threads beside = {.count = 0};
    if (work->threads > 1)
        beside = threads_start(1, rank_names, work);
    else
        rank_names(work);
    work->computed =
        statistics_scores_make(&work->scores, work->source, &work->scopes, work->threads, work->guard);
    threads_join(&beside);
    return NULL;
}

static bool write_files(struct statistics_work *work)
{
    const struct statistics_material material = {&work->scopes, &work->scores, work->source, work->ranks};
    return statistics_files_write(&work->files, work->publication, &material, work->threads, work->guard);
}

struct statistics_work *statistics_begin(struct publication *publication, const struct snapshot *snapshot,
    const struct statistics_source *source, const struct statistics_touched *touched, unsigned threads,
    struct guard *guard)
{
    struct statistics_work *work = memory_zalloc(1, sizeof *work);
    work->publication = publication;
    work->source = source;
    work->guard = guard;
    work->threads = threads;
    work->scopes =
        statistics_scopes_make(&snapshot->catalogue, snapshot->boards, snapshot->board_count, touched);
    work->files = statistics_files_plan(publication, &work->scopes);
    if (threads > 1)
        work->beside = threads_start(1, compute, work);
    else
        compute(work);
    return work;
}

void statistics_compute(struct statistics_work *work)
{
    threads_join(&work->beside);
}

bool statistics_end(struct statistics_work *work)
{
    statistics_compute(work);
    bool written = work->computed && statistics_stale_sweep(work->publication) && make_folders(work) &&
                   write_files(work) &&
                   statistics_index_write(work->publication, &work->scopes, &work->scores, work->guard) &&
                   statistics_stale_remove(work->publication, &work->scopes);
    free(work->ranks);
    statistics_files_free(&work->files);
    statistics_scores_free(&work->scores);
    statistics_scopes_free(&work->scopes);
    free(work);
    return written;
}

bool statistics_remove(struct publication *publication)
{
    return statistics_stale_sweep(publication) && statistics_stale_remove(publication, NULL);
}
