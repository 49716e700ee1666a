#include "coordinator/status_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fault_point.h"
#include "common/file.h"
#include "common/log.h"
#include "common/version.h"
#include "coordinator/failure_text.h"
#include "coordinator/status_fields.h"

#define FAILED_MAX     1000 /* failed_fetches listed; the count is always whole */
#define FILE_MAX_BYTES ((size_t)1024 * 1024)
#define FILE_NAME      "/status.json"

struct status_file status_file_make(const char *public_dir)
{
    struct status_file file = {.content = buffer_make(FILE_MAX_BYTES)};
    int length = snprintf(file.path, sizeof file.path, "%s/cache" FILE_NAME, public_dir);
    if (length < 0 || (size_t)length >= sizeof file.path)
        log_fatal("public.dir is longer than %d bytes", PATH_MAX - 20);
    file_sweep_temporary(file.path);
    return file;
}

void status_file_free(struct status_file *file)
{
    buffer_free(&file->content);
}

/* Identifiers are strings in this file. */
static void put_id(struct json_writer *json, const char *key, uint32_t id)
{
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%u", id);
    json_key(json, key);
    json_text(json, (struct text){digits, length > 0 ? (uint32_t)length : 0});
}

static void put_failed_fetch(
    const struct status_sources *from, struct json_writer *json, const struct plan_entry *entry)
{
    char error[FAILURE_TEXT_SIZE];
    const struct catalogue_item *track = catalogue_find_track(from->catalogue, entry->track_id);
    failure_text(entry, error);
    json_object_begin(json);
    status_field_string(json, "track_name", track ? track->name : "");
    put_id(json, "track_id", entry->track_id);
    put_id(json, "class_id", entry->class_id);
    status_field_string(json, "error", error);
    status_field_time(json, "timestamp", entry->failed_at_ms);
    json_object_end(json);
}

static void put_failed_fetches(const struct status_sources *from, struct json_writer *json, uint32_t failed)
{
    status_field_uint(json, "failed_fetch_count", failed);
    if (failed == 0)
        return;
    json_key(json, "failed_fetches");
    json_array_begin(json);
    uint32_t listed = 0;
    for (uint32_t place = 0; place < plan_count(from->plan) && listed < FAILED_MAX; place++) {
        const struct plan_entry *entry = plan_entry(from->plan, place);
        if (entry->failed) {
            put_failed_fetch(from, json, entry);
            listed++;
        }
    }
    json_array_end(json);
}

static void put_index(const struct status_sources *from, struct json_writer *json)
{
    const struct export_report *report = export_run_report(from->exporter);
    status_field_uint(json, "track_count", report->track_count);
    status_field_uint(json, "total_fetched_combinations", report->total_fetched_combinations);
    status_field_uint(json, "total_unique_tracks", report->total_unique_tracks);
    status_field_uint(json, "total_drivers", report->total_drivers);
    status_field_uint(json, "total_entries", report->total_entries);
    status_field_time(json, "last_index_update", from->times->indexed_ms);
    status_field_uint(json, "index_build_time_ms", report->index_build_time_ms);
}

static void put_state(
    const struct status_sources *from, const struct status_moment *at, struct json_writer *json)
{
    enum hold_kind kind;
    const struct hold *hold = status_hold(from, at, &kind);
    json_key(json, "export_error");
    if (export_run_failed_in_row(from->exporter) > 0)
        json_string(json, export_run_failure(from->exporter));
    else
        json_null(json);
    status_field_string(json, "state", status_state_string(at->state));
    status_field_string(json, "hold", hold ? hold_kind_string(kind) : "");
    status_field_string(json, "hold_reason", hold ? hold->text : "");
}

static void make_content(struct status_file *file, const struct status_sources *from,
    const struct status_measure *measure, const struct status_moment *at)
{
    struct plan_counts counts = plan_count_states(from->plan, at->now_ms);
    const struct collect_counters *collected = collect_counters(from->collect);
    struct json_writer json = json_writer_make(&file->content);
    buffer_clear(&file->content);
    json_object_begin(&json);
    json_key(&json, "fetch_in_progress");
    json_bool(&json, at->state == STATUS_FETCHING);
    status_field_time(&json, "last_scrape_start", from->times->started_ms);
    status_field_time(&json, "last_scrape_end", from->times->ended_ms);
    put_index(from, &json);
    status_field_uint(&json, "memory_alloc_mb", (measure->self_kb + 512) / 1024);
    status_field_uint(&json, "memory_sys_mb", (measure->tree_kb + 512) / 1024);
    put_failed_fetches(from, &json, counts.failed);
    status_field_uint(&json, "retried_fetch_count",
        dispatch_retried(from->dispatch) + collected->failed - collected->gave_up);
    status_field_uint(&json, "total_teams", export_run_report(from->exporter)->total_teams);
    put_state(from, at, &json);
    status_field_string(&json, "version", R3E_VERSION);
    json_object_end(&json);
    buffer_append_byte(&file->content, '\n');
}

static void make_folders(const struct status_file *file, const char *public_dir)
{
    char cache[PATH_MAX];
    size_t length = strlen(file->path) - strlen(FILE_NAME);
    memcpy(cache, file->path, length);
    cache[length] = '\0';
    mkdir(public_dir, 0755);
    mkdir(cache, 0755);
}

void status_file_write(struct status_file *file, const struct status_sources *from,
    const struct status_measure *measure, const struct status_moment *at)
{
    char error[FILE_ERROR_SIZE];
    make_content(file, from, measure, at);
    FAULT_POINT(STATUS_BEFORE_WRITE);
    make_folders(file, from->public_dir);
    if (file_write_atomic(file->path, file->content.data, file->content.length, 0644, error)) {
        if (file->failed_writes)
            log_info("%s is written again", file->path);
        file->failed_writes = 0;
    } else {
        file->failed_writes++;
        if ((file->failed_writes & (file->failed_writes - 1)) == 0)
            log_error("%s; %u times in a row", error, file->failed_writes);
    }
    FAULT_POINT(STATUS_AFTER_WRITE);
}
