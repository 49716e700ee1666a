/* r3e-exporter: reads one snapshot of the store, publishes it, exits. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "exporter/combinations.h"
#include "exporter/details.h"
#include "exporter/driver_index.h"
#include "exporter/guard.h"
#include "exporter/options.h"
#include "exporter/publish.h"
#include "exporter/report.h"
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

static bool publish(struct export *run)
{
    snapshot_open(&run->snapshot, run->options->store);
    FAULT_TRACE("export_begin", "generation=%" PRIu64, run->snapshot.generation);
    FAULT_POINT(EXPORTER_SNAPSHOT_TAKEN);
    if (!publication_open(&run->publication, run->options->public, &run->guard))
        return false;
    snapshot_verify(&run->snapshot, run->options->threads, &run->guard);
    FAULT_POINT(EXPORTER_VERIFIED);
    if (!guard_ok(&run->guard))
        return false;
    struct threads beside = threads_start(1, write_small_files, run);
    write_index(run);
    threads_join(&beside);
    return guard_ok(&run->guard) && publication_commit(&run->publication);
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
        .index_build_time_ms = (uint64_t)(clock_monotonic_us() - run->guard.started_us) / 1000,
        .peak_rss_kb = guard_peak_rss_kb(),
        .broken_records = run->snapshot.broken_count,
    };
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
        struct report report = figures_of(&run);
        FAULT_TRACE("export_end", "generation=%" PRIu64, report.generation);
        FAULT_POINT(EXPORTER_BEFORE_REPORT);
        report_print(&report, options.report);
    } else {
        publication_discard(&run.publication);
        log_error("%s", guard_reason(&run.guard));
    }
    driver_index_free(&run.index);
    publication_close(&run.publication);
    snapshot_close(&run.snapshot);
    guard_close(&run.guard);
    return published ? EXIT_SUCCESS : EXIT_FAILURE;
}
