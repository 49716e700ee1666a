#include "coordinator/target_list.h"

#include <cjson/cJSON.h>

#include "common/catalogue.h"
#include "common/json_writer.h"
#include "common/log.h"

#define ITEM_BYTES 48u /* two ids, a time and what is between them */
#define JSON_MAX   (TARGET_LIST_MAX * ITEM_BYTES + 16u)
#define PARTS      3

/* False: not a whole number of that range. */
static bool take_number(const cJSON *value, double least, double most, int64_t *number)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= least) || value->valuedouble > most)
        return false;
    *number = (int64_t)value->valuedouble;
    return (double)*number == value->valuedouble;
}

static bool take_item(struct target_list *list, const cJSON *item)
{
    int64_t track_id, class_id, asked_ms;
    bool sound = cJSON_IsArray(item) && cJSON_GetArraySize(item) == PARTS &&
                 take_number(cJSON_GetArrayItem(item, 0), 1, CATALOGUE_ID_MAX, &track_id) &&
                 take_number(cJSON_GetArrayItem(item, 1), 0, CATALOGUE_ID_MAX, &class_id) &&
                 take_number(cJSON_GetArrayItem(item, 2), 0, 0x1p53, &asked_ms) &&
                 list->count < TARGET_LIST_MAX;
    if (sound) {
        list->items[list->count].target = (struct target){(uint32_t)track_id, (uint32_t)class_id};
        list->items[list->count++].asked_ms = asked_ms;
    }
    return sound;
}

void target_list_load(struct target_list *list, struct store *store)
{
    struct buffer json = buffer_make(JSON_MAX);
    *list = (struct target_list){0};
    if (store_get_meta(store, RECORD_META_TARGETS, &json) == STORE_META_FOUND) {
        cJSON *root = cJSON_ParseWithLength((const char *)json.data, json.length);
        const cJSON *item;
        bool sound = cJSON_IsArray(root);
        cJSON_ArrayForEach(item, root) sound = sound && take_item(list, item);
        if (!sound) {
            log_warn("store: the list of refreshes asked for is broken and is ignored");
            list->count = 0;
        }
        cJSON_Delete(root);
    }
    buffer_free(&json);
}

bool target_list_add(struct target_list *list, const struct target *target, int64_t wall_ms)
{
    uint32_t place = 0;
    while (place < list->count && (list->items[place].target.track_id != target->track_id ||
                                      list->items[place].target.class_id != target->class_id))
        place++;
    if (place == TARGET_LIST_MAX) {
        if (!list->said_full)
            log_warn("more than %u refreshes of tracks and combinations are asked for at once; a restart "
                     "would go on with that many",
                TARGET_LIST_MAX);
        list->said_full = true;
        return false;
    }
    list->count += place == list->count;
    list->items[place].target = *target;
    list->items[place].asked_ms = wall_ms > 0 ? wall_ms : 0;
    return true;
}

void target_list_save(const struct target_list *list, struct store *store)
{
    struct buffer out = buffer_make(JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    json_array_begin(&json);
    for (uint32_t i = 0; i < list->count; i++) {
        json_array_begin(&json);
        json_uint(&json, list->items[i].target.track_id);
        json_uint(&json, list->items[i].target.class_id);
        json_int(&json, list->items[i].asked_ms);
        json_array_end(&json);
    }
    json_array_end(&json);
    if (out.overflowed)
        log_bug("target_list: %u targets are longer than %u bytes", list->count, JSON_MAX);
    store_put_meta(store, RECORD_META_TARGETS, out.data, out.length);
    buffer_free(&out);
}
