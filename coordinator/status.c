#include "coordinator/status.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/file.h"
#include "common/json_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/process.h"
#include "common/version.h"
#include "coordinator/quarantine.h"

#define PUBLISH_EVERY_MS 500
#define WRITE_EVERY_MS   5000
#define SUMMARY_MAX      ((size_t)64 * 1024)
#define FAILED_MAX       1000 /* failed_fetches listed; the count is always whole */
#define GONE             ": gone from the service; what was fetched before stays"
#define FILE_MAX_BYTES   ((size_t)1024 * 1024)

#define X(name, string) string,
static const char *const state_strings[] = {STATUS_STATES(X)};
#undef X

static const char topic[] = "summary";

struct status {
    struct status_sources from;
    enum status_state state;
    bool dirty; /* the state changed since it was last told */
    int64_t next_publish_ms, next_write_ms;
    struct buffer summary; /* the last value, for new subscribers */
    struct buffer file;
    uint64_t tree_kb, tree_peak_kb, self_kb;
    int64_t rate_since_ms; /* the request rate is measured from here … */
    uint64_t rate_requests;
    double request_rate;    /* … and was this when last measured */
    char path[PATH_MAX];    /* of status.json */
    unsigned failed_writes; /* in a row */
};

struct status *status_open(const struct status_sources *sources, int64_t now_ms)
{
    struct status *status = memory_zalloc(1, sizeof *status);
    status->from = *sources;
    status->summary = buffer_make(SUMMARY_MAX);
    status->file = buffer_make(FILE_MAX_BYTES);
    status->next_publish_ms = status->next_write_ms = status->rate_since_ms = now_ms;
    int length = snprintf(status->path, sizeof status->path, "%s/cache/status.json", status->from.public_dir);
    if (length < 0 || (size_t)length >= sizeof status->path)
        log_fatal("public.dir is longer than %d bytes", PATH_MAX - 20);
    file_sweep_temporary(status->path);
    return status;
}

void status_close(struct status **pointer)
{
    struct status *status = *pointer;
    if (!status)
        return;
    buffer_free(&status->summary);
    buffer_free(&status->file);
    free(status);
    *pointer = NULL;
}

void status_set_state(struct status *status, enum status_state state)
{
    status->dirty |= status->state != state;
    status->state = state;
}

/* ---- measuring ---- */

static uint64_t pss_of(pid_t pid)
{
    uint64_t pss_kb, rss_kb;
    return process_memory(pid, &pss_kb, &rss_kb) ? pss_kb : 0;
}

static void measure_memory(struct status *status)
{
    pid_t pool = local_pool_pid(status->from.pool);
    status->self_kb = status->tree_kb = pss_of(getpid());
    if (pool)
        status->tree_kb += pss_of(pool);
    if (export_run_active(status->from.exporter))
        status->tree_kb += pss_of(export_run_pid(status->from.exporter));
    const struct worker *worker = dispatch_roster(status->from.dispatch)->by_identity;
    for (; worker; worker = worker->hh.next)
        if (worker->local)
            status->tree_kb += pss_of(worker->pid);
    if (status->tree_kb > status->tree_peak_kb)
        status->tree_peak_kb = status->tree_kb;
}

static void measure_rate(struct status *status, int64_t now_ms)
{
    uint64_t requests = dispatch_counters(status->from.dispatch)->requests;
    int64_t span_ms = now_ms - status->rate_since_ms;
    if (span_ms < PUBLISH_EVERY_MS)
        return;
    double rate = (double)(requests - status->rate_requests) * 1000 / (double)span_ms;
    /* Smoothed, so that the time left does not jump. */
    status->request_rate = status->request_rate > 0 ? status->request_rate * 0.7 + rate * 0.3 : rate;
    status->rate_since_ms = now_ms;
    status->rate_requests = requests;
}

/* ---- the status socket ---- */

static void key_uint(struct json_writer *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_uint(json, value);
}

static void key_time(struct json_writer *json, const char *key, int64_t wall_ms)
{
    char time[CLOCK_RFC3339_SIZE];
    json_key(json, key);
    if (wall_ms == 0) {
        json_null(json);
        return;
    }
    clock_rfc3339(wall_ms, time);
    json_string(json, time);
}

