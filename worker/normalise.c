#include "worker/normalise.h"

#include <stdlib.h>
#include <string.h>

#include "common/unicode.h"
#include "worker/laptime.h"

struct source {
    struct arena *arena;
    bool full;
};

/* An object that is asked for its members in about the order in which they come, and so is searched from
 * behind the last one found: from its beginning each time, that was a thirtieth of a worker's time. */
struct members {
    const cJSON *first, *next;
};

/* Of anything but an object: none. */
static struct members members_of(const cJSON *object)
{
    const cJSON *first = cJSON_IsObject(object) ? object->child : NULL;
    return (struct members){first, first};
}

static const cJSON *search(struct members *members, const cJSON *from, const cJSON *to, const char *name)
{
    for (const cJSON *member = from; member && member != to; member = member->next) {
        if (strcmp(member->string, name) == 0) {
            members->next = member->next;
            return member;
        }
    }
    return NULL;
}

static const cJSON *get(struct members *members, const char *name)
{
    const cJSON *start = members->next;
    const cJSON *found = search(members, start, NULL, name);
    return found ? found : search(members, members->first, start, name);
}

static const cJSON *get_only(const cJSON *object, const char *name)
{
    struct members members = members_of(object);
    return get(&members, name);
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
    return text_of(source, cJSON_IsObject(value) ? get_only(value, "name") : value);
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

static uint32_t position_of(struct members *entry, uint32_t running)
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
    struct members of_entry = members_of(entry);
    out->position = position_of(&of_entry, running);
    struct members driver = members_of(get(&of_entry, "driver"));
    out->name = text_of(&source, get(&driver, "name"));
    out->path = text_of(&source, get(&driver, "path"));
    out->avatar = text_of(&source, get(&driver, "avatar"));
    out->path_id = last_number(out->path);
    out->shared[BOARD_COUNTRY] = text_of(&source, get_only(get(&of_entry, "country"), "name"));
    struct members car = members_of(get_only(get(&of_entry, "car_class"), "car"));
    out->shared[BOARD_CAR] = text_of(&source, get(&car, "name"));
    out->shared[BOARD_CAR_CLASS] = text_of(&source, get(&car, "class-name"));
    out->laptime = text_of(&source, get(&of_entry, "laptime"));
    const char *gap = cJSON_GetStringValue(get(&of_entry, "relative_laptime"));
    out->time_diff_us = gap ? laptime_gap_us(gap) : 0;
    out->shared[BOARD_TEAM] = text_or_name(&source, get(&of_entry, "team"));
    out->shared[BOARD_RANK] = text_or_name(&source, get(&of_entry, "rank"));
    out->shared[BOARD_DIFFICULTY] = text_of(&source, get(&of_entry, "driving_model"));
    out->date_time = text_of(&source, get(&of_entry, "date_time"));
    return !source.full;
}
