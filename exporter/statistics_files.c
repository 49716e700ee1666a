#include "exporter/statistics_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/item_file.h"
#include "exporter/statistics_result.h"

#define HEAD_BYTES_MAX 8192u /* a name of CATALOGUE_NAME_MAX bytes, escaped, and a good deal more */
#define AHEAD          4u    /* items */

void statistics_files_path(enum statistics_scope_type type, const char *id, enum statistics_sort sort,
    char path[static STATISTICS_PATH_SIZE])
{
    int length = snprintf(path, STATISTICS_PATH_SIZE, "%s/%s_%s" STATISTICS_SUFFIX,
        statistics_scope_folder(type), id, statistics_sort_name(sort));
    if (length < 0 || length >= (int)STATISTICS_PATH_SIZE)
        log_bug("statistics: a path is longer than %d bytes", (int)STATISTICS_PATH_SIZE);
}

/* ---- items ---- */

/* What item_file asks of every item of every file, found once for all files of a scope. */
struct item {
    uint64_t digest;
    uint32_t size;
};

/* Item by item what stands in one file. */
struct results {
    const struct statistics_source *source;
    const struct statistics_score *scores;
    const struct item *items; /* by place, as `scores` */
    uint32_t *places;
    uint32_t count;
};

static struct item *make_items(const struct statistics_source *source, const struct statistics_list *list)
{
    struct item *items = memory_zalloc(list->count, sizeof *items);
    for (uint32_t place = 0; place < list->count; place++) {
        const struct statistics_score *score = &list->scores[place];
        items[place].size = statistics_result_size(source->person_bytes(source->context, score->person));
        items[place].digest =
            statistics_result_digest(source->person_digest(source->context, score->person), score);
    }
    return items;
}

static uint64_t digest(void *context, uint64_t item)
{
    const struct results *results = context;
    return results->items[results->places[item]].digest;
}

static uint32_t size(void *context, uint64_t item)
{
    const struct results *results = context;
    return results->items[results->places[item]].size;
}

/* Persons in the order of a list lie anywhere in memory. At its end the last one stands for those behind it.
 */
static void expect(const struct results *results, uint64_t item)
{
    uint64_t last = results->count - 1;
    uint64_t soon = item + AHEAD < last ? item + AHEAD : last;
    uint64_t later = soon + AHEAD < last ? soon + AHEAD : last;
    results->source->expect(results->source->context, results->scores[results->places[soon]].person,
        results->scores[results->places[later]].person);
}

static bool append(void *context, void *state, uint64_t item, struct buffer *out)
{
    const struct results *results = context;
    const struct statistics_score *score = &results->scores[results->places[item]];
    struct statistics_person person;
    (void)state;
    expect(results, item);
    results->source->person(results->source->context, score->person, &person);
    statistics_result_append(&person, score, out);
    return true;
}

/* ---- which files ---- */

struct statistics_file {
    uint32_t scope; /* its place */
    enum statistics_sort sort;
    enum statistics_choice choice;
    /* While it is made: */
    struct results results;
    struct buffer head;
};

static void add_file(
    struct statistics_files *files, uint32_t scope, enum statistics_sort sort, enum statistics_choice choice)
{
    if (files->count == files->capacity) {
        files->capacity = files->capacity ? files->capacity * 2 : 64;
        files->files = memory_resize(files->files, files->capacity, sizeof *files->files);
    }
    files->files[files->count++] = (struct statistics_file){
        .scope = scope, .sort = sort, .choice = choice, .head = buffer_make(HEAD_BYTES_MAX)};
}

static void path_of(const struct statistics_scopes *scopes, const struct statistics_file *file,
    char path[static STATISTICS_PATH_SIZE])
{
    const struct statistics_scope *scope = &scopes->scopes[file->scope];
    const char *id = file->choice == STATISTICS_TOP ? STATISTICS_OVERALL_TOP : scope->id;
    statistics_files_path(scope->type, id, file->sort, path);
}

/* Of a scope that is not touched, only what cannot be kept. */
static void plan_category(struct statistics_files *files, struct publication *publication,
    struct statistics_scopes *scopes, uint32_t place)
{
    struct statistics_scope *scope = &scopes->scopes[place];
    bool may_stay = !scope->touched;
    char path[STATISTICS_PATH_SIZE];
    for (unsigned at = 0; at < STATISTICS_SORT_COUNT; at++) {
        enum statistics_sort sort = (enum statistics_sort)at;
        statistics_files_path(scope->type, scope->id, sort, path);
        if (may_stay && publication_keep(publication, path))
            continue;
        scope->touched = true;
        add_file(files, place, sort, STATISTICS_CATEGORY);
    }
}

