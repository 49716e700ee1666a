#include "coordinator/politeness_record.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "common/json_writer.h"
#include "coordinator/pace.h"

#define DAY_MS    86400000.0
#define WALL_MOST 253402300799999.0 /* the end of year 9999 */
#define COUNT_MAX 1e6

#define FIELD(member, most)                                                                                  \
    {                                                                                                        \
#member, offsetof(struct politeness_record, member), most                                            \
    }

static const struct {
    const char *name;
    size_t offset;
    double most; /* the least is 0 */
} fields[] = {
    FIELD(rate_per_s, PACE_RATE_MOST),
    FIELD(knee_per_s, PACE_RATE_MOST),
    FIELD(start_per_s, PACE_RATE_MOST),
    FIELD(span_ms, DAY_MS),
    FIELD(grown_ms, WALL_MOST),
    FIELD(latency_base_ms, DAY_MS),
    FIELD(latency_factor, 1),
    FIELD(gate_until_ms, WALL_MOST),
    FIELD(gate_wait_ms, 2 * DAY_MS),
    FIELD(own_pauses, COUNT_MAX),
    FIELD(breaker_failures, COUNT_MAX),
    FIELD(breaker_probes, COUNT_MAX),
    FIELD(breaker_until_ms, WALL_MOST),
    FIELD(robots_verdict, 2),
    FIELD(robots_fetched_ms, WALL_MOST),
    FIELD(robots_subject, (double)POLITENESS_RECORD_SUBJECT_MAX),
    FIELD(crawl_delay_ms, DAY_MS),
};

#define FIELDS (sizeof fields / sizeof *fields)

void politeness_record_encode(const struct politeness_record *record, struct buffer *out)
{
    struct json_writer json = json_writer_make(out);
    json_object_begin(&json);
    for (size_t i = 0; i < FIELDS; i++) {
        double value;
        memcpy(&value, (const char *)record + fields[i].offset, sizeof value);
        json_key(&json, fields[i].name);
        json_double(&json, value < fields[i].most ? value : fields[i].most);
    }
    json_object_end(&json);
}

bool politeness_record_decode(const void *bytes, size_t length, struct politeness_record *record)
{
    cJSON *root = cJSON_ParseWithLength(bytes, length);
    bool ok = cJSON_IsObject(root);
    for (size_t i = 0; ok && i < FIELDS; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, fields[i].name);
        ok = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= fields[i].most;
        if (ok)
            memcpy((char *)record + fields[i].offset, &value->valuedouble, sizeof value->valuedouble);
    }
    cJSON_Delete(root);
    /* A curve needs a length. */
    return ok && (record->rate_per_s <= 0 || record->span_ms >= 1);
}
