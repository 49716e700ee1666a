#include "coordinator/status_summary.h"

#include <stdio.h>

#include "common/process.h"
#include "common/version.h"
#include "coordinator/plan_survey.h"
#include "coordinator/status_fields.h"
#include "coordinator/status_reason.h"

/* All that the functions below read, and where they write. */
struct summary {
    const struct status_sources *from;
    const struct status_measure *measure;
    const struct status_observer *observer;
    const struct status_moment *at;
    struct json_writer *json;
    struct plan_counts counts;
    struct plan_survey survey;
    struct refresh_progress progress;
};

static uint32_t boards_left(const struct summary *summary)
{
    const struct plan_counts *counts = &summary->counts;
    uint64_t left = (uint64_t)counts->due + counts->leased + counts->retrying;
    return left < counts->total ? (uint32_t)left : counts->total;
}

/* ---- what it does, and why ---- */

static void put_reason(
    const struct summary *summary, const struct hold *hold, char reason[static STATUS_REASON_SIZE])
{
    const struct status_moment *at = summary->at;
    int64_t due_ms = plan_next_due_ms(summary->from->plan);
    struct status_reason_facts facts = {.state = at->state,
        .hold = hold,
        .progress = summary->progress,
        .total = summary->counts.total,
        .left = boards_left(summary),
        .missing = summary->survey.kinds[PLAN_KIND_MISSING],
        .retrying = summary->survey.kinds[PLAN_KIND_RETRYING],
        .next_due_wall_ms =
            due_ms == INT64_MAX || due_ms == PLAN_MISSING ? 0 : at->wall_ms + due_ms - at->now_ms,
        .wall_ms = at->wall_ms};
    status_reason(&facts, reason);
    status_field_string(summary->json, "reason", reason);
}

static void put_state(const struct summary *summary, char reason[static STATUS_REASON_SIZE])
{
    struct json_writer *json = summary->json;
    int64_t now_ms = summary->at->now_ms;
    enum hold_kind kind;
    const struct hold *hold = status_hold(summary->from, summary->at, &kind);
    status_field_string(json, "state", status_state_string(summary->at->state));
    put_reason(summary, hold, reason);
    status_field_string(json, "hold", hold ? hold_kind_string(kind) : "");
    status_field_string(json, "hold_reason", hold ? hold->text : "");
    json_key(json, "hold_ms");
    if (hold && hold->until_ms == HOLD_FOREVER)
        json_null(json);
    else
        json_int(json, hold ? hold->until_ms - now_ms : 0);
}

/* ---- how far it is ---- */

static void put_progress(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct plan_counts *counts = &summary->counts;
    double rate = summary->measure->request_rate;
    enum hold_kind kind;
    const struct hold *hold = status_hold(summary->from, summary->at, &kind);
    bool ends = !hold || hold->until_ms != HOLD_FOREVER; /* else the rate of before tells nothing */
    status_field_uint(json, "combinations", counts->total);
    status_field_uint(json, "done", counts->total - boards_left(summary));
    status_field_uint(json, "due", counts->due);
    status_field_uint(json, "leased", counts->leased);
    status_field_uint(json, "retrying", counts->retrying);
    status_field_uint(json, "failed", counts->failed);
    status_field_uint(json, "missing", counts->missing);
    status_field_uint(json, "quarantined", counts->quarantined);
    status_field_tenths(json, "requests_per_s", rate);
    json_key(json, "time_left_s");
    if (rate > 0 && ends)
        json_uint(json, (uint64_t)(boards_left(summary) / rate));
    else
        json_null(json);
}

static void put_queue(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct plan_survey *survey = &summary->survey;
    int64_t overdue_ms = survey->oldest_ms - summary->from->policy->max_age_ms;
    json_key(json, "queue");
    json_object_begin(json);
    for (int i = 0; i < PLAN_KIND_COUNT; i++)
        status_field_uint(json, plan_kind_string((enum plan_kind)i), survey->kinds[i]);
    json_object_end(json);
    json_key(json, "ages");
    json_object_begin(json);
#define X(name, hours) status_field_uint(json, #name, survey->ages.name);
    PLAN_SURVEY_AGES(X);
#undef X
    status_field_uint(json, "never", survey->ages.never);
    json_object_end(json);
    status_field_uint(json, "oldest_s", (uint64_t)survey->oldest_ms / 1000);
    status_field_uint(json, "oldest_overdue_s", overdue_ms > 0 ? (uint64_t)overdue_ms / 1000 : 0);
    status_field_uint(json, "oldest_lease_ms",
        (uint64_t)dispatch_oldest_lease_ms(summary->from->dispatch, summary->at->now_ms));
}

