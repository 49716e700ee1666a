#include "coordinator/pause.h"

#include <stdio.h>

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "common/control_message.h"
#include "common/json_writer.h"
#include "common/log.h"

#define JSON_MAX 1024

static void set_hold(
    struct holds *holds, int64_t since_ms, int64_t left_ms, const char *reason, int64_t now_ms)
{
    char since[CLOCK_RFC3339_SIZE];
    clock_rfc3339(since_ms, since);
    holds_set(holds, HOLD_PAUSED, left_ms ? now_ms + left_ms : HOLD_FOREVER, now_ms,
        "paused by an operator since %s%s%s; r3ectl resume ends it", since, reason[0] ? ": " : "", reason);
}

static int64_t number_of(const cJSON *root, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, name);
    return cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < 0x1p53
               ? (int64_t)value->valuedouble
               : 0;
}

static void take(const cJSON *root, struct holds *holds, int64_t now_ms, int64_t wall_ms)
{
    const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "reason"));
    int64_t since_ms = number_of(root, "since_ms"), for_ms = number_of(root, "for_ms");
    int64_t passed_ms = wall_ms > since_ms ? wall_ms - since_ms : 0;
    if (!since_ms || (for_ms && passed_ms >= for_ms))
        return;
    set_hold(holds, since_ms, for_ms ? for_ms - passed_ms : 0, reason ? reason : "", now_ms);
    log_warn("%s", holds_get(holds, HOLD_PAUSED, now_ms)->text);
}

void pause_load(struct store *store, struct holds *holds, int64_t now_ms, int64_t wall_ms)
{
    struct buffer json = buffer_make(JSON_MAX);
    if (store_get_meta(store, RECORD_META_PAUSE, &json) == STORE_META_FOUND) {
        cJSON *root = cJSON_ParseWithLength((const char *)json.data, json.length);
        if (cJSON_IsObject(root))
            take(root, holds, now_ms, wall_ms);
        else
            log_warn("store: the record of an operator's pause is broken and is ignored");
        cJSON_Delete(root);
    }
    buffer_free(&json);
}

void pause_begin(struct store *store, struct holds *holds, uint64_t for_s, const char *reason, int64_t now_ms,
    int64_t wall_ms)
{
    struct buffer out = buffer_make(JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "since_ms");
    json_int(&json, wall_ms);
    json_key(&json, "for_ms");
    json_uint(&json, for_s * 1000);
    json_key(&json, "reason");
    json_string(&json, reason);
    json_object_end(&json);
    if (out.overflowed)
        log_bug("pause: a reason of more than %d bytes", CONTROL_REASON_SIZE);
    store_put_meta(store, RECORD_META_PAUSE, out.data, out.length);
    buffer_free(&out);
    set_hold(holds, wall_ms, (int64_t)for_s * 1000, reason, now_ms);
    log_info("%s", holds_get(holds, HOLD_PAUSED, now_ms)->text);
}

bool pause_end(struct store *store, struct holds *holds, int64_t now_ms)
{
    bool paused = holds_clear(holds, HOLD_PAUSED, now_ms);
    store_put_meta(store, RECORD_META_PAUSE, "{}", 2);
    if (paused)
        log_info("resumed by an operator");
    return paused;
}
