#include "exporter/combinations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/gzip.h"
#include "common/json_writer.h"
#include "common/memory.h"
#include "exporter/gzip_pipeline.h"

#define TOP_COUNT   1000u
#define TOP_BYTES   ((size_t)4 * 1024 * 1024)
#define ROWS_A_PART 4096u /* some 500 KB of JSON */
#define DIGITS_SIZE 12

struct combinations {
    const struct snapshot *snapshot;
    uint32_t *boards; /* places in the snapshot, in the published order */
    uint32_t count;
};

static int compare_boards(const void *left, const void *right, void *context)
{
    const struct snapshot_board *boards = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (boards[a].entry_count != boards[b].entry_count)
        return boards[a].entry_count > boards[b].entry_count ? -1 : 1;
    return (a > b) - (a < b); /* the snapshot's order is that of the ids */
}

static struct combinations collect(const struct snapshot *snapshot, struct combinations_figures *figures)
{
    struct combinations list = {.snapshot = snapshot};
    uint32_t last_track = 0;
    *figures = (struct combinations_figures){0};
    list.boards = memory_zalloc(snapshot->board_count, sizeof *list.boards);
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        if (board->broken)
            continue;
        figures->tracks += !figures->fetched || board->track_id != last_track;
        last_track = board->track_id;
        figures->fetched++;
        figures->entries += board->entry_count;
        if (board->entry_count)
            list.boards[list.count++] = i;
    }
    figures->with_entries = list.count;
    if (list.count)
        qsort_r(list.boards, list.count, sizeof *list.boards, compare_boards, snapshot->boards);
    return list;
}

static void name_or_id(struct json_writer *json, const struct catalogue_item *item, const char *digits)
{
    json_string(json, item ? item->name : digits);
}

static void write_row(struct json_writer *json, const struct snapshot *snapshot, uint32_t place)
{
    const struct snapshot_board *board = &snapshot->boards[place];
    char track_id[DIGITS_SIZE], class_id[DIGITS_SIZE];
    snprintf(track_id, sizeof track_id, "%" PRIu32, board->track_id);
    snprintf(class_id, sizeof class_id, "%" PRIu32, board->class_id);
    json_object_begin(json);
    json_key(json, "track");
    name_or_id(json, catalogue_find_track(&snapshot->catalogue, board->track_id), track_id);
    json_key(json, "track_id");
    json_string(json, track_id);
    json_key(json, "class_id");
    json_string(json, class_id);
    json_key(json, "class_name");
    name_or_id(json, catalogue_find_class(&snapshot->catalogue, board->class_id), class_id);
    json_key(json, "entry_count");
    json_uint(json, board->entry_count);
    json_object_end(json);
}

static void write_head(struct json_writer *json, uint32_t count)
{
    json_object_begin(json);
    json_key(json, "count");
    json_uint(json, count);
    json_key(json, "results");
    json_array_begin(json);
}

static void write_tail(struct json_writer *json)
{
    json_array_end(json);
    json_object_end(json);
}

static bool write_top(struct publication *publication, const struct combinations *list, struct guard *guard)
{
    struct buffer text = buffer_make(TOP_BYTES), packed = buffer_make(TOP_BYTES);
    struct gzip_compressor *compressor = gzip_compressor_open(GZIP_LEVEL);
    struct json_writer json = json_writer_make(&text);
    uint32_t count = list->count < TOP_COUNT ? list->count : TOP_COUNT;
    write_head(&json, count);
    for (uint32_t i = 0; i < count; i++)
        write_row(&json, list->snapshot, list->boards[i]);
    write_tail(&json);
    bool done = !text.overflowed && gzip_append_member(compressor, text.data, text.length, &packed);
    if (!done)
        guard_fail(guard, "top_combinations.json is larger than %zu bytes", TOP_BYTES);
    done = done &&
           publication_put(publication, "top_combinations.json",
               (struct text){(const char *)text.data, (uint32_t)text.length}) &&
           publication_put(publication, "top_combinations.json.gz",
               (struct text){(const char *)packed.data, (uint32_t)packed.length});
    gzip_compressor_close(&compressor);
    buffer_free(&text);
    buffer_free(&packed);
    return done;
}

static bool write_part(void *context, void *state, uint32_t part, struct gzip_sink *sink)
{
    const struct combinations *list = context;
    (void)state;
    struct json_writer json = json_writer_make(&sink->text);
    uint32_t at = part * ROWS_A_PART;
    uint32_t end = list->count - at < ROWS_A_PART ? list->count : at + ROWS_A_PART;
    json.comma = part > 0;
    if (part == 0)
        write_head(&json, list->count);
    for (; at < end; at++)
        write_row(&json, list->snapshot, list->boards[at]);
    if (end == list->count)
        write_tail(&json);
    return true;
}

static bool write_all(struct publication *publication, struct combinations *list, struct guard *guard)
{
    const struct gzip_source source = {
        .context = list,
        .part_count = list->count ? (list->count + ROWS_A_PART - 1) / ROWS_A_PART : 1,
        .write = write_part,
    };
    return gzip_pipeline_run(publication, "all_combinations.json.gz", &source, 1, guard);
}

bool combinations_write(struct publication *publication, const struct snapshot *snapshot, struct guard *guard,
    struct combinations_figures *figures)
{
    struct combinations list = collect(snapshot, figures);
    bool done =
        write_top(publication, &list, guard) && write_all(publication, &list, guard) &&
        publication_folder(publication, "combinations") &&
        publication_link(publication, "combinations/top_combinations.json.gz", "top_combinations.json.gz") &&
        publication_link(publication, "combinations/all_combinations.json.gz", "all_combinations.json.gz");
    free(list.boards);
    return done;
}
