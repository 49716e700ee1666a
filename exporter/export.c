#include "exporter/export.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/details.h"
#include "exporter/index_files.h"
#include "exporter/ledger_build.h"
#include "exporter/segments.h"
#include "exporter/threads.h"

/* Up to so many places reached the statistics are computed beside the index, in some 10 MB; the figures of
 * more wait until the index has given its memory back. */
#define RESULTS_BESIDE 500000u

static struct report figures_of(const struct export *run)
{
    return (struct report){
        .generation = run->snapshot.generation,
        .track_count = run->combinations.with_entries,
        .total_fetched_combinations = run->combinations.fetched,
        .total_unique_tracks = run->combinations.tracks,
        .total_drivers = run->ledger.person_count,
        .total_entries = run->combinations.entries,
        .total_teams = run->ledger.team_count,
        .files_written = run->publication.figures.files_written,
        .files_unchanged = run->publication.figures.files_unchanged,
        .files_removed = run->publication.figures.files_removed,
        .bytes_written = run->publication.figures.bytes_written,
        .broken_records = run->snapshot.broken_count,
    };
}

/* Most of the details. */
static bool writes_much(const struct export *run)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < run->snapshot.board_count; i++)
        kept += run->kept_details[i];
    return kept < run->snapshot.board_count / 2;
}

/* Mostly waits for the file system, so it has a thread beside the index. */
static void *write_small_files(void *context)
{
    struct export *run = context;
    bool links = run->options->layouts & LAYOUT_FLAT;
    bool written = details_write(&run->publication, &run->snapshot, run->kept_details, links, run->guard) &&
                   combinations_write(&run->publication, &run->snapshot, run->guard, &run->combinations);
    snapshot_release(&run->snapshot);
    if (written && writes_much(run))
        publication_write_back(&run->publication);
    return NULL;
}

/* A whole ledger, which takes most of the memory, is written to the disk before the files are made, so that
 * what is no longer needed can go; a small change is written when all is published, or it would be synced
 * with it. */
static void write_ledger(struct export *run, bool is_small)
{
    if (run->ledger_is_new && !run->snapshot.broken_count && run->ledger_is_small == is_small)
        ledger_files_write(&run->ledger_files, &run->ledger);
}

/* Takes what the last run left, and finds what has changed since. */
static void find_changes(struct export *run)
{
    if (run->has_manifest)
        publication_look(&run->publication, &run->manifest.inventory);
    run->has_ledger = !run->full && ledger_files_load(&run->ledger_files, &run->old_ledger);
    if (run->has_ledger && ledger_is_wasteful(&run->old_ledger)) { /* its place is taken by a new one */
        run->has_ledger = false;
        ledger_free(&run->old_ledger);
    }
    run->change = ledger_change_find(run->has_ledger ? &run->old_ledger : NULL, &run->snapshot);
    run->publication.segments = segments_open(run->options->store, run->full);
    /* The files are known only if ledger and manifest are of the same run. */
    bool fits = run->has_ledger && run->has_manifest &&
                memcmp(run->old_ledger.basis, run->previous_basis, sizeof run->previous_basis) == 0;
    run->publication.previous = fits ? &run->manifest.inventory : NULL;
    run->kept_details = memory_zalloc(run->snapshot.board_count, sizeof *run->kept_details);
    details_keep(&run->publication, &run->snapshot, run->change.details, run->kept_details);
}

/* Reads what is needed of the store, and no more. */
static bool verify(struct export *run)
{
    for (uint32_t i = 0; i < run->snapshot.board_count; i++)
        run->snapshot.boards[i].unwanted = run->kept_details[i] && !run->change.boards[i];
    snapshot_verify(&run->snapshot, run->options->threads, run->guard);
    ledger_change_verified(&run->change, run->has_ledger ? &run->old_ledger : NULL, &run->snapshot);
    return guard_ok(run->guard);
}

/* Makes the ledger of this snapshot, from the last run's where there is one. */
static bool build_ledger(struct export *run)
{
    struct ledger *old = run->has_ledger ? &run->old_ledger : NULL;
    bool changed = !old || run->change.any, built = true;
    bool same_catalogue = old && old->catalogue == run->snapshot.catalogue_hash;
    if (changed)
        built = ledger_files_logs(&run->ledger_files, &run->ledger, old, &run->publication) &&
                ledger_build(&run->ledger, old, &run->change, &run->snapshot, &run->publication,
                    run->options->threads);
    run->has_touched = built && run->publication.previous && same_catalogue;
    if (run->has_touched && changed)
        run->touched_classes =
            ledger_source_touched(&run->ledger, old, &run->change, &run->snapshot, &run->touched_class_count);
    run->ledger_is_new = changed || memcmp(old->basis, run->manifest.basis, sizeof old->basis) != 0;
    run->ledger_is_small = old;
    if (!changed)
        ledger_move(&run->ledger, old);
    memcpy(run->ledger.basis, run->manifest.basis, sizeof run->ledger.basis);
    run->ledger.catalogue = run->snapshot.catalogue_hash;
    run->is_damaged = atomic_load(&run->old_ledger.damaged);
    ledger_free(&run->old_ledger);
    if (built)
        write_ledger(run, false);
    malloc_trim(0);
    return built;
}

