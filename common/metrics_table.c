#include "common/metrics_table.h"

#include <math.h>

#include "common/protocol.h"

/* STATUS_STATES of the coordinator, which this folder may not know: a test compares these lists with those.
 */
static const char *const states[] = {
    "starting", "fetching", "waiting", "exporting", "draining", "stopping", "done", NULL};

/* HOLDS. */
static const char *const holds[] = {
    "store_error", "stopping", "disk_full", "draining", "paused", "robots", "breaker", "retry_after", NULL};

/* PLAN_SURVEY_KINDS and PLAN_SURVEY_AGES. */
static const char *const queue_kinds[] = {
    "leased", "quarantined", "retrying", "urgent", "missing", "stale", "resting", NULL};
static const char *const ages[] = {
    "under_1h", "under_6h", "under_24h", "under_48h", "under_7d", "older", "never", NULL};

static const char *const refresh_kinds[] = {"full", "targeted", NULL};

/* HTTP status codes that are there from the start; 0: no answer came. */
static const char *const codes[] = {"0", "200", "403", "404", "429", "500", "502", "503", "504", NULL};

#define X(name, string) string,
static const char *const failures[] = {PROTOCOL_FAILURES(X) NULL};
static const char *const byes[] = {PROTOCOL_BYES(X) NULL};
#undef X

#define MS 1e-3
#define US 1e-6
#define KB 1024

#define NUMBER(type, field, name, scale, null, help)                                                         \
    {                                                                                                        \
        field, METRICS_NUMBER, type, "r3e_" name, scale, null, NULL, NULL, help                              \
    }
#define GAUGE(field, name, help)            NUMBER(METRICS_GAUGE, field, name, 1, NAN, help)
#define GAUGE_IN(unit, field, name, help)   NUMBER(METRICS_GAUGE, field, name, unit, NAN, help)
#define COUNTER(field, name, help)          NUMBER(METRICS_COUNTER, field, name, 1, NAN, help)
#define COUNTER_IN(unit, field, name, help) NUMBER(METRICS_COUNTER, field, name, unit, NAN, help)
#define MOMENT(field, name, never, help)                                                                     \
    {                                                                                                        \
        field, METRICS_TIME, METRICS_GAUGE, "r3e_" name, 1, never, NULL, NULL, help                          \
    }
#define STATE(field, name, label, values, help)                                                              \
    {                                                                                                        \
        field, METRICS_ONE_OF, METRICS_GAUGE, "r3e_" name, 1, NAN, label, values, help                       \
    }
#define COUNTS(type, field, name, label, values, help)                                                       \
    {                                                                                                        \
        field, METRICS_COUNTS, type, "r3e_" name, 1, NAN, label, values, help                                \
    }
#define HISTOGRAM(field, name, help)                                                                         \
    {                                                                                                        \
        field, METRICS_BUCKETS, METRICS_HISTOGRAM, "r3e_" name, MS, NAN, NULL, NULL, help                    \
    }

