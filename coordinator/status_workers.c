#include "coordinator/status_workers.h"

#include "coordinator/status_fields.h"

static void put_name(struct json_writer *json, const char *key, const struct catalogue_item *item)
{
    status_field_string(json, key, item ? item->name : "");
}

static void put_lease(const struct status_sources *from, const struct lease *lease,
    const struct worker *worker, int64_t now_ms, struct json_writer *json)
{
    const struct plan_entry *entry = plan_entry(from->plan, lease->plan_place);
    json_object_begin(json);
    status_field_uint(json, "track_id", entry->track_id);
    status_field_uint(json, "class_id", entry->class_id);
    put_name(json, "track", catalogue_find_track(from->catalogue, entry->track_id));
    put_name(json, "class", catalogue_find_class(from->catalogue, entry->class_id));
    status_field_uint(json, "attempt", entry->attempt);
    status_field_uint(json, "page", worker->page);
    status_field_uint(json, "requests", lease->requests);
    status_field_uint(json, "elapsed_ms", (uint64_t)(now_ms - lease->begun_ms));
    json_object_end(json);
}

static const char *state_of(const struct worker *worker, const struct lease *lease)
{
    return worker->asked_robots  ? "robots"
           : worker->wanted_page ? "waiting_for_page"
           : lease               ? "fetching"
           : worker->leaving     ? "leaving"
           : worker->ready       ? "ready"
                                 : "starting";
}

static void put_worker(const struct status_sources *from, const struct worker *worker,
    const struct status_moment *at, struct json_writer *json)
{
    const struct lease *lease = dispatch_lease_of(from->dispatch, worker);
    json_object_begin(json);
    status_field_string(json, "name", worker->name);
    status_field_string(json, "host", worker->host);
    status_field_uint(json, "pid", (uint64_t)worker->pid);
    status_field_string(json, "version", worker->version);
    json_key(json, "local");
    json_bool(json, worker->local);
    status_field_string(json, "state", state_of(worker, lease));
    json_key(json, "board");
    if (lease && lease->plan_place != PLAN_NONE)
        put_lease(from, lease, worker, at->now_ms, json);
    else
        json_null(json);
    status_field_uint(json, "jobs", worker->jobs);
    status_field_uint(json, "requests", worker->requests);
    status_field_uint(json, "bytes", worker->bytes);
    status_field_uint(json, "failures", worker->failures);
    status_field_uint(json, "rss_kb", worker->rss_kb);
    status_field_uint(json, "age_s", (uint64_t)(at->now_ms - worker->joined_ms) / 1000);
    status_field_uint(json, "silent_ms", (uint64_t)(at->now_ms - worker->last_heard_ms));
    status_field_string(json, "last_error", worker->last_error);
    status_field_time(json, "last_error_time", worker->last_error_wall_ms);
    json_object_end(json);
}

void status_workers_write(
    const struct status_sources *from, const struct status_moment *at, struct buffer *out)
{
    struct json_writer json = json_writer_make(out);
    const struct roster *roster = dispatch_roster(from->dispatch);
    unsigned listed = 0;
    buffer_clear(out);
    json_object_begin(&json);
    status_field_uint(&json, "v", PROTOCOL_VERSION);
    status_field_string(&json, "type", "worker");
    status_field_time(&json, "time", at->wall_ms);
    status_field_uint(&json, "count", roster->count);
    json_key(&json, "workers");
    json_array_begin(&json);
    /* By name: a worker that reconnects keeps its place. */
    const struct worker *worker = roster->by_name;
    for (; worker && listed < STATUS_WORKERS_LISTED; worker = worker->hh_name.next, listed++)
        put_worker(from, worker, at, &json);
    json_array_end(&json);
    json_object_end(&json);
}