static struct statistics_work *begin_statistics(struct export *run)
{
    const struct statistics_touched touched = {run->touched_classes, run->touched_class_count};
    return statistics_begin(&run->publication, &run->snapshot, &run->source,
        run->has_touched ? &touched : NULL, run->options->threads, run->guard);
}

static bool write_index(struct export *run)
{
    struct publication *publication = &run->publication;
    unsigned threads = run->options->threads;
    bool keep = run->ledger_is_small; /* the rosters */
    bool sharded = run->options->layouts & LAYOUT_SHARDED;
    struct statistics_work *statistics = NULL;
    run->source = ledger_source(&run->ledger);
    if (sharded && run->ledger.result_count <= RESULTS_BESIDE)
        statistics = begin_statistics(run);
    bool written = index_files_write(publication, &run->ledger, run->options->layouts, keep, threads) &&
                   (sharded || statistics_remove(publication));
    if (sharded && !statistics && written) {
        statistics = begin_statistics(run);
        statistics_compute(statistics);
        if (!run->ledger_is_small) /* it has been written */
            ledger_drop_results(&run->ledger);
    }
    return statistics ? statistics_end(statistics) && written : written;
}

/* Whether the last run published the same, and it is all still there. */
static bool stands(struct export *run)
{
    uint8_t basis[MANIFEST_BASIS_SIZE];
    const char *path;
    manifest_basis(run->snapshot.content, run->options->layouts, basis);
    run->has_manifest = !run->full && manifest_load(&run->manifest, run->options->store);
    bool same = run->has_manifest && run->snapshot.broken_count == 0 &&
                memcmp(run->manifest.basis, basis, sizeof basis) == 0;
    memcpy(run->previous_basis, run->manifest.basis, sizeof basis);
    memcpy(run->manifest.basis, basis, sizeof basis);
    if (!same)
        return false;
    if (inventory_stands(&run->manifest.inventory, run->publication.root_fd, run->options->threads, &path))
        return true;
    log_info("%s%s%s is not as it was published; every file is compared", run->publication.root,
        *path ? "/" : "", path);
    return false;
}

static void keep_manifest(struct export *run)
{
    const char *path;
    run->publication.previous = NULL;
    inventory_free(&run->manifest.inventory);
    if (run->snapshot.broken_count == 0 && inventory_complete(&run->publication.inventory,
                                               run->publication.root_fd, run->options->threads, &path)) {
        segments_save(run->publication.segments, &run->publication.inventory);
        run->manifest.figures = figures_of(run);
        run->manifest.inventory = run->publication.inventory;
        run->publication.inventory = inventory_make();
        manifest_save(&run->manifest, run->options->store);
        return;
    }
    if (run->snapshot.broken_count == 0)
        log_warn("%s%s%s was changed by somebody else meanwhile; the next export compares every file",
            run->publication.root, *path ? "/" : "", path);
    manifest_remove(run->options->store);
}

bool export_run(struct export *run)
{
    run->ledger = ledger_make(run->guard);
    run->old_ledger = ledger_make(run->guard);
    snapshot_open(&run->snapshot, run->options->store);
    run->ledger_files = ledger_files_open(run->options->store);
    FAULT_TRACE("export_begin", "generation=%" PRIu64, run->snapshot.generation);
    FAULT_POINT(EXPORTER_SNAPSHOT_TAKEN);
    if (!publication_open(&run->publication, run->options->public, run->guard))
        return false;
    run->stands = stands(run);
    if (run->stands)
        return guard_ok(run->guard);
    find_changes(run);
    if (!verify(run))
        return false;
    FAULT_POINT(EXPORTER_VERIFIED);
    struct threads beside = threads_start(1, write_small_files, run);
    bool built = build_ledger(run);
    if (built)
        write_index(run);
    threads_join(&beside);
    if (!guard_ok(run->guard) || !publication_commit(&run->publication))
        return false;
    FAULT_POINT(EXPORTER_BEFORE_MANIFEST);
    keep_manifest(run);
    write_ledger(run, true);
    ledger_files_keep(&run->ledger_files);
    FAULT_POINT(EXPORTER_AFTER_MANIFEST);
    return true;
}

/* The figures of the run that published it, as far as they are about what is there. */
static struct report figures_kept(const struct export *run)
{
    struct report report = run->manifest.figures;
    report.generation = run->snapshot.generation;
    report.files_unchanged += report.files_written;
    report.files_written = report.files_removed = report.bytes_written = 0;
    return report;
}

struct report export_report(const struct export *run)
{
    return run->stands ? figures_kept(run) : figures_of(run);
}

bool export_was_misled(const struct export *run)
{
    return run->has_ledger &&
           (run->is_damaged || atomic_load(&run->old_ledger.damaged) || atomic_load(&run->ledger.damaged));
}

void export_close(struct export *run, bool published)
{
    if (!published)
        publication_discard(&run->publication);
    manifest_free(&run->manifest);
    ledger_free(&run->ledger);
    ledger_free(&run->old_ledger);
    ledger_change_free(&run->change);
    free(run->kept_details);
    free(run->touched_classes);
    if (run->publication.segments)
        segments_close(&run->publication.segments);
    ledger_files_close(&run->ledger_files);
    publication_close(&run->publication);
    snapshot_close(&run->snapshot);
}
