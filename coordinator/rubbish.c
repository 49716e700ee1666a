#include "coordinator/rubbish.h"

#include <stddef.h>
#include <string.h>

static void copy(char *out, size_t size, const char *string)
{
    size_t length = strnlen(string, size - 1);
    memcpy(out, string, length);
    out[length] = '\0';
}

static struct rubbish_origin *find(struct rubbish *rubbish, const char *origin)
{
    for (size_t i = 0; i < RUBBISH_ORIGINS; i++)
        if (rubbish->origins[i].origin[0] &&
            strncmp(rubbish->origins[i].origin, origin, RUBBISH_ORIGIN_SIZE - 1) == 0)
            return &rubbish->origins[i];
    return NULL;
}

static bool is_old(const struct rubbish_origin *entry, int64_t now_ms)
{
    return now_ms - entry->last_ms >= RUBBISH_ASIDE_MS;
}

/* A free place, or that of the one to be forgotten. */
static struct rubbish_origin *take_place(struct rubbish *rubbish)
{
    struct rubbish_origin *oldest = &rubbish->origins[0];
    for (size_t i = 0; i < RUBBISH_ORIGINS; i++) {
        struct rubbish_origin *entry = &rubbish->origins[i];
        if (!entry->origin[0])
            return entry;
        if (entry->last_ms < oldest->last_ms)
            oldest = entry;
    }
    return oldest;
}

bool rubbish_strike(struct rubbish *rubbish, const char *origin, const char *reason, int64_t now_ms)
{
    struct rubbish_origin *entry = find(rubbish, origin);
    if (!entry || is_old(entry, now_ms)) {
        entry = entry ? entry : take_place(rubbish);
        *entry = (struct rubbish_origin){0};
        copy(entry->origin, sizeof entry->origin, origin);
    }
    copy(entry->reason, sizeof entry->reason, reason);
    entry->strikes++;
    rubbish->strikes++;
    entry->last_ms = now_ms;
    if (entry->strikes < RUBBISH_STRIKES || entry->aside_until_ms > now_ms)
        return false;
    entry->aside_until_ms = now_ms + RUBBISH_ASIDE_MS;
    rubbish->put_aside++;
    return true;
}

void rubbish_good(struct rubbish *rubbish, const char *origin)
{
    struct rubbish_origin *entry = find(rubbish, origin);
    if (entry && entry->strikes)
        entry->strikes--;
}

const char *rubbish_aside(const struct rubbish *rubbish, const char *origin, int64_t now_ms)
{
    for (size_t i = 0; i < RUBBISH_ORIGINS; i++) {
        const struct rubbish_origin *entry = &rubbish->origins[i];
        if (entry->aside_until_ms > now_ms && strncmp(entry->origin, origin, RUBBISH_ORIGIN_SIZE - 1) == 0)
            return entry->reason;
    }
    return NULL;
}

void rubbish_put(const struct rubbish *rubbish, struct json_writer *json, int64_t now_ms)
{
    json_array_begin(json);
    for (size_t i = 0; i < RUBBISH_ORIGINS; i++) {
        const struct rubbish_origin *entry = &rubbish->origins[i];
        if (entry->aside_until_ms <= now_ms)
            continue;
        json_object_begin(json);
        json_key(json, "origin");
        json_string(json, entry->origin);
        json_key(json, "reason");
        json_string(json, entry->reason);
        json_key(json, "left_ms");
        json_int(json, entry->aside_until_ms - now_ms);
        json_object_end(json);
    }
    json_array_end(json);
}
