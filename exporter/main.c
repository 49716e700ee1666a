/* r3e-exporter: reads one snapshot of the store, publishes it, exits. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "exporter/confine.h"
#include "exporter/export.h"
#include "exporter/site.h"

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
    struct report report = export_report(run);
    report.index_build_time_ms = (uint64_t)(clock_monotonic_us() - run->guard->started_us) / 1000;
    report.peak_rss_kb = guard_peak_rss_kb();
    struct report_broken broken = broken_of(&run->snapshot);
    FAULT_TRACE("export_end", "generation=%" PRIu64, report.generation);
    FAULT_POINT(EXPORTER_BEFORE_REPORT);
    report_print(&report, &broken, run->options->report);
}

static bool run_once(const struct options *options, struct guard *guard, bool full, bool *misled)
{
    struct export run = {.options = options, .guard = guard, .full = full};
    bool published = export_run(&run);
    *misled = !published && export_was_misled(&run);
    if (published) {
        site_publish(options->public);
        say(&run);
    }
    export_close(&run, published);
    return published;
}

int main(int argc, char **argv)
{
    struct guard guard;
    bool misled;
    fault_point_open("r3e-exporter");
    struct options options = options_read(argc, argv);
    log_open("r3e-exporter", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    confine(&options);
    guard_open(&guard, options.timeout_ms, options.max_rss_kb);
    bool published = run_once(&options, &guard, options.full, &misled);
    if (misled) {
        log_warn("%s; building all anew", guard_reason(&guard));
        guard_forgive(&guard);
        published = run_once(&options, &guard, true, &misled);
    }
    if (!published) {
        log_error("%s", guard_reason(&guard));
        if (options.report)
            report_print_failure(guard_reason(&guard));
    }
    guard_close(&guard);
    return published ? EXIT_SUCCESS : EXIT_FAILURE;
}
