#include "coordinator/ctl/told.h"

#include <string.h>

#include "common/unicode.h"

/* As deep as cJSON parses: CJSON_NESTING_LIMIT. */
static void make_printable(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->string)
            unicode_make_printable(item->string);
        if (item->valuestring)
            unicode_make_printable(item->valuestring);
        make_printable(item->child);
    }
}

cJSON *told_parse(struct text json)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    make_printable(root);
    return root;
}

const cJSON *told_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool told_take_count(const cJSON *value, uint64_t *out)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) || value->valuedouble >= 0x1p53)
        return false;
    *out = (uint64_t)value->valuedouble;
    return true;
}

uint64_t told_count(const cJSON *object, const char *name)
{
    uint64_t count = 0;
    told_take_count(told_member(object, name), &count);
    return count;
}

const char *told_text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(told_member(object, name));
    return value ? value : "";
}

void told_copy(const cJSON *object, const char *name, char *out, size_t size)
{
    const char *value = told_text(object, name);
    struct text kept =
        unicode_truncate((struct text){value, (uint32_t)strnlen(value, size)}, (uint32_t)size - 1);
    memcpy(out, kept.data, kept.length);
    out[kept.length] = '\0';
}