static void put_progress(const struct status *status, struct json_writer *json, int64_t now_ms)
{
    struct plan_counts counts = plan_count_states(status->from.plan, now_ms);
    uint64_t left = counts.due + counts.leased + counts.retrying;
    key_uint(json, "combinations", counts.total);
    key_uint(json, "done", counts.total - (left < counts.total ? left : counts.total));
    key_uint(json, "due", counts.due);
    key_uint(json, "leased", counts.leased);
    key_uint(json, "retrying", counts.retrying);
    key_uint(json, "failed", counts.failed);
    key_uint(json, "missing", counts.missing);
    key_uint(json, "quarantined", counts.quarantined);
    json_key(json, "requests_per_s");
    json_double(json, (double)(int64_t)(status->request_rate * 10 + 0.5) / 10);
    json_key(json, "time_left_s");
    if (status->request_rate > 0)
        json_uint(json, (uint64_t)((double)left / status->request_rate));
    else
        json_null(json);
}

static void put_refresh(const struct status *status, struct json_writer *json)
{
    struct refresh_progress progress = refresh_run_progress(status->from.refresh);
    bool full = progress.full_since_ms != 0;
    json_key(json, "refresh");
    json_object_begin(json);
    json_key(json, "kind");
    json_string(json, full ? "full" : progress.targeted_left ? "targeted" : "none");
    key_time(json, "started", progress.full_since_ms);
    key_uint(json, "left", full ? progress.full_left : progress.targeted_left);
    key_uint(json, "targeted_left", progress.targeted_left);
    key_time(json, "next_daily", progress.next_daily_ms);
    json_key(json, "trigger_problem");
    json_string(json, trigger_problem(status->from.trigger));
    json_object_end(json);
}

static void put_collected(const struct status *status, struct json_writer *json)
{
    const struct collect_counters *collected = collect_counters(status->from.collect);
    key_uint(json, "results", collected->results);
    key_uint(json, "stored", collected->stored);
    key_uint(json, "unchanged", collected->unchanged);
    key_uint(json, "failed_attempts", collected->failed);
    key_uint(json, "kept_aside", collected->kept_aside);
    key_uint(json, "duplicates", collected->duplicates);
    key_uint(json, "superseded", collected->superseded);
    key_uint(json, "invalid", collected->invalid);
    key_uint(json, "requests", collected->requests);
    key_uint(json, "bytes", collected->bytes);
    key_uint(json, "entries", collected->entries);
    json_key(json, "failures");
    json_object_begin(json);
    for (unsigned i = 0; i < FAILURES; i++)
        if (collected->failures[i])
            key_uint(json, failure_string((enum failure)i), collected->failures[i]);
    json_object_end(json);
}

static void put_processes(const struct status *status, struct json_writer *json)
{
    const struct dispatch_counters *dispatched = dispatch_counters(status->from.dispatch);
    const struct roster *roster = dispatch_roster(status->from.dispatch);
    struct store_usage usage = store_usage(status->from.store);
    key_uint(json, "workers", roster->count);
    key_uint(json, "workers_joined", roster->joined);
    key_uint(json, "workers_lost", dispatched->workers_lost);
    key_uint(json, "pools_crashed", local_pool_crashed(status->from.pool));
    key_uint(json, "leases_expired", dispatched->leases_expired);
    key_uint(json, "in_flight", dispatch_in_flight(status->from.dispatch));
    key_uint(json, "bad_frames", dispatched->bad_frames);
    key_uint(json, "bad_requests", control_bad_requests(status->from.control));
    key_uint(json, "exports", export_run_count(status->from.exporter));
    key_uint(json, "export_failures", export_run_failures(status->from.exporter));
    json_key(json, "export_error");
    json_string(json, export_run_failure(status->from.exporter));
    key_uint(json, "generation", store_next_generation(status->from.store) - 1);
    key_uint(json, "store_bytes", usage.used_bytes);
    key_uint(json, "commits", usage.commits);
    key_uint(json, "commit_us_total", (uint64_t)usage.commit_us_total);
    key_uint(json, "commit_us_max", (uint64_t)usage.commit_us_max);
    key_uint(json, "memory_kb", status->self_kb);
    key_uint(json, "tree_memory_kb", status->tree_kb);
    key_uint(json, "tree_memory_peak_kb", status->tree_peak_kb);
    key_uint(json, "descriptors", process_descriptor_count());
}

static void put_hold_reason(struct json_writer *json, const struct hold *hold, enum hold_kind kind)
{
    json_key(json, "hold");
    json_string(json, hold ? hold_kind_string(kind) : "");
    json_key(json, "hold_reason");
    json_string(json, hold ? hold->text : "");
}

/* The first reason why nothing is handed out, if there is one. */
static void put_hold(const struct status *status, struct json_writer *json, int64_t now_ms)
{
    enum hold_kind kind = holds_first(status->from.holds, now_ms);
    const struct hold *hold = kind < HOLD_KINDS ? holds_get(status->from.holds, kind, now_ms) : NULL;
    put_hold_reason(json, hold, kind);
    json_key(json, "hold_ms");
    if (hold && hold->until_ms == HOLD_FOREVER)
        json_null(json);
    else
        json_int(json, hold ? hold->until_ms - now_ms : 0);
}

