#include "worker/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json_type.h"
#include "worker/json_mend.h"

static enum failure fail(enum failure failure, char *problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum failure fail(enum failure failure, char *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A cut message is still a message. */
    if (vsnprintf(problem, PROTOCOL_TEXT_SIZE, format, arguments) < 0)
        problem[0] = 0;
    va_end(arguments);
    return failure;
}

/* The service says what went wrong in a field `error`, as text or as an object with a `message`. */
static const char *error_text(const cJSON *root)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
    const char *text = cJSON_GetStringValue(error);
    if (!text)
        text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    return text ? text : error ? "without a text" : NULL;
}

static const cJSON *find_results(const cJSON *root, char *problem)
{
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(root, "context");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(context, "c");
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(content, "results");
    if (cJSON_IsArray(results))
        return results;
    const char *error = error_text(root);
    if (!error)
        error = error_text(content);
    if (!cJSON_IsObject(root))
        fail(FAILURE_NOT_A_LISTING, problem, "the answer is %s, not an object", json_type_name(root));
    else if (error)
        fail(FAILURE_NOT_A_LISTING, problem, "the service reports an error: %.200s", error);
    else
        fail(FAILURE_NOT_A_LISTING, problem, "context.c.results is %s, not a list", json_type_name(results));
    return NULL;
}

static enum failure collect(struct listing *listing, struct arena *arena, const cJSON *results, char *problem)
{
    const cJSON *element;
    size_t total = 0;
    cJSON_ArrayForEach(element, results)
    {
        total++;
    }
    listing->entries = arena_alloc(arena, (total ? total : 1) * sizeof(const cJSON *));
    if (!listing->entries || total > UINT32_MAX)
        return fail(FAILURE_MEMORY, problem, "a page with %zu entries needs too much memory", total);
    cJSON_ArrayForEach(element, results)
    {
        if (cJSON_IsObject(element))
            listing->entries[listing->count++] = element;
        else
            listing->rejected++;
    }
    if (total && !listing->count)
        return fail(FAILURE_NOT_A_LISTING, problem,
            "none of the %zu elements of context.c.results is an object", total);
    return FAILURE_NONE;
}

enum failure listing_parse(struct listing *listing, struct arena *arena, struct buffer *body,
    char problem[static PROTOCOL_TEXT_SIZE])
{
    *listing = (struct listing){0};
    size_t stopped_at;
    char *bytes = (char *)body->data;
    if (!body->length)
        return fail(FAILURE_NOT_JSON, problem, "the answer is empty");
    json_mend(bytes, body->length);
    const cJSON *root = json_arena_parse(arena, bytes, body->length, &stopped_at);
    if (!root && json_arena_was_full())
        return fail(FAILURE_MEMORY, problem, "the page's %zu bytes of JSON need more than %zu MB of memory",
            body->length, arena->limit >> 20);
    if (!root)
        return json_explain(bytes, body->length, stopped_at, problem);
    const cJSON *results = find_results(root, problem);
    return results ? collect(listing, arena, results, problem) : FAILURE_NOT_A_LISTING;
}

/* The next letter or digit in lower case; bytes above ASCII count as letters. */
static int next_letter(const char **at)
{
    for (; **at; (*at)++) {
        unsigned char c = (unsigned char)**at;
        if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')) {
            (*at)++;
            return c >= 'A' && c <= 'Z' ? c + 32 : c;
        }
    }
    return 0;
}

static bool same_letters(const char *left, const char *right)
{
    for (;;) {
        int a = next_letter(&left), b = next_letter(&right);
        if (a != b)
            return false;
        if (!a)
            return true;
    }
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool has_text(const cJSON *value)
{
    const char *text = cJSON_GetStringValue(value);
    return text && *text;
}

/* The first track name found, if there is one and all are of another track; else NULL. */
static const char *other_track(const struct listing *listing, const char *track_name)
{
    const char *first = NULL;
    for (uint32_t i = 0; i < listing->count; i++) {
        const char *name = cJSON_GetStringValue(member(member(listing->entries[i], "track"), "name"));
        if (!name || !*name)
            continue;
        if (same_letters(name, track_name))
            return NULL;
        first = first ? first : name;
    }
    return first;
}

/* The id of an entry's class, which only some answers have; -1 if this one has not. */
static double class_id_of(const cJSON *entry)
{
    const cJSON *class = member(member(entry, "car_class"), "class");
    const cJSON *id = member(class, "id");
    id = id ? id : member(class, "Id");
    return cJSON_IsNumber(id) && id->valuedouble > 0 ? id->valuedouble : -1;
}

/* The first class id found, if there is one and all are of another class; else -1. */
static double other_class(const struct listing *listing, uint64_t class_id)
{
    double first = -1;
    for (uint32_t i = 0; i < listing->count; i++) {
        double id = class_id_of(listing->entries[i]);
        if (id == (double)class_id)
            return -1;
        first = first > 0 ? first : id;
    }
    return first;
}

bool listing_is_of_another(const struct listing *listing, const char *track_name, uint64_t class_id,
    char problem[static PROTOCOL_TEXT_SIZE])
{
    const char *track = other_track(listing, track_name);
    double class = other_class(listing, class_id);
    if (track)
        fail(FAILURE_WRONG_BOARD, problem,
            "the rows are of track \"%.100s\", not of \"%.100s\"; if it was renamed, import the catalogue "
            "anew",
            track, track_name);
    else if (class > 0)
        fail(FAILURE_WRONG_BOARD, problem, "the rows are of class %.15g, not of %llu", class,
            (unsigned long long)class_id);
    return track || class > 0;
}

bool listing_is_unusable(const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->count; i++) {
        const cJSON *entry = listing->entries[i];
        const cJSON *driver = member(entry, "driver");
        if (has_text(member(driver, "name")) || has_text(member(driver, "path")) ||
            has_text(member(entry, "laptime")))
            return false;
    }
    return listing->count > 0;
}