/* clang-format off */
const struct metrics_row metrics_rows[] = {
    /* what it does, and why */
    {"version", METRICS_TEXT, METRICS_INFO, "r3e_coordinator_build", 1, NAN, "version", NULL, "The release of the coordinator."},
    MOMENT("started", "coordinator_start_timestamp_seconds", NAN, "When the coordinator was started."),
    MOMENT("time", "coordinator_status_timestamp_seconds", NAN, "When it said all this, by its own clock."),
    STATE("state", "coordinator_state", "state", states, "What the coordinator does: 1 for the state it is in."),
    STATE("hold", "coordinator_hold", "reason", holds, "What keeps it from fetching: 1 for the first reason there is."),
    NUMBER(METRICS_GAUGE, "hold_ms", "coordinator_hold_remaining_seconds", MS, NAN, "Until fetching goes on; NaN if that is not known."),

    /* how far it is */
    GAUGE("combinations", "combinations", "Pairs of layout and class in the catalogue."),
    GAUGE("done", "combinations_up_to_date", "Combinations that are not due."),
    GAUGE("due", "combinations_due", "Combinations that wait to be fetched."),
    GAUGE("leased", "combinations_leased", "Combinations that a worker is fetching."),
    GAUGE("retrying", "combinations_retrying", "Combinations that wait for another attempt."),
    GAUGE("failed", "combinations_failed", "Combinations whose last refresh failed."),
    GAUGE("missing", "combinations_missing", "Combinations that have never been fetched."),
    GAUGE("quarantined", "combinations_quarantined", "Combinations set aside because workers died of them."),
    GAUGE("time_left_s", "crawl_time_left_seconds", "Until nothing is due, at the present rate; NaN if that is not known."),
    COUNTS(METRICS_GAUGE, "queue", "queue_combinations", "kind", queue_kinds, "Combinations by what they wait for; each is in one of these."),
    COUNTS(METRICS_GAUGE, "ages", "combinations_by_age", "age", ages, "Combinations by how long ago they were checked."),
    GAUGE("oldest_s", "oldest_check_age_seconds", "How long ago the combination was checked that was checked longest ago."),
    GAUGE("oldest_overdue_s", "oldest_overdue_seconds", "How long that combination has been overdue."),
    GAUGE_IN(MS, "oldest_lease_ms", "oldest_lease_age_seconds", "How long ago the oldest lease began."),

    /* refreshes */
    STATE("refresh.kind", "refresh_running", "kind", refresh_kinds, "Which refresh is under way: 1 for that kind."),
    MOMENT("refresh.started", "refresh_start_timestamp_seconds", 0, "When the full refresh under way began; 0 if none is."),
    GAUGE("refresh.left", "refresh_combinations_left", "Combinations of the refresh under way that are not done."),
    GAUGE("refresh.targeted_left", "refresh_asked_combinations_left", "Combinations asked for by name that are not done."),
    MOMENT("refresh.next_daily", "refresh_next_daily_timestamp_seconds", NAN, "When the daily refresh is due next; NaN if it is off."),
    MOMENT("refresh.last_started", "refresh_last_start_timestamp_seconds", 0, "When the last complete full refresh began; 0 if there was none."),
    MOMENT("refresh.last_ended", "refresh_last_success_timestamp_seconds", 0, "When the last full refresh was complete; 0 if none was."),

    /* the service */
    NUMBER(METRICS_GAUGE, "rate_allowed_per_s", "upstream_allowed_requests_per_second", 1, INFINITY, "Requests a second that are allowed now, holds aside; +Inf if there is no limit."),
    COUNTER("requests", "upstream_requests", "Requests made to the service."),
    GAUGE("in_flight", "upstream_requests_in_flight", "Requests under way."),
    COUNTS(METRICS_COUNTER, "answers", "upstream_answers", "code", codes, "Last answers of attempts by HTTP status; 0: none came."),
    COUNTER("bytes", "upstream_received_bytes", "Bytes of answers, after decompression."),
    COUNTER("entries", "upstream_entries", "Rows of leaderboards that were stored."),
    GAUGE_IN(MS, "latency_ms", "upstream_recent_latency_seconds", "Mean time of the last answers; 0 if none came yet."),
    HISTOGRAM("latency", "upstream_latency_seconds", "Time of the slowest request of each attempt."),
    GAUGE_IN(MS, "latency.max_ms", "upstream_greatest_latency_seconds", "The greatest of these since the start."),

    /* results */
    COUNTER("results", "results", "Results that came from workers, of any kind."),
    COUNTER("stored", "results_stored", "Results that brought new content."),
    COUNTER("unchanged", "results_unchanged", "Results that said what the store had already."),
    COUNTER("kept_aside", "results_kept_aside", "Empty or shrunken answers that wait to be confirmed."),
    COUNTER("duplicates", "results_duplicate", "Results that had been applied before."),
    COUNTER("superseded", "results_superseded", "Results of a lease that had been given to another worker."),
    COUNTER("invalid", "results_invalid", "Results that were refused: broken, or not what was asked for."),
    COUNTER("failed_attempts", "attempts_failed", "Attempts to fetch a combination that failed."),
    COUNTS(METRICS_COUNTER, "failures", "attempt_failures", "reason", failures, "Attempts that failed, by reason."),
    COUNTER("given_up", "attempts_given_up", "Failed attempts that were the last of their refresh."),

    /* processes */
    GAUGE("workers", "workers", "Workers that are connected."),
    COUNTER("workers_joined", "workers_joined", "Workers that came; they leave again after a number of jobs."),
    COUNTS(METRICS_COUNTER, "workers_left", "workers_left", "reason", byes, "Workers that left in good order, by reason."),
    COUNTER("workers_lost", "workers_lost", "Workers that died or fell silent."),
    COUNTER("refused", "workers_refused", "Workers that were refused."),
    COUNTER("pools_crashed", "worker_pools_crashed", "Times that the process that starts local workers died."),
    COUNTER("leases_expired", "leases_expired", "Leases that ran out without a result."),
    COUNTER("bad_frames", "coordinator_bad_frames", "Messages of workers that were dropped because they were broken."),
    COUNTER("bad_requests", "coordinator_bad_requests", "Requests at the control socket that were refused."),
    GAUGE("connections", "coordinator_connections", "Connections by tcp with keys."),
    GAUGE("keys", "coordinator_authorized_keys", "Keys that are let in; NaN if nothing is encrypted."),
    COUNTER("peers_refused", "peers_refused", "Connections that were refused because of their key."),
    GAUGE("descriptors", "coordinator_open_descriptors", "Open file descriptors of the coordinator."),
    GAUGE_IN(KB, "memory_kb", "coordinator_memory_bytes", "Memory of the coordinator, shared pages by their share (PSS)."),
    GAUGE_IN(KB, "tree_memory_kb", "processes_memory_bytes", "Memory of coordinator, local workers and exporter together (PSS)."),
    GAUGE_IN(KB, "tree_memory_peak_kb", "processes_peak_memory_bytes", "The most that was."),

    /* publishing */
    COUNTER("exports", "exports", "Runs of the exporter."),
    COUNTER("export_failures", "exports_failed", "Runs of the exporter that failed."),
    NUMBER(METRICS_GAUGE, "export.running_ms", "export_running_seconds", MS, 0, "How long the run under way has taken; 0 if there is none."),
    MOMENT("export.last_time", "export_last_success_timestamp_seconds", 0, "When the files were last published; 0 if they never were."),
    GAUGE("export.generation", "export_generation", "The store's generation that is published."),
    GAUGE_IN(MS, "export.duration_ms", "export_duration_seconds", "How long the last run took."),
    GAUGE_IN(KB, "export.peak_rss_kb", "export_peak_memory_bytes", "The most memory it had."),
    GAUGE("export.files_written", "export_files_written", "Files it wrote."),
    GAUGE("export.files_unchanged", "export_files_unchanged", "Files it left alone."),
    GAUGE("export.files_removed", "export_files_removed", "Files it removed."),
    GAUGE("export.bytes_written", "export_written_bytes", "Bytes it wrote."),
    GAUGE("export.drivers", "published_drivers", "Drivers in the published files."),
    GAUGE("export.entries", "published_entries", "Rows of leaderboards in the published files."),
    GAUGE("export.broken_records", "export_broken_records", "Broken records it found in the store and left out."),
    HISTOGRAM("publication_delay", "publication_delay_seconds", "How long boards that were stored waited until they were published."),
    GAUGE_IN(MS, "publication_delay.max_ms", "publication_greatest_delay_seconds", "The greatest of these since the start."),
    GAUGE_IN(MS, "unpublished_ms", "unpublished_seconds", "How long the oldest board that is not published has been waiting."),

    /* the store */
    GAUGE("generation", "store_generation", "The number of the last change of the store."),
    GAUGE("store_bytes", "store_used_bytes", "Bytes in use in the store."),
    GAUGE("store_map_bytes", "store_map_bytes", "Bytes that it may grow to."),
    GAUGE("store_boards", "store_boards", "Combinations it holds."),
    GAUGE("store_entries", "store_entries", "Rows of leaderboards it holds."),
    COUNTER("commits", "store_commits", "Transactions that were brought to disk."),
    COUNTER_IN(US, "commit_us_total", "store_commit_seconds", "Time that all of them took."),
    GAUGE_IN(US, "commit_us_max", "store_slowest_commit_seconds", "Time that the slowest of them took."),
};
/* clang-format on */

const size_t metrics_row_count = sizeof metrics_rows / sizeof *metrics_rows;