/* How fast it may go now, and how quick the service is. */
static void put_pace(const struct status *status, struct json_writer *json)
{
    double rate = politeness_rate(status->from.politeness);
    json_key(json, "rate_allowed_per_s");
    if (rate > 0)
        json_double(json, (double)(int64_t)(rate * 1000 + 0.5) / 1000);
    else
        json_null(json);
    key_uint(json, "latency_ms", (uint64_t)politeness_latency_ms(status->from.politeness));
}

static void make_summary(struct status *status, int64_t now_ms)
{
    char time[CLOCK_RFC3339_SIZE];
    struct json_writer json = json_writer_make(&status->summary);
    buffer_clear(&status->summary);
    clock_rfc3339(clock_wall_ms(), time);
    json_object_begin(&json);
    key_uint(&json, "v", PROTOCOL_VERSION);
    json_key(&json, "type");
    json_string(&json, topic);
    json_key(&json, "version");
    json_string(&json, R3E_VERSION);
    json_key(&json, "time");
    json_string(&json, time);
    json_key(&json, "state");
    json_string(&json, state_strings[status->state]);
    put_hold(status, &json, now_ms);
    put_pace(status, &json);
    put_progress(status, &json, now_ms);
    put_refresh(status, &json);
    put_collected(status, &json);
    put_processes(status, &json);
    access_put(status->from.access, &json);
    json_key(&json, "put_aside");
    rubbish_put(dispatch_rubbish(status->from.dispatch), &json, now_ms);
    json_object_end(&json);
}