static void put_refresh(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct refresh_progress *progress = &summary->progress;
    bool full = progress->full_since_ms != 0;
    json_key(json, "refresh");
    json_object_begin(json);
    status_field_string(json, "kind", full ? "full" : progress->targeted_left ? "targeted" : "none");
    status_field_time(json, "started", progress->full_since_ms);
    status_field_uint(json, "left", full ? progress->full_left : progress->targeted_left);
    status_field_uint(json, "targeted_left", progress->targeted_left);
    status_field_time(json, "next_daily", progress->next_daily_ms);
    status_field_string(json, "trigger_problem", trigger_problem(summary->from->trigger));
    status_field_time(json, "last_started", summary->from->times->started_ms);
    status_field_time(json, "last_ended", summary->from->times->ended_ms);
    json_object_end(json);
}

/* ---- the service ---- */

static void put_percentiles(struct json_writer *json, const char *key, const struct histogram *histogram)
{
    static const uint64_t ends_ms[] = {
        5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 1800000, 7200000};
    json_key(json, key);
    json_object_begin(json);
    status_field_uint(json, "count", histogram->count);
    status_field_uint(json, "sum_ms", histogram->sum);
    status_field_uint(json, "p50_ms", histogram_percentile(histogram, 50));
    status_field_uint(json, "p95_ms", histogram_percentile(histogram, 95));
    status_field_uint(json, "p99_ms", histogram_percentile(histogram, 99));
    status_field_uint(json, "max_ms", histogram->greatest);
    json_key(json, "at_most_ms");
    json_array_begin(json);
    for (size_t i = 0; i < sizeof ends_ms / sizeof *ends_ms; i++) {
        json_array_begin(json);
        json_uint(json, ends_ms[i]);
        json_uint(json, histogram_at_most(histogram, ends_ms[i]));
        json_array_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void put_service(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct politeness *politeness = summary->from->politeness;
    const struct collect_counters *collected = collect_counters(summary->from->collect);
    double rate = politeness_rate(politeness);
    json_key(json, "rate_allowed_per_s");
    if (rate > 0)
        json_double(json, (double)(int64_t)(rate * 1000 + 0.5) / 1000);
    else
        json_null(json);
    status_field_uint(json, "latency_ms", (uint64_t)politeness_latency_ms(politeness));
    put_percentiles(json, "latency", &collected->latency);
    json_key(json, "answers");
    json_object_begin(json);
    for (unsigned code = 0; code < COLLECT_STATUS_CODES; code++) {
        char key[16];
        int length = snprintf(key, sizeof key, "%u", code);
        if (collected->answers[code] == 0 || length < 0)
            continue;
        json_key_text(json, (struct text){key, (uint32_t)length});
        json_uint(json, collected->answers[code]);
    }
    json_object_end(json);
}

static void put_collected(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct collect_counters *collected = collect_counters(summary->from->collect);
    status_field_uint(json, "results", collected->results);
    status_field_uint(json, "stored", collected->stored);
    status_field_uint(json, "unchanged", collected->unchanged);
    status_field_uint(json, "failed_attempts", collected->failed);
    status_field_uint(json, "given_up", collected->gave_up);
    status_field_uint(json, "kept_aside", collected->kept_aside);
    status_field_uint(json, "duplicates", collected->duplicates);
    status_field_uint(json, "superseded", collected->superseded);
    status_field_uint(json, "invalid", collected->invalid);
    status_field_uint(json, "requests", collected->requests);
    status_field_uint(json, "bytes", collected->bytes);
    status_field_uint(json, "entries", collected->entries);
    json_key(json, "failures");
    json_object_begin(json);
    for (unsigned i = 0; i < FAILURES; i++)
        if (collected->failures[i])
            status_field_uint(json, failure_string((enum failure)i), collected->failures[i]);
    json_object_end(json);
}

/* ---- processes, exports, store ---- */

static void put_workers(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct status_sources *from = summary->from;
    const struct dispatch_counters *dispatched = dispatch_counters(from->dispatch);
    const struct roster *roster = dispatch_roster(from->dispatch);
    status_field_uint(json, "workers", roster->count);
    status_field_uint(json, "workers_joined", roster->joined);
    status_field_uint(json, "workers_lost", dispatched->workers_lost);
    json_key(json, "workers_left");
    json_object_begin(json);
    for (unsigned i = 0; i < BYES; i++)
        status_field_uint(json, bye_string((enum bye)i), dispatched->byes[i]);
    json_object_end(json);
    status_field_uint(json, "pools_crashed", local_pool_crashed(from->pool));
    status_field_uint(json, "leases_expired", dispatched->leases_expired);
    status_field_uint(json, "in_flight", dispatch_in_flight(from->dispatch));
    status_field_uint(json, "bad_frames", dispatched->bad_frames);
    status_field_uint(json, "refused", dispatched->refused);
    status_field_uint(json, "bad_requests", control_bad_requests(from->control));
    status_field_uint(json, "memory_kb", summary->measure->self_kb);
    status_field_uint(json, "tree_memory_kb", summary->measure->tree_kb);
    status_field_uint(json, "tree_memory_peak_kb", summary->measure->tree_peak_kb);
    status_field_uint(json, "descriptors", process_descriptor_count());
}

static void put_exports(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    const struct status_observer *observer = summary->observer;
    const struct export_run *run = summary->from->exporter;
    const struct export_report *report = export_run_report(run);
    bool active = export_run_active(run);
    int64_t now_ms = summary->at->now_ms;
    status_field_uint(json, "exports", export_run_count(run));
    status_field_uint(json, "export_failures", export_run_failures(run));
    status_field_string(json, "export_error", export_run_failure(run));
    json_key(json, "export");
    json_object_begin(json);
    json_key(json, "running_ms");
    if (active)
        json_uint(json, (uint64_t)(now_ms - observer->export_began_ms));
    else
        json_null(json);
    status_field_time(json, "last_time", summary->from->times->indexed_ms);
    status_field_uint(json, "generation", report->generation);
    status_field_uint(json, "duration_ms", report->index_build_time_ms);
    status_field_uint(json, "peak_rss_kb", report->peak_rss_kb);
    status_field_uint(json, "files_written", report->files_written);
    status_field_uint(json, "files_unchanged", report->files_unchanged);
    status_field_uint(json, "files_removed", report->files_removed);
    status_field_uint(json, "bytes_written", report->bytes_written);
    status_field_uint(json, "drivers", report->total_drivers);
    status_field_uint(json, "entries", report->total_entries);
    status_field_uint(json, "broken_records", report->broken_records);
    json_object_end(json);
    put_percentiles(json, "publication_delay", &observer->delay.delays);
    status_field_uint(
        json, "unpublished_ms", (uint64_t)publication_delay_oldest_ms(&observer->delay, now_ms));
}

static void put_store(const struct summary *summary)
{
    struct json_writer *json = summary->json;
    struct store_usage usage = store_usage(summary->from->store);
    struct refresh_found found = refresh_run_found(summary->from->refresh);
    const struct collect_counters *collected = collect_counters(summary->from->collect);
    status_field_uint(json, "generation", store_next_generation(summary->from->store) - 1);
    status_field_uint(json, "store_bytes", usage.used_bytes);
    status_field_uint(json, "store_map_bytes", usage.map_bytes);
    status_field_uint(json, "store_boards", found.boards + collected->boards_grown);
    status_field_uint(json, "store_entries", (uint64_t)((int64_t)found.entries + collected->entries_grown));
    status_field_uint(json, "commits", usage.commits);
    status_field_uint(json, "commit_us_total", (uint64_t)usage.commit_us_total);
    status_field_uint(json, "commit_us_max", (uint64_t)usage.commit_us_max);
}

void status_summary_write(const struct status_sources *from, const struct status_measure *measure,
    const struct status_observer *observer, const struct status_moment *at, struct buffer *out,
    char reason[static STATUS_REASON_SIZE])
{
    struct json_writer json = json_writer_make(out);
    struct summary summary = {.from = from,
        .measure = measure,
        .observer = observer,
        .at = at,
        .json = &json,
        .counts = plan_count_states(from->plan, at->now_ms),
        .survey = plan_survey(from->plan, at->now_ms, at->wall_ms),
        .progress = refresh_run_progress(from->refresh)};
    buffer_clear(out);
    json_object_begin(&json);
    status_field_uint(&json, "v", PROTOCOL_VERSION);
    status_field_string(&json, "type", "summary");
    status_field_string(&json, "version", R3E_VERSION);
    status_field_time(&json, "time", at->wall_ms);
    status_field_time(&json, "started", at->started_ms);
    put_state(&summary, reason);
    put_progress(&summary);
    put_queue(&summary);
    put_refresh(&summary);
    put_service(&summary);
    put_collected(&summary);
    put_workers(&summary);
    access_put(from->access, &json);
    json_key(&json, "put_aside");
    rubbish_put(dispatch_rubbish(from->dispatch), &json, at->now_ms);
    put_exports(&summary);
    put_store(&summary);
    json_object_end(&json);
}
