#ifndef R3E_COORDINATOR_EXPORT_RUN_H
#define R3E_COORDINATOR_EXPORT_RUN_H
/* Runs r3e-exporter: one at a time, as a child, with a deadline, and reads the report it prints at its end.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buffer.h"
#include "common/loop.h"
#include "common/pack_reader.h"
#include "common/process_limits.h"

#define EXPORT_REPORT_MAX  8192 /* bytes of the exporter's standard output */
#define EXPORT_FAILURE_MAX 1200 /* bytes of what is kept of a failure, with the zero */

#define EXPORT_BROKEN_MAX 150

struct export_run_options {
    const char *store_dir, *public_dir; /* borrowed */
    const char *layouts;                /* "flat,sharded"; borrowed */
    int64_t max_rss_mb, timeout_s;
    struct process_limits limits; /* the kernel's */
    bool sandbox;
};

/* What the last successful run reported; counts as in status.json (FORMATS). */
struct export_report {
    uint64_t generation;
    uint64_t track_count, total_fetched_combinations, total_unique_tracks;
    uint64_t total_drivers, total_entries, total_teams;
    uint64_t files_written, files_unchanged, files_removed, bytes_written;
    uint64_t index_build_time_ms, peak_rss_kb, broken_records;
    struct {
        uint32_t track_id, class_id;
    } broken[EXPORT_BROKEN_MAX]; /* boards whose rows or detail do not fit their record */
    uint32_t broken_named;
};

struct export_run;

/* Called when a run has ended; `ok` false: it failed, what was published before stays. */
typedef void (*export_run_done)(void *context, bool ok);

/* Borrows `loop` and `options`' strings. Exits with a message if r3e-exporter is not installed. */
struct export_run *export_run_open(
    struct loop *loop, const struct export_run_options *options, export_run_done done, void *context);

/* Hold from the next run on. */
void export_run_set_limits(struct export_run *run, int64_t max_rss_mb, int64_t timeout_s);

/* Kills a run under way and reaps it. */
void export_run_close(struct export_run **pointer);

/* False if one is under way or none could be started (logged). */
bool export_run_start(struct export_run *run, int64_t now_ms);

bool export_run_active(const struct export_run *run);
pid_t export_run_pid(const struct export_run *run);

/* Kills a run that is past its deadline; returns how many milliseconds it may sleep. */
int64_t export_run_tick(struct export_run *run, int64_t now_ms);

/* The report, and the JSON it came as (empty before the first). */
const struct export_report *export_run_report(const struct export_run *run);
struct text export_run_json(const struct export_run *run);

/* Takes a report that was kept in the store, so that figures survive a restart. Ignored if it cannot be read.
 */
void export_run_restore(struct export_run *run, struct text json);

uint64_t export_run_count(const struct export_run *run);
uint64_t export_run_failures(const struct export_run *run);

/* How many runs have failed since the last one that did not, those included that could not be started; and
 * why the last one did, for people: "" if it did not. */
unsigned export_run_failed_in_row(const struct export_run *run);
const char *export_run_failure(const struct export_run *run);

#endif