/* Nothing is lost by a failure: who is not there does not hear, and the next message says it all again. */
static void send_summary(const struct status *status)
{
    if (zmq_send(status->from.socket, topic, sizeof topic - 1, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        zmq_send(status->from.socket, status->summary.data, status->summary.length, ZMQ_DONTWAIT);
}

static void publish(struct status *status, int64_t now_ms)
{
    measure_memory(status);
    measure_rate(status, now_ms);
    make_summary(status, now_ms);
    send_summary(status);
}

void status_readable(void *context)
{
    struct status *status = context;
    char bytes[64];
    int length;
    bool subscribed = false;
    while ((length = zmq_recv(status->from.socket, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0)
        subscribed |= length > 0 && bytes[0] == 1;
    /* The others get this value twice, which is harmless: it is the current one. */
    if (subscribed && status->summary.length)
        send_summary(status);
}

/* ---- status.json ---- */

static void put_failed_fetch(
    const struct status *status, struct json_writer *json, const struct plan_entry *entry)
{
    char id[16], error[160];
    const struct catalogue_item *track = catalogue_find_track(status->from.catalogue, entry->track_id);
    json_object_begin(json);
    json_key(json, "track_name");
    json_string(json, track ? track->name : "");
    int length = snprintf(id, sizeof id, "%u", entry->track_id);
    json_key(json, "track_id");
    json_text(json, (struct text){id, (uint32_t)length});
    length = snprintf(id, sizeof id, "%u", entry->class_id);
    json_key(json, "class_id");
    json_text(json, (struct text){id, (uint32_t)length});
    const char *reason = failure_string((enum failure)entry->last_failure);
    bool gone = (entry->last_http_status == 404 || entry->last_http_status == 410) && !entry->missing;
    length = entry->quarantined        ? snprintf(error, sizeof error,
                                             "quarantined: %d workers died while they held it; r3ectl release "
                                                    "%u-%u ends that sooner than a day",
                                             QUARANTINE_DEATHS, entry->track_id, entry->class_id)
             : entry->last_http_status ? snprintf(error, sizeof error, "%s (HTTP %u)%s", reason,
                                             entry->last_http_status, gone ? GONE : "")
                                       : snprintf(error, sizeof error, "%s", reason);
    json_key(json, "error");
    json_text(json, (struct text){error, (uint32_t)length});
    key_time(json, "timestamp", entry->failed_at_ms);
    json_object_end(json);
}

static void put_failed_fetches(const struct status *status, struct json_writer *json, uint32_t failed)
{
    key_uint(json, "failed_fetch_count", failed);
    if (failed == 0)
        return;
    json_key(json, "failed_fetches");
    json_array_begin(json);
    uint32_t listed = 0;
    for (uint32_t place = 0; place < plan_count(status->from.plan) && listed < FAILED_MAX; place++) {
        const struct plan_entry *entry = plan_entry(status->from.plan, place);
        if (entry->failed) {
            put_failed_fetch(status, json, entry);
            listed++;
        }
    }
    json_array_end(json);
}

static void make_file(struct status *status, int64_t now_ms)
{
    const struct export_report *report = export_run_report(status->from.exporter);
    const struct crawl_times *times = status->from.times;
    struct plan_counts counts = plan_count_states(status->from.plan, now_ms);
    bool publish_failed = export_run_failed_in_row(status->from.exporter) > 0;
    struct json_writer json = json_writer_make(&status->file);
    buffer_clear(&status->file);
    json_object_begin(&json);
    json_key(&json, "fetch_in_progress");
    json_bool(&json, status->state == STATUS_FETCHING);
    key_time(&json, "last_scrape_start", times->started_ms);
    key_time(&json, "last_scrape_end", times->ended_ms);
    key_uint(&json, "track_count", report->track_count);
    key_uint(&json, "total_fetched_combinations", report->total_fetched_combinations);
    key_uint(&json, "total_unique_tracks", report->total_unique_tracks);
    key_uint(&json, "total_drivers", report->total_drivers);
    key_uint(&json, "total_entries", report->total_entries);
    key_time(&json, "last_index_update", times->indexed_ms);
    key_uint(&json, "index_build_time_ms", report->index_build_time_ms);
    key_uint(&json, "memory_alloc_mb", (status->self_kb + 512) / 1024);
    key_uint(&json, "memory_sys_mb", (status->tree_kb + 512) / 1024);
    put_failed_fetches(status, &json, counts.failed);
    key_uint(&json, "retried_fetch_count",
        dispatch_retried(status->from.dispatch) + collect_counters(status->from.collect)->failed -
            collect_counters(status->from.collect)->gave_up);
    key_uint(&json, "total_teams", report->total_teams);
    json_key(&json, "export_error");
    if (publish_failed)
        json_string(&json, export_run_failure(status->from.exporter));
    else
        json_null(&json);
    json_key(&json, "state");
    json_string(&json, state_strings[status->state]);
    enum hold_kind kind = holds_first(status->from.holds, now_ms);
    put_hold_reason(&json, kind < HOLD_KINDS ? holds_get(status->from.holds, kind, now_ms) : NULL, kind);
    json_key(&json, "version");
    json_string(&json, R3E_VERSION);
    json_object_end(&json);
    buffer_append_byte(&status->file, '\n');
}

static void make_folders(const struct status *status)
{
    char cache[PATH_MAX];
    size_t length = strlen(status->path) - strlen("/status.json");
    memcpy(cache, status->path, length);
    cache[length] = '\0';
    mkdir(status->from.public_dir, 0755);
    mkdir(cache, 0755);
}

/* The public folder may be missing (it can be deleted at any time) or not writable; the crawl does not stop
 * for it. Logged at powers of two, since the file is written every few seconds. */
static void write_file(struct status *status, int64_t now_ms)
{
    char error[FILE_ERROR_SIZE];
    make_file(status, now_ms);
    FAULT_POINT(STATUS_BEFORE_WRITE);
    make_folders(status);
    if (file_write_atomic(status->path, status->file.data, status->file.length, 0644, error)) {
        if (status->failed_writes)
            log_info("%s is written again", status->path);
        status->failed_writes = 0;
    } else {
        status->failed_writes++;
        if ((status->failed_writes & (status->failed_writes - 1)) == 0)
            log_error("%s; %u times in a row", error, status->failed_writes);
    }
    FAULT_POINT(STATUS_AFTER_WRITE);
}

/* ---- time ---- */

void status_flush(struct status *status, int64_t now_ms)
{
    publish(status, now_ms);
    write_file(status, now_ms);
    status->dirty = false;
    status->next_publish_ms = now_ms + PUBLISH_EVERY_MS;
    status->next_write_ms = now_ms + WRITE_EVERY_MS;
}

int64_t status_tick(struct status *status, int64_t now_ms)
{
    bool busy = status->state == STATUS_FETCHING || status->state == STATUS_EXPORTING;
    if (status->dirty || (busy && now_ms >= status->next_write_ms))
        status_flush(status, now_ms);
    if (now_ms >= status->next_publish_ms) {
        publish(status, now_ms);
        status->next_publish_ms = now_ms + PUBLISH_EVERY_MS;
    }
    return status->next_publish_ms - now_ms;
}

uint64_t status_tree_pss_kb(const struct status *status)
{
    return status->tree_kb;
}

uint64_t status_tree_peak_kb(const struct status *status)
{
    return status->tree_peak_kb;
}
