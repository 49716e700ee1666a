#include "coordinator/crawl_times.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "common/json_writer.h"

#define TIMES_MAX 512 /* bytes of the JSON */

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    {"started_ms", offsetof(struct crawl_times, started_ms)},
    {"ended_ms", offsetof(struct crawl_times, ended_ms)},
    {"indexed_ms", offsetof(struct crawl_times, indexed_ms)},
    {"full_since_ms", offsetof(struct crawl_times, full_since_ms)},
    {"daily_day", offsetof(struct crawl_times, daily_day)},
    {"daily_day_back", offsetof(struct crawl_times, daily_day_back)},
};

void crawl_times_load(struct crawl_times *times, struct store *store)
{
    struct buffer json = buffer_make(TIMES_MAX);
    *times = (struct crawl_times){0};
    if (store_get_meta(store, RECORD_META_CRAWL, &json) == STORE_META_FOUND) {
        cJSON *root = cJSON_ParseWithLength((const char *)json.data, json.length);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, fields[i].name);
            int64_t number = cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < 0x1p53
                                 ? (int64_t)value->valuedouble
                                 : 0;
            memcpy((char *)times + fields[i].offset, &number, sizeof number);
        }
        cJSON_Delete(root);
    }
    buffer_free(&json);
}

void crawl_times_save(const struct crawl_times *times, struct store *store)
{
    struct buffer out = buffer_make(TIMES_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int64_t number;
        memcpy(&number, (const char *)times + fields[i].offset, sizeof number);
        json_key(&json, fields[i].name);
        json_int(&json, number);
    }
    json_object_end(&json);
    store_put_meta(store, RECORD_META_CRAWL, out.data, out.length);
    buffer_free(&out);
}
