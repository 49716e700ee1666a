#include "exporter/statistics_index.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "exporter/statistics_files.h"

/* Some 500 bytes for each class; a catalogue cannot have so many. */
#define INDEX_BYTES_MAX ((size_t)16 * 1024 * 1024)

static void write_files(struct json_writer *json, enum statistics_scope_type type, const char *id)
{
    char path[STATISTICS_PATH_SIZE];
    char text[STATISTICS_PATH_SIZE + 8];
    json_object_begin(json);
    for (unsigned sort = 0; sort < STATISTICS_SORT_COUNT; sort++) {
        (void)snprintf(text, sizeof text, "%s_file", statistics_sort_name((enum statistics_sort)sort));
        json_key(json, text);
        statistics_files_path(type, id, (enum statistics_sort)sort, path);
        (void)snprintf(text, sizeof text, "cache/%s", path);
        json_string(json, text);
    }
    json_object_end(json);
}

static void write_scope(struct json_writer *json, const struct statistics_scope *scope, uint32_t persons)
{
    json_object_begin(json);
    json_key(json, "id");
    json_string(json, scope->id);
    json_key(json, "name");
    json_string(json, scope->name);
    json_key(json, "files");
    write_files(json, scope->type, scope->id);
    json_key(json, "count");
    json_uint(json, persons);
    json_object_end(json);
}

static void write_scopes(struct json_writer *json, const struct statistics_scopes *scopes,
    const struct statistics_scores *scores, enum statistics_scope_type type)
{
    json_array_begin(json);
    for (uint32_t place = 0; place < scopes->count; place++) {
        const struct statistics_scope *scope = &scopes->scopes[place];
        if (scope->type == type && scope->has_entries)
            write_scope(json, scope, scores->lists[place].persons);
    }
    json_array_end(json);
}

bool statistics_index_write(struct publication *publication, const struct statistics_scopes *scopes,
    const struct statistics_scores *scores, struct guard *guard)
{
    const struct statistics_scope *overall = &scopes->scopes[0];
    struct buffer text = buffer_make(INDEX_BYTES_MAX);
    struct json_writer json = json_writer_make(&text);
    char time[CLOCK_RFC3339_SIZE];
    json_object_begin(&json);
    json_key(&json, "updated_at");
    clock_rfc3339(overall->changed_at_ms, time);
    if (overall->has_entries)
        json_string(&json, time);
    else
        json_null(&json);
    json_key(&json, "overall");
    write_files(&json, STATISTICS_SCOPE_OVERALL, STATISTICS_OVERALL);
    json_key(&json, "overall_top");
    write_files(&json, STATISTICS_SCOPE_OVERALL, STATISTICS_OVERALL_TOP);
    json_key(&json, "classes");
    write_scopes(&json, scopes, scores, STATISTICS_SCOPE_CLASS);
    json_key(&json, "superclasses");
    write_scopes(&json, scopes, scores, STATISTICS_SCOPE_SUPERCLASS);
    json_object_end(&json);
    bool written = !text.overflowed;
    if (!written)
        guard_fail(guard, "%s is larger than %zu bytes", STATISTICS_INDEX, INDEX_BYTES_MAX);
    written = written && publication_put(publication, STATISTICS_INDEX,
                             (struct text){(const char *)text.data, (uint32_t)text.length});
    buffer_free(&text);
    return written;
}
