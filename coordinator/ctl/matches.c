#include "coordinator/ctl/matches.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct matches matches_make(uint32_t driver_limit, uint32_t limit)
{
    return (struct matches){.driver_limit = driver_limit, .limit = limit};
}

static void free_match(struct match *match)
{
    for (uint32_t i = 0; i < match->kept; i++)
        free(match->entries[i].json);
    free(match->entries);
    free(match->key);
    *match = (struct match){0};
}

void matches_free(struct matches *matches)
{
    for (uint32_t i = 0; i < matches->kept; i++)
        free_match(&matches->drivers[i]);
    free_match(&matches->under);
    *matches = (struct matches){0};
}

static char *copy(struct text text)
{
    char *out = memory_zalloc(1, (size_t)text.length + 1);
    memcpy(out, text.data, text.length);
    return out;
}

void matches_begin(struct matches *matches, struct text key, enum fold_match quality)
{
    matches->under = (struct match){.quality = quality, .key = copy(key)};
    matches->under.entries = memory_zalloc(matches->limit, sizeof *matches->under.entries);
}

static uint32_t number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < UINT32_MAX
               ? (uint32_t)value->valuedouble
               : UINT32_MAX;
}

static bool better_entry(const struct match_entry *left, const struct match_entry *right)
{
    if (left->position != right->position)
        return left->position < right->position;
    return left->total_entries > right->total_entries;
}

void matches_entry(struct matches *matches, struct text json)
{
    struct match *match = &matches->under;
    cJSON *object = cJSON_ParseWithLength(json.data, json.length);
    struct match_entry entry = {
        .position = number(object, "position"), .total_entries = number(object, "total_entries")};
    cJSON_Delete(object);
    match->entry_count++;
    uint32_t place = match->kept;
    while (place > 0 && better_entry(&entry, &match->entries[place - 1]))
        place--;
    if (place == matches->limit)
        return;
    if (match->kept == matches->limit)
        free(match->entries[--match->kept].json);
    memmove(&match->entries[place + 1], &match->entries[place], (match->kept - place) * sizeof entry);
    entry.json = copy(json);
    match->entries[place] = entry;
    match->kept++;
}

static bool better_match(const struct match *left, const struct match *right)
{
    if (left->quality != right->quality)
        return left->quality < right->quality;
    return left->entry_count > right->entry_count;
}

void matches_end(struct matches *matches)
{
    struct match match = matches->under;
    matches->under = (struct match){0};
    matches->found++;
    uint32_t place = matches->kept;
    while (place > 0 && better_match(&match, &matches->drivers[place - 1]))
        place--;
    if (place == matches->driver_limit) {
        free_match(&match);
        return;
    }
    if (matches->kept == matches->driver_limit)
        free_match(&matches->drivers[--matches->kept]);
    memmove(&matches->drivers[place + 1], &matches->drivers[place], (matches->kept - place) * sizeof match);
    matches->drivers[place] = match;
    matches->kept++;
}
