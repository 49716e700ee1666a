#include "worker/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static const char *type_name(const cJSON *value)
{
    if (!value)
        return "missing";
    switch (value->type & 0xff) {
    case cJSON_NULL:
        return "null";
    case cJSON_Object:
        return "an object";
    case cJSON_Array:
        return "an array";
    case cJSON_String:
        return "a string";
    case cJSON_Number:
        return "a number";
    default:
        return "a truth value";
    }
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
        fail(FAILURE_NOT_A_LISTING, problem, "the answer is %s, not an object", type_name(root));
    else if (error)
        fail(FAILURE_NOT_A_LISTING, problem, "the service reports an error: %.200s", error);
    else
        fail(FAILURE_NOT_A_LISTING, problem, "context.c.results is %s, not an array", type_name(results));
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

bool listing_is_of_track(const struct listing *listing, const char *track_name)
{
    bool named = false;
    for (uint32_t i = 0; i < listing->count; i++) {
        const cJSON *track = cJSON_GetObjectItemCaseSensitive(listing->entries[i], "track");
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(track, "name"));
        if (name && same_letters(name, track_name))
            return true;
        named = named || (name && *name);
    }
    return !named;
}
