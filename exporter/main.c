/* r3e-exporter: reads one snapshot of the store, publishes it, exits. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "exporter/combinations.h"
#include "exporter/details.h"
#include "exporter/driver_index.h"
#include "exporter/guard.h"
#include "exporter/manifest.h"
#include "exporter/options.h"
#include "exporter/publish.h"
#include "exporter/report.h"
#include "exporter/site.h"
#include "exporter/snapshot.h"
#include "exporter/threads.h"

struct export
{
    const struct options *options;
    struct guard guard;
    struct snapshot snapshot;
    struct publication publication;
    struct combinations_figures combinations;
    struct driver_index index;
    struct manifest manifest; /* of the last run, then of this one */
    bool stands;              /* what the last run published is what this one would publish */
};

/* Mostly waits for the file system, so it has a thread beside the index. */
static void *write_small_files(void *context)
{
    struct export *run = context;
    bool links = run->options->layouts & LAYOUT_FLAT;
    if (details_write(&run->publication, &run->snapshot, links, &run->guard))
        combinations_write(&run->publication, &run->snapshot, &run->guard, &run->combinations);
    return NULL;
}

static void write_index(struct export *run)
{
    if (!driver_index_collect(&run->index, &run->snapshot, &run->guard))
        return;
    if (run->options->layouts & LAYOUT_FLAT)
        driver_index_write(&run->index, &run->publication, run->options->threads);
    else
        publication_remove(&run->publication, "driver_index.json.gz");
}

/* Whether the last run published the same, and it is all still there. */
static bool stands(struct export *run)
{
    uint8_t basis[MANIFEST_BASIS_SIZE];
    const char *path;
    manifest_basis(run->snapshot.content, run->options->layouts, basis);
    bool same = !run->options->full && run->snapshot.broken_count == 0 &&
                manifest_load(&run->manifest, run->options->store) &&
                memcmp(run->manifest.basis, basis, sizeof basis) == 0;
    memcpy(run->manifest.basis, basis, sizeof basis);
    if (!same)
        return false;
    if (inventory_stands(&run->manifest.inventory, run->publication.root_fd, &path))
        return true;
    log_info("%s%s%s is not as it was published; every file is compared", run->publication.root,
        *path ? "/" : "", path);
    return false;
}

static struct report figures_of(const struct export *run)
{
    return (struct report){
        .generation = run->snapshot.generation,
        .track_count = run->combinations.with_entries,
        .total_fetched_combinations = run->combinations.fetched,
        .total_unique_tracks = run->combinations.tracks,
        .total_drivers = persons_count(&run->index.persons),
        .total_entries = run->combinations.entries,
        .total_teams = driver_index_teams(&run->index),
        .files_written = run->publication.figures.files_written,
        .files_unchanged = run->publication.figures.files_unchanged,
        .files_removed = run->publication.figures.files_removed,
        .bytes_written = run->publication.figures.bytes_written,
        .broken_records = run->snapshot.broken_count,
    };
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

static void keep_manifest(struct export *run)
{
    const char *path;
    inventory_free(&run->manifest.inventory);
    if (run->snapshot.broken_count == 0 &&
        inventory_complete(&run->publication.inventory, run->publication.root_fd, &path)) {
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

static bool publish(struct export *run)
{
    snapshot_open(&run->snapshot, run->options->store);
    FAULT_TRACE("export_begin", "generation=%" PRIu64, run->snapshot.generation);
    FAULT_POINT(EXPORTER_SNAPSHOT_TAKEN);
    if (!publication_open(&run->publication, run->options->public, &run->guard))
        return false;
    run->stands = stands(run);
    if (run->stands)
        return guard_ok(&run->guard);
    snapshot_verify(&run->snapshot, run->options->threads, &run->guard);
    FAULT_POINT(EXPORTER_VERIFIED);
    if (!guard_ok(&run->guard))
        return false;
    struct threads beside = threads_start(1, write_small_files, run);
    write_index(run);
    threads_join(&beside);
    if (!guard_ok(&run->guard) || !publication_commit(&run->publication))
        return false;
    FAULT_POINT(EXPORTER_BEFORE_MANIFEST);
    keep_manifest(run);
    FAULT_POINT(EXPORTER_AFTER_MANIFEST);
    return true;
}

static struct report_broken broken_of(const struct snapshot *snapshot)
{
    struct report_broken broken = {0};
    for (uint32_t i = 0; i < snapshot->board_count && broken.count < REPORT_BROKEN_MAX; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        if (!board->broken)
            continue;
        broken.boards[broken.count].track_id = board->track_id;
        broken.boards[broken.count++].class_id = board->class_id;
    }
    return broken;
}

static void say(const struct export *run)
{
    struct report report = run->stands ? figures_kept(run) : figures_of(run);
    report.index_build_time_ms = (uint64_t)(clock_monotonic_us() - run->guard.started_us) / 1000;
    report.peak_rss_kb = guard_peak_rss_kb();
    struct report_broken broken = broken_of(&run->snapshot);
    FAULT_TRACE("export_end", "generation=%" PRIu64, report.generation);
    FAULT_POINT(EXPORTER_BEFORE_REPORT);
    report_print(&report, &broken, run->options->report);
}

int main(int argc, char **argv)
{
    fault_point_open("r3e-exporter");
    struct options options = options_read(argc, argv);
    struct export run = {.options = &options};
    log_open("r3e-exporter", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    guard_open(&run.guard, options.timeout_ms, options.max_rss_kb);
    bool published = publish(&run);
    if (published) {
        site_publish(options.public);
        say(&run);
    } else {
        publication_discard(&run.publication);
        log_error("%s", guard_reason(&run.guard));
        if (options.report)
            report_print_failure(guard_reason(&run.guard));
    }
    manifest_free(&run.manifest);
    driver_index_free(&run.index);
    publication_close(&run.publication);
    snapshot_close(&run.snapshot);
    guard_close(&run.guard);
    return published ? EXIT_SUCCESS : EXIT_FAILURE;
}
