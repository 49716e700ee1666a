#include "coordinator/ctl/summary.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/told.h"

/* "3 timeout, 1 reset": the members of an object that are greater than 0. Returns their sum. */
static uint64_t take_counts(const cJSON *object, const char *between, char out[static SUMMARY_FAILURES_SIZE])
{
    const cJSON *member;
    size_t used = 0;
    uint64_t sum = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(member, object)
    {
        uint64_t count;
        if (!member->string || !told_take_count(member, &count) || !count)
            continue;
        const char *name = strcmp(member->string, "0") == 0 ? "no answer" : member->string;
        int length = snprintf(out + used, SUMMARY_FAILURES_SIZE - used, "%s%llu%s%s", used ? ", " : "",
            (unsigned long long)count, between, name);
        sum += count;
        if (length < 0 || (size_t)length >= SUMMARY_FAILURES_SIZE - used) {
            out[used] = '\0';
            return sum;
        }
        used += (size_t)length;
    }
    return sum;
}

static void take_times(const cJSON *object, struct summary_times *times)
{
    told_take_count(told_member(object, "count"), &times->count);
    told_take_count(told_member(object, "p50_ms"), &times->p50_ms);
    told_take_count(told_member(object, "p95_ms"), &times->p95_ms);
    told_take_count(told_member(object, "p99_ms"), &times->p99_ms);
    told_take_count(told_member(object, "max_ms"), &times->max_ms);
}

static void take_export(const cJSON *object, struct summary_export *export)
{
    export->running = told_take_count(told_member(object, "running_ms"), &export->running_ms);
    told_copy(object, "last_time", export->last_time, sizeof export->last_time);
    told_take_count(told_member(object, "duration_ms"), &export->duration_ms);
    told_take_count(told_member(object, "peak_rss_kb"), &export->peak_rss_kb);
    told_take_count(told_member(object, "files_written"), &export->files_written);
    told_take_count(told_member(object, "files_unchanged"), &export->files_unchanged);
    told_take_count(told_member(object, "files_removed"), &export->files_removed);
    told_take_count(told_member(object, "drivers"), &export->drivers);
    told_take_count(told_member(object, "entries"), &export->entries);
}

static void take_queue(const cJSON *root, struct summary *summary)
{
    const cJSON *queue = told_member(root, "queue"), *ages = told_member(root, "ages");
#define X(name) told_take_count(told_member(queue, #name), &summary->queue.name);
    SUMMARY_QUEUE(X);
#undef X
#define X(name) told_take_count(told_member(ages, #name), &summary->ages.name);
    SUMMARY_AGES(X);
#undef X
}

static void take_access(const cJSON *root, struct summary_access *access)
{
    const cJSON *refused = cJSON_GetArrayItem(told_member(root, "last_refused"), 0);
    const cJSON *aside = cJSON_GetArrayItem(told_member(root, "put_aside"), 0);
    told_copy(root, "keys_problem", access->keys_problem, sizeof access->keys_problem);
    told_copy(refused, "socket", access->socket, sizeof access->socket);
    told_copy(refused, "address", access->address, sizeof access->address);
    told_copy(refused, "reason", access->reason, sizeof access->reason);
    told_copy(aside, "origin", access->aside, sizeof access->aside);
    told_copy(aside, "reason", access->aside_reason, sizeof access->aside_reason);
}

static void take_refresh(const cJSON *object, struct summary_refresh *refresh)
{
    told_copy(object, "kind", refresh->kind, sizeof refresh->kind);
    told_copy(object, "started", refresh->started, sizeof refresh->started);
    told_copy(object, "next_daily", refresh->next_daily, sizeof refresh->next_daily);
    told_copy(object, "trigger_problem", refresh->trigger_problem, sizeof refresh->trigger_problem);
    told_take_count(told_member(object, "left"), &refresh->left);
    told_take_count(told_member(object, "targeted_left"), &refresh->targeted_left);
}

static double real(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble > 0 ? value->valuedouble : 0;
}

static void take_strings(const cJSON *root, struct summary *summary)
{
    told_copy(root, "version", summary->version, sizeof summary->version);
    told_copy(root, "time", summary->time, sizeof summary->time);
    told_copy(root, "started", summary->started, sizeof summary->started);
    told_copy(root, "reason", summary->reason, sizeof summary->reason);
    told_copy(root, "hold", summary->hold, sizeof summary->hold);
    told_copy(root, "hold_reason", summary->hold_reason, sizeof summary->hold_reason);
    told_copy(root, "export_error", summary->export_error, sizeof summary->export_error);
    take_counts(told_member(root, "failures"), " ", summary->failures);
    take_counts(told_member(root, "answers"), " \xC3\x97 ", summary->answers);
    summary->recycled = take_counts(told_member(root, "workers_left"), " ", summary->left);
}

bool summary_parse(struct text json, struct summary *summary)
{
    *summary = (struct summary){0};
    cJSON *root = told_parse(json);
    told_copy(root, "state", summary->state, sizeof summary->state);
    bool ok = cJSON_IsObject(root) && summary->state[0];
    if (ok) {
        take_strings(root, summary);
        take_refresh(told_member(root, "refresh"), &summary->refresh);
        take_queue(root, summary);
        take_times(told_member(root, "latency"), &summary->latency);
        take_times(told_member(root, "publication_delay"), &summary->publication_delay);
        take_export(told_member(root, "export"), &summary->export);
        take_access(root, &summary->access);
#define X(name) told_take_count(told_member(root, #name), &summary->name);
        SUMMARY_NUMBERS(X);
#undef X
        summary->requests_per_s = real(told_member(root, "requests_per_s"));
        summary->rate_allowed_per_s = real(told_member(root, "rate_allowed_per_s"));
        summary->time_left_known = told_take_count(told_member(root, "time_left_s"), &summary->time_left_s);
    }
    cJSON_Delete(root);
    return ok;
}
