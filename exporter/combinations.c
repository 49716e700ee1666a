#include "exporter/combinations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/gzip.h"
#include "common/json_writer.h"
#include "common/memory.h"
#include "exporter/item_file.h"

#define TOP_COUNT   1000u
#define TOP_BYTES   ((size_t)4 * 1024 * 1024)
#define ROW_BYTES   125u /* about */
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

static void write_row(struct json_writer *json, const struct snapshot *snapshot, uint32_t place)
{
    const struct snapshot_board *board = &snapshot->boards[place];
    char track_id[DIGITS_SIZE], class_id[DIGITS_SIZE];
    snprintf(track_id, sizeof track_id, "%" PRIu32, board->track_id);
    snprintf(class_id, sizeof class_id, "%" PRIu32, board->class_id);
    json_object_begin(json);
    json_key(json, "track");
    json_string(json, board->track_name);
    json_key(json, "track_id");
    json_string(json, track_id);
    json_key(json, "class_id");
    json_string(json, class_id);
    json_key(json, "class_name");
    json_string(json, board->class_name);
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
    struct gzip_compressor *compressor = gzip_compressor_open();
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

static uint64_t digest(void *context, uint64_t item)
{
    const struct combinations *list = context;
    const struct snapshot_board *board = &list->snapshot->boards[list->boards[item]];
    const uint64_t parts[] = {board->track_id, board->class_id, board->entry_count,
        XXH3_64bits(board->track_name, strlen(board->track_name)),
        XXH3_64bits(board->class_name, strlen(board->class_name))};
    return XXH3_64bits(parts, sizeof parts);
}

static uint32_t size(void *context, uint64_t item)
{
    (void)context;
    (void)item;
    return ROW_BYTES;
}

static bool append(void *context, void *state, uint64_t item, struct buffer *out)
{
    const struct combinations *list = context;
    struct json_writer json = json_writer_make(out);
    (void)state;
    write_row(&json, list->snapshot, list->boards[item]);
    return true;
}

static bool write_all(struct publication *publication, struct combinations *list, struct guard *guard)
{
    struct buffer head = buffer_make(256);
    struct json_writer json = json_writer_make(&head);
    write_head(&json, list->count);
    const struct item_list items = {
        .context = list,
        .count = list->count,
        .head = {(const char *)head.data, (uint32_t)head.length},
        .tail = {"]}", 2},
        .digest = digest,
        .size = size,
        .append = append,
    };
    bool written = item_file_write(publication, "all_combinations.json.gz", &items, 1, guard);
    buffer_free(&head);
    return written;
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
