#include "coordinator/ctl/summary.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "common/unicode.h"

/* Whoever plays the coordinator must not steer the terminal. */
static void take_string(const cJSON *root, const char *name, char *out, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    int length = snprintf(out, size, "%s", value ? value : "");
    if (length < 0)
        out[0] = '\0';
    unicode_make_printable(out);
}

/* Counts fit a double's 53 bits. */
static bool take_number(const cJSON *value, uint64_t *out)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) || value->valuedouble >= 0x1p53)
        return false;
    *out = (uint64_t)value->valuedouble;
    return true;
}

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
        if (!member->string || !take_number(member, &count) || !count)
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

static const cJSON *member(const cJSON *root, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(root, name);
}

static void take_times(const cJSON *object, struct summary_times *times)
{
    take_number(member(object, "count"), &times->count);
    take_number(member(object, "p50_ms"), &times->p50_ms);
    take_number(member(object, "p95_ms"), &times->p95_ms);
    take_number(member(object, "p99_ms"), &times->p99_ms);
    take_number(member(object, "max_ms"), &times->max_ms);
}

static void take_export(const cJSON *object, struct summary_export *export)
{
    export->running = take_number(member(object, "running_ms"), &export->running_ms);
    take_string(object, "last_time", export->last_time, sizeof export->last_time);
    take_number(member(object, "duration_ms"), &export->duration_ms);
    take_number(member(object, "peak_rss_kb"), &export->peak_rss_kb);
    take_number(member(object, "files_written"), &export->files_written);
    take_number(member(object, "files_unchanged"), &export->files_unchanged);
    take_number(member(object, "files_removed"), &export->files_removed);
    take_number(member(object, "drivers"), &export->drivers);
    take_number(member(object, "entries"), &export->entries);
}

static void take_queue(const cJSON *root, struct summary *summary)
{
    const cJSON *queue = member(root, "queue"), *ages = member(root, "ages");
#define X(name) take_number(member(queue, #name), &summary->queue.name);
    SUMMARY_QUEUE(X);
#undef X
#define X(name) take_number(member(ages, #name), &summary->ages.name);
    SUMMARY_AGES(X);
#undef X
}

static void take_access(const cJSON *root, struct summary_access *access)
{
    const cJSON *refused = cJSON_GetArrayItem(member(root, "last_refused"), 0);
    const cJSON *aside = cJSON_GetArrayItem(member(root, "put_aside"), 0);
    take_string(root, "keys_problem", access->keys_problem, sizeof access->keys_problem);
    take_string(refused, "socket", access->socket, sizeof access->socket);
    take_string(refused, "address", access->address, sizeof access->address);
    take_string(refused, "reason", access->reason, sizeof access->reason);
    take_string(aside, "origin", access->aside, sizeof access->aside);
    take_string(aside, "reason", access->aside_reason, sizeof access->aside_reason);
}

static void take_refresh(const cJSON *object, struct summary_refresh *refresh)
{
    take_string(object, "kind", refresh->kind, sizeof refresh->kind);
    take_string(object, "started", refresh->started, sizeof refresh->started);
    take_string(object, "next_daily", refresh->next_daily, sizeof refresh->next_daily);
    take_string(object, "trigger_problem", refresh->trigger_problem, sizeof refresh->trigger_problem);
    take_number(cJSON_GetObjectItemCaseSensitive(object, "left"), &refresh->left);
    take_number(cJSON_GetObjectItemCaseSensitive(object, "targeted_left"), &refresh->targeted_left);
}

static double real(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble > 0 ? value->valuedouble : 0;
}

static void take_strings(const cJSON *root, struct summary *summary)
{
    take_string(root, "version", summary->version, sizeof summary->version);
    take_string(root, "time", summary->time, sizeof summary->time);
    take_string(root, "started", summary->started, sizeof summary->started);
    take_string(root, "reason", summary->reason, sizeof summary->reason);
    take_string(root, "hold", summary->hold, sizeof summary->hold);
    take_string(root, "hold_reason", summary->hold_reason, sizeof summary->hold_reason);
    take_string(root, "export_error", summary->export_error, sizeof summary->export_error);
    take_counts(member(root, "failures"), " ", summary->failures);
    take_counts(member(root, "answers"), " \xC3\x97 ", summary->answers);
    summary->recycled = take_counts(member(root, "workers_left"), " ", summary->left);
}

bool summary_parse(struct text json, struct summary *summary)
{
    *summary = (struct summary){0};
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    take_string(root, "state", summary->state, sizeof summary->state);
    bool ok = cJSON_IsObject(root) && summary->state[0];
    if (ok) {
        take_strings(root, summary);
        take_refresh(member(root, "refresh"), &summary->refresh);
        take_queue(root, summary);
        take_times(member(root, "latency"), &summary->latency);
        take_times(member(root, "publication_delay"), &summary->publication_delay);
        take_export(member(root, "export"), &summary->export);
        take_access(root, &summary->access);
#define X(name) take_number(member(root, #name), &summary->name);
        SUMMARY_NUMBERS(X);
#undef X
        summary->requests_per_s = real(member(root, "requests_per_s"));
        summary->rate_allowed_per_s = real(member(root, "rate_allowed_per_s"));
        summary->time_left_known = take_number(member(root, "time_left_s"), &summary->time_left_s);
    }
    cJSON_Delete(root);
    return ok;
}
