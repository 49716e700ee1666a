#include "coordinator/claims.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "common/json_writer.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/memory.h"
#include "coordinator/quarantine.h"

#define LIST_MAX ((size_t)256 * 1024) /* ROSTER_WORKERS_MAX boards of 25 bytes and more */

struct claims {
    struct store *store;
    const struct dispatch *dispatch;
    uint64_t written;         /* the lease table's count of changes when the list was last put */
    int64_t changed_since_ms; /* 0: what was put is what is */
    struct buffer list;
};

/* ---- what the predecessor left ---- */

/* False if it is none, or of a combination that the catalogue has lost. */
static bool read_pair(
    const struct catalogue *catalogue, const cJSON *pair, uint32_t *track_id, uint32_t *class_id)
{
    const cJSON *track = cJSON_GetArrayItem(pair, 0), *class = cJSON_GetArrayItem(pair, 1);
    if (!cJSON_IsNumber(track) || !cJSON_IsNumber(class) || track->valueint < 1 || class->valueint < 1)
        return false;
    *track_id = (uint32_t)track->valueint;
    *class_id = (uint32_t) class->valueint;
    return catalogue_find_track(catalogue, *track_id) && catalogue_find_class(catalogue, *class_id);
}

static unsigned count_deaths(
    struct store *store, const struct catalogue *catalogue, const cJSON *list, int64_t wall_ms)
{
    unsigned count = 0;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, list)
    {
        uint32_t track_id, class_id;
        if (!read_pair(catalogue, pair, &track_id, &class_id))
            continue;
        count++;
        quarantine_count_death(store, track_id, class_id, wall_ms);
    }
    return count;
}

unsigned claims_take_over(struct store *store, const struct catalogue *catalogue, int64_t wall_ms)
{
    struct buffer json = buffer_make(LIST_MAX);
    unsigned count = 0;
    if (store_get_meta(store, RECORD_META_CLAIMS, &json) == STORE_META_FOUND) {
        cJSON *list = cJSON_ParseWithLength((const char *)json.data, json.length);
        if (!cJSON_IsArray(list))
            log_warn("store: the list of boards handed out is broken and is ignored");
        else if (cJSON_GetArraySize(list) > 0)
            count = count_deaths(store, catalogue, list, wall_ms);
        cJSON_Delete(list);
        store_put_meta(store, RECORD_META_CLAIMS, "[]", 2);
        store_commit(store);
    }
    buffer_free(&json);
    if (count)
        log_info("the last run did not end in good order; %u boards were being fetched then", count);
    return count;
}

/* ---- what is handed out now ---- */

struct claims *claims_open(struct store *store, const struct dispatch *dispatch)
{
    struct claims *claims = memory_zalloc(1, sizeof *claims);
    *claims = (struct claims){.store = store, .dispatch = dispatch, .list = buffer_make(LIST_MAX)};
    return claims;
}

void claims_close(struct claims **pointer)
{
    struct claims *claims = *pointer;
    if (!claims)
        return;
    store_put_meta(claims->store, RECORD_META_CLAIMS, "[]", 2);
    buffer_free(&claims->list);
    free(claims);
    *pointer = NULL;
}

static void put_pair(void *context, uint32_t track_id, uint32_t class_id)
{
    struct json_writer *json = context;
    json_array_begin(json);
    json_uint(json, track_id);
    json_uint(json, class_id);
    json_array_end(json);
}

void claims_put(void *context)
{
    struct claims *claims = context;
    uint64_t changes = dispatch_lease_changes(claims->dispatch);
    if (changes == claims->written)
        return;
    buffer_clear(&claims->list);
    struct json_writer json = json_writer_make(&claims->list);
    json_array_begin(&json);
    dispatch_each_lease(claims->dispatch, put_pair, &json);
    json_array_end(&json);
    store_put_meta(claims->store, RECORD_META_CLAIMS, claims->list.data, claims->list.length);
    claims->written = changes;
    claims->changed_since_ms = 0;
}

int64_t claims_tick(struct claims *claims, int64_t now_ms)
{
    if (dispatch_lease_changes(claims->dispatch) == claims->written)
        return LOOP_SLEEP_FOREVER;
    if (!claims->changed_since_ms)
        claims->changed_since_ms = now_ms;
    int64_t left_ms = claims->changed_since_ms + CLAIMS_LATEST_MS - now_ms;
    return left_ms > 0 ? left_ms : 0;
}
