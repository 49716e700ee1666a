#include "worker/normalise.h"

#include <stdlib.h>
#include <string.h>

#include "common/unicode.h"
#include "worker/laptime.h"

struct source {
    struct arena *arena;
    bool full;
};

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static struct text repaired(struct source *source, struct text text)
{
    struct buffer mended = buffer_make((size_t)text.length * 3);
    unicode_append_repaired(&mended, text);
    char *copy = arena_copy(source->arena, (const char *)mended.data, mended.length);
    struct text result = {copy, (uint32_t)mended.length};
    buffer_free(&mended);
    if (copy)
        return unicode_truncate(result, BOARD_TEXT_MAX);
    source->full = true;
    return (struct text){"", 0};
}

/* A string; anything else is as good as missing. */
static struct text text_of(struct source *source, const cJSON *value)
{
    const char *string = cJSON_GetStringValue(value);
    if (!string)
        return (struct text){"", 0};
    size_t length = strlen(string);
    /* Mending is paid for what is kept: a byte more for each of a sequence that is cut apart. */
    struct text text = {string, length > BOARD_TEXT_MAX ? BOARD_TEXT_MAX + 3 : (uint32_t)length};
    if (length > BOARD_TEXT_MAX)
        text = unicode_truncate(text, BOARD_TEXT_MAX);
    return unicode_is_valid(text) ? text : repaired(source, text);
}

/* A string, or an object that has it as `name`. */
static struct text text_or_name(struct source *source, const cJSON *value)
{
    return text_of(source, cJSON_IsObject(value) ? get(value, "name") : value);
}

/* A whole number from 0 to BOARD_POSITION_MAX, also as a string; -1 for anything else. */
static int64_t whole_number(const cJSON *value)
{
    double number = -1;
    const char *string = cJSON_GetStringValue(value);
    if (cJSON_IsNumber(value))
        number = value->valuedouble;
    else if (string && *string && strspn(string, "0123456789") == strlen(string))
        number = strtod(string, NULL);
    if (!(number >= 0 && number <= BOARD_POSITION_MAX) || number != (double)(int64_t)number)
        return -1;
    return (int64_t)number;
}

static uint32_t position_of(const cJSON *entry, uint32_t running)
{
    int64_t global_index = whole_number(get(entry, "global_index"));
    if (global_index > 0)
        return (uint32_t)global_index;
    int64_t index = whole_number(get(entry, "index"));
    return index >= 0 && index < BOARD_POSITION_MAX ? (uint32_t)index + 1 : running;
}

/* The last segment of a path or address that consists of digits only. What stands behind a question mark or
 * a number sign is no part of the path (RFC 3986, 3.3). */
static struct text last_number(struct text path)
{
    uint32_t end = 0;
    while (end < path.length && path.data[end] != '?' && path.data[end] != '#')
        end++;
    while (end > 0) {
        uint32_t start = end;
        bool digits = true;
        for (; start > 0 && path.data[start - 1] != '/'; start--)
            digits = digits && path.data[start - 1] >= '0' && path.data[start - 1] <= '9';
        if (digits && start < end)
            return (struct text){path.data + start, end - start};
        end = start > 0 ? start - 1 : 0;
    }
    return (struct text){"", 0};
}

bool normalise_entry(const cJSON *entry, uint32_t running, struct arena *arena, struct normal_entry *out)
{
    struct source source = {.arena = arena};
    const cJSON *driver = get(entry, "driver");
    const cJSON *car = get(get(entry, "car_class"), "car");
    const char *gap = cJSON_GetStringValue(get(entry, "relative_laptime"));
    *out = (struct normal_entry){
        .position = position_of(entry, running),
        .time_diff_us = gap ? laptime_gap_us(gap) : 0,
        .name = text_of(&source, get(driver, "name")),
        .path = text_of(&source, get(driver, "path")),
        .avatar = text_of(&source, get(driver, "avatar")),
        .laptime = text_of(&source, get(entry, "laptime")),
        .date_time = text_of(&source, get(entry, "date_time")),
        .shared =
            {
                [BOARD_COUNTRY] = text_of(&source, get(get(entry, "country"), "name")),
                [BOARD_CAR] = text_of(&source, get(car, "name")),
                [BOARD_CAR_CLASS] = text_of(&source, get(car, "class-name")),
                [BOARD_TEAM] = text_or_name(&source, get(entry, "team")),
                [BOARD_RANK] = text_or_name(&source, get(entry, "rank")),
                [BOARD_DIFFICULTY] = text_of(&source, get(entry, "driving_model")),
            },
    };
    out->path_id = last_number(out->path);
    return !source.full;
}