struct statistics_files statistics_files_plan(
    struct publication *publication, struct statistics_scopes *scopes)
{
    struct statistics_files files = {0};
    for (unsigned sort = 0; sort < STATISTICS_SORT_COUNT; sort++) {
        add_file(&files, 0, (enum statistics_sort)sort, STATISTICS_ALL);
        add_file(&files, 0, (enum statistics_sort)sort, STATISTICS_TOP);
    }
    for (uint32_t place = 1; place < scopes->count; place++) {
        if (scopes->scopes[place].has_entries)
            plan_category(&files, publication, scopes, place);
    }
    return files;
}

void statistics_files_free(struct statistics_files *files)
{
    for (uint32_t i = 0; i < files->count; i++) {
        free(files->files[i].results.places);
        buffer_free(&files->files[i].head);
    }
    free(files->files);
    *files = (struct statistics_files){0};
}

/* ---- making them ---- */

struct items {
    struct item *items; /* NULL: not needed yet, or no more */
    uint32_t left;      /* files that are not finished */
};

struct making {
    struct statistics_files *files;
    const struct statistics_material *material;
    struct statistics_order order;
    struct items *items; /* by scope */
};

static void write_head(
    const struct statistics_scope *scope, enum statistics_sort sort, uint32_t count, struct buffer *out)
{
    struct json_writer json = json_writer_make(out);
    char time[CLOCK_RFC3339_SIZE];
    json_object_begin(&json);
    json_key(&json, "scope_type");
    json_string(&json, statistics_scope_type_name(scope->type));
    json_key(&json, "scope_id");
    json_string(&json, scope->id);
    json_key(&json, "scope_name");
    json_string(&json, scope->name);
    json_key(&json, "sort_by");
    json_string(&json, statistics_sort_name(sort));
    json_key(&json, "count");
    json_uint(&json, count);
    json_key(&json, "updated_at");
    clock_rfc3339(scope->changed_at_ms, time);
    if (scope->has_entries)
        json_string(&json, time);
    else
        json_null(&json);
    json_key(&json, "results");
    json_array_begin(&json);
    if (out->overflowed)
        log_bug("statistics: the head of a file is longer than %u bytes", HEAD_BYTES_MAX);
}

/* The files of a scope follow each other, and overall_top follows overall. */
static void order_file(struct making *making, const struct statistics_file *file)
{
    const struct statistics_list *list = &making->material->scores->lists[file->scope];
    if (!making->items[file->scope].items) {
        making->items[file->scope].items = make_items(making->material->source, list);
        statistics_order_begin(&making->order, list, making->material->ranks);
    }
    if (file->choice == STATISTICS_TOP)
        statistics_order_narrow(&making->order, list, file->sort, file->choice);
    else
        statistics_order_make(&making->order, list, file->sort, file->choice);
}

static bool describe(void *context, uint32_t number, char path[static PATH_MAX], struct item_list *list)
{
    struct making *making = context;
    struct statistics_file *file = &making->files->files[number];
    order_file(making, file);
    uint32_t count = making->order.count;
    write_head(&making->material->scopes->scopes[file->scope], file->sort, count, &file->head);
    file->results =
        (struct results){making->material->source, making->material->scores->lists[file->scope].scores,
            making->items[file->scope].items, memory_zalloc(count, sizeof *file->results.places), count};
    if (count)
        memcpy(file->results.places, making->order.places, count * sizeof *file->results.places);
    path_of(making->material->scopes, file, path);
    *list = (struct item_list){
        .context = &file->results,
        .count = count,
        .head = {(const char *)file->head.data, (uint32_t)file->head.length},
        .tail = {"]}", 2},
        .digest = digest,
        .size = size,
        .append = append,
    };
    return true;
}

/* Of ten times the drivers the lists of all files would take more than anything else. */
static void finished(void *context, uint32_t number)
{
    struct making *making = context;
    struct statistics_file *file = &making->files->files[number];
    struct items *items = &making->items[file->scope];
    free(file->results.places);
    file->results.places = NULL;
    if (--items->left > 0)
        return;
    free(items->items);
    items->items = NULL;
}

bool statistics_files_write(struct statistics_files *files, struct publication *publication,
    const struct statistics_material *material, unsigned threads, struct guard *guard)
{
    struct making making = {.files = files, .material = material};
    making.items = memory_zalloc(material->scopes->count, sizeof *making.items);
    for (uint32_t number = 0; number < files->count; number++)
        making.items[files->files[number].scope].left++;
    const struct item_files list = {
        .context = &making, .count = files->count, .describe = describe, .finished = finished};
    bool written = item_files_write(publication, &list, threads, guard);
    for (uint32_t place = 0; place < material->scopes->count; place++)
        free(making.items[place].items);
    free(making.items);
    statistics_order_free(&making.order);
    return written;
}
