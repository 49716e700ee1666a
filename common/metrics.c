#include "common/metrics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "common/metrics_table.h"

#define LABEL_VALUES_MAX 64 /* unknown ones, of an object of counters */
#define BUCKETS_MAX      64

void metrics_write_presence(struct metrics_writer *writer, bool up, double silence_s)
{
    metrics_put(writer, "r3e_coordinator_up", METRICS_GAUGE,
        "1 if the coordinator is heard at its status socket, else 0, and then nothing else of it is here.",
        up);
    metrics_put(writer, "r3e_coordinator_silence_seconds", METRICS_GAUGE,
        "How long ago it was heard last; if it never was, how long it has been listened for.", silence_s);
}

/* The member `path` of `root`, which may name a member of a member ("refresh.left"). */
static const cJSON *find(const cJSON *root, const char *path)
{
    char name[48];
    for (;;) {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        root = cJSON_GetObjectItemCaseSensitive(root, name);
        if (!path[length] || !root)
            return root;
        path += length + 1;
    }
}

/* NaN for what is no such time. */
static double seconds_of(const char *rfc3339)
{
    struct tm utc = {0};
    const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return end && !*end ? (double)timegm(&utc) : NAN;
}

static bool listed(const char *const *values, const char *value)
{
    for (; *values; values++)
        if (strcmp(*values, value) == 0)
            return true;
    return false;
}

/* A value that this release does not know gets a sample too. */
static void put_one_of(struct metrics_writer *writer, const struct metrics_row *row, const char *value)
{
    struct metrics_label label = {.name = row->label};
    for (const char *const *known = row->values; *known; known++) {
        label.value = *known;
        metrics_sample(writer, &label, 1, strcmp(*known, value) == 0);
    }
    label.value = value;
    if (*value && strcmp(value, "none") != 0 && !listed(row->values, value))
        metrics_sample(writer, &label, 1, 1);
}

static void put_counts(struct metrics_writer *writer, const struct metrics_row *row, const cJSON *object)
{
    struct metrics_label label = {.name = row->label};
    for (const char *const *known = row->values; *known; known++) {
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(object, *known);
        label.value = *known;
        if (strcmp(*known, "none") != 0)
            metrics_sample(writer, &label, 1, cJSON_IsNumber(count) ? count->valuedouble * row->scale : 0);
    }
    const cJSON *count;
    unsigned others = 0;
    cJSON_ArrayForEach(count, object)
    {
        label.value = count->string;
        /* The first one of that name: a sample must not be there twice. */
        if (!cJSON_IsNumber(count) || listed(row->values, label.value) ||
            cJSON_GetObjectItemCaseSensitive(object, label.value) != count)
            continue;
        if (++others > LABEL_VALUES_MAX)
            break;
        metrics_sample(writer, &label, 1, count->valuedouble * row->scale);
    }
}

/* `object` says how many there were, their sum, and pairs [end, how many were at most that]. */
static void put_buckets(struct metrics_writer *writer, const struct metrics_row *row, const cJSON *object)
{
    struct metrics_bucket buckets[BUCKETS_MAX] = {{0}};
    size_t bucket_count = 0;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(object, "at_most_ms"))
    {
        const cJSON *end = cJSON_GetArrayItem(pair, 0);
        const cJSON *below = cJSON_GetArrayItem(pair, 1);
        if (!cJSON_IsNumber(end) || !cJSON_IsNumber(below) || bucket_count == BUCKETS_MAX)
            break;
        struct metrics_bucket bucket = {end->valuedouble * row->scale, below->valuedouble};
        if (bucket_count && (bucket.at_most <= buckets[bucket_count - 1].at_most ||
                                bucket.count < buckets[bucket_count - 1].count))
            break;
        buckets[bucket_count++] = bucket;
    }
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(object, "count");
    const cJSON *sum = cJSON_GetObjectItemCaseSensitive(object, "sum_ms");
    metrics_histogram(writer, buckets, bucket_count, cJSON_IsNumber(count) ? count->valuedouble : 0,
        cJSON_IsNumber(sum) ? sum->valuedouble * row->scale : 0);
}

static bool fits(const struct metrics_row *row, const cJSON *value)
{
    switch (row->kind) {
    case METRICS_NUMBER:
        return cJSON_IsNumber(value) || cJSON_IsNull(value);
    case METRICS_TIME:
        return cJSON_IsString(value) || cJSON_IsNull(value);
    case METRICS_COUNTS:
    case METRICS_BUCKETS:
        return cJSON_IsObject(value);
    case METRICS_ONE_OF:
    case METRICS_TEXT:
        break;
    }
    return cJSON_IsString(value);
}

static void put_value(struct metrics_writer *writer, const struct metrics_row *row, const cJSON *value)
{
    const struct metrics_label text = {row->label, value->valuestring};
    switch (row->kind) {
    case METRICS_NUMBER:
        metrics_sample(writer, NULL, 0, cJSON_IsNull(value) ? row->null : value->valuedouble * row->scale);
        break;
    case METRICS_TIME:
        metrics_sample(writer, NULL, 0, cJSON_IsNull(value) ? row->null : seconds_of(value->valuestring));
        break;
    case METRICS_ONE_OF:
        put_one_of(writer, row, value->valuestring);
        break;
    case METRICS_COUNTS:
        put_counts(writer, row, value);
        break;
    case METRICS_BUCKETS:
        put_buckets(writer, row, value);
        break;
    case METRICS_TEXT:
        metrics_sample(writer, &text, 1, 1);
        break;
    }
}

bool metrics_write_summary(struct metrics_writer *writer, struct text summary)
{
    cJSON *root = cJSON_ParseWithLength(summary.data, summary.length);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "type"));
    bool ok = type && strcmp(type, "summary") == 0;
    for (size_t i = 0; ok && i < metrics_row_count; i++) {
        const struct metrics_row *row = &metrics_rows[i];
        const cJSON *value = find(root, row->field);
        if (!fits(row, value))
            continue;
        metrics_family(writer, row->name, row->type, row->help);
        put_value(writer, row, value);
    }
    cJSON_Delete(root);
    return ok;
}
