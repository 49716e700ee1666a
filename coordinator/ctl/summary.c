#include "coordinator/ctl/summary.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static void take_string(const cJSON *root, const char *name, char *out, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    int length = snprintf(out, size, "%s", value ? value : "");
    if (length < 0)
        out[0] = '\0';
}

/* Counts fit a double's 53 bits. */
static bool take_number(const cJSON *value, uint64_t *out)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) || value->valuedouble >= 0x1p53)
        return false;
    *out = (uint64_t)value->valuedouble;
    return true;
}

static void take_failures(const cJSON *root, char out[static SUMMARY_FAILURES_SIZE])
{
    const cJSON *failure;
    size_t used = 0;
    cJSON_ArrayForEach(failure, cJSON_GetObjectItemCaseSensitive(root, "failures"))
    {
        uint64_t count;
        if (!failure->string || !take_number(failure, &count))
            continue;
        int length = snprintf(out + used, SUMMARY_FAILURES_SIZE - used, "%s%llu %s", used ? ", " : "",
            (unsigned long long)count, failure->string);
        if (length < 0 || (size_t)length >= SUMMARY_FAILURES_SIZE - used) {
            out[used] = '\0';
            return;
        }
        used += (size_t)length;
    }
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

bool summary_parse(struct text json, struct summary *summary)
{
    *summary = (struct summary){0};
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    take_string(root, "state", summary->state, sizeof summary->state);
    bool ok = cJSON_IsObject(root) && summary->state[0];
    if (ok) {
        take_string(root, "version", summary->version, sizeof summary->version);
        take_string(root, "time", summary->time, sizeof summary->time);
        take_string(root, "hold", summary->hold, sizeof summary->hold);
        take_string(root, "hold_reason", summary->hold_reason, sizeof summary->hold_reason);
        take_string(root, "export_error", summary->export_error, sizeof summary->export_error);
        take_refresh(cJSON_GetObjectItemCaseSensitive(root, "refresh"), &summary->refresh);
        take_failures(root, summary->failures);
#define X(name) take_number(cJSON_GetObjectItemCaseSensitive(root, #name), &summary->name);
        SUMMARY_NUMBERS(X)
#undef X
        const cJSON *rate = cJSON_GetObjectItemCaseSensitive(root, "requests_per_s");
        summary->requests_per_s = cJSON_IsNumber(rate) ? rate->valuedouble : 0;
        summary->time_left_known =
            take_number(cJSON_GetObjectItemCaseSensitive(root, "time_left_s"), &summary->time_left_s);
    }
    cJSON_Delete(root);
    return ok;
}
