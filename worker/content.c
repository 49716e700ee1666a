#include "worker/content.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/board.h"
#include "common/memory.h"
#include "worker/detail.h"
#include "worker/normalise.h"
#include "worker/seen.h"

/* Shared strings of a board: usually a few kB. */
#define SHARED_LIMIT ((size_t)64 * 1024 * 1024)
#define SHARED_KEEP  ((size_t)256 * 1024)
#define ROWS_KEEP    ((size_t)512 * 1024)
#define INDEX_KEEP   4096u
/* Only a service that mixes up places makes us hold a whole board, so this may be larger than usual. */
#define REORDER_LIMIT ((size_t)48 * 1024 * 1024)

/* Where a row is: lengths add up to offsets. */
struct row_index {
    uint32_t position;
    uint32_t json_length, packed_length;
};

struct content {
    const struct message_job *job; /* borrowed */
    struct arena shared;
    struct board_writer rows;
    struct detail *detail;
    struct seen seen;
    struct row_index *index; /* owned; one for each row */
    uint32_t count, capacity;
    uint32_t running; /* entries of the service's so far, those dropped included */
    uint32_t duplicates;
    bool disordered;
};

struct content *content_open(void)
{
    struct content *content = memory_zalloc(1, sizeof *content);
    content->shared = arena_make(SHARED_LIMIT);
    content->detail = detail_open();
    seen_open(&content->seen);
    board_writer_open(&content->rows, &content->shared, PROTOCOL_PAYLOAD_MAX);
    return content;
}

void content_close(struct content **pointer)
{
    struct content *content = *pointer;
    if (!content)
        return;
    board_writer_free(&content->rows);
    arena_free(&content->shared);
    detail_close(&content->detail);
    seen_free(&content->seen);
    free(content->index);
    free(content);
    *pointer = NULL;
}

void content_begin(struct content *content, const struct message_job *job)
{
    struct buffer kept = content->rows.rows;
    buffer_trim(&kept, ROWS_KEEP);
    arena_reset(&content->shared, SHARED_KEEP);
    board_writer_open(&content->rows, &content->shared, PROTOCOL_PAYLOAD_MAX);
    content->rows.rows = kept;
    seen_clear(&content->seen);
    detail_begin(content->detail, job);
    if (content->capacity > INDEX_KEEP) {
        free(content->index);
        content->index = NULL;
        content->capacity = 0;
    }
    content->job = job;
    content->count = content->running = content->duplicates = 0;
    content->disordered = false;
}

/* ---- rows ---- */

static void remember(struct content *content, struct row_index row)
{
    if (content->count == content->capacity) {
        content->capacity = content->capacity ? content->capacity * 2 : 256;
        content->index = memory_resize(content->index, content->capacity, sizeof *content->index);
    }
    if (content->count && content->index[content->count - 1].position > row.position)
        content->disordered = true;
    content->index[content->count++] = row;
}

static void add_row(struct content *content, const cJSON *entry, const struct normal_entry *normal)
{
    struct board_row row = {
        .position = normal->position,
        .time_diff_us = normal->time_diff_us,
        .name = normal->name,
        .path_id = normal->path_id,
        .avatar = normal->avatar,
        .laptime = normal->laptime,
        .date_time = normal->date_time,
    };
    for (int column = 0; column < BOARD_COLUMNS; column++)
        row.shared[column] = board_writer_share(&content->rows, normal->shared[column]);
    size_t packed_before = content->rows.rows.length;
    board_writer_add(&content->rows, &row);
    remember(content, (struct row_index){.position = normal->position,
                          .json_length = (uint32_t)detail_add(content->detail, entry),
                          .packed_length = (uint32_t)(content->rows.rows.length - packed_before)});
}

struct page_entry {
    const cJSON *entry;
    uint32_t place; /* on the page */
    struct normal_entry normal;
};

static int compare_entries(const void *left, const void *right)
{
    const struct page_entry *a = left, *b = right;
    if (a->normal.position != b->normal.position)
        return a->normal.position < b->normal.position ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

/* Sorts unless, as nearly always, they are in order. */
static void sort_entries(struct page_entry *entries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (entries[i - 1].normal.position > entries[i].normal.position) {
            qsort(entries, count, sizeof *entries, compare_entries);
            return;
        }
    }
}

static bool was_seen(struct content *content, const struct normal_entry *normal)
{
    const struct text parts[] = {normal->path, normal->shared[BOARD_CAR], normal->laptime};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i].length)
            return false; /* nothing to tell it from another */
    return seen_before(&content->seen, parts, sizeof parts / sizeof *parts);
}

bool content_add_page(struct content *content, const struct listing *listing, struct arena *arena)
{
    struct page_entry *entries = arena_alloc(arena, (listing->count + (size_t)1) * sizeof *entries);
    if (!entries)
        return false;
    uint32_t kept = 0;
    seen_end_page(&content->seen); /* the one before: most boards have no second one */
    for (uint32_t i = 0; i < listing->count; i++) {
        struct page_entry *to = &entries[kept];
        *to = (struct page_entry){.entry = listing->entries[i], .place = i};
        if (!normalise_entry(to->entry, content->running + i + 1, arena, &to->normal))
            return false;
        if (was_seen(content, &to->normal))
            content->duplicates++;
        else
            kept++;
    }
    content->running += listing->count + listing->rejected;
    sort_entries(entries, kept);
    for (uint32_t i = 0; i < kept; i++)
        add_row(content, entries[i].entry, &entries[i].normal);
    return !content->rows.failed && !content->rows.rows.overflowed;
}

uint32_t content_duplicates(const struct content *content)
{
    return content->duplicates;
}

bool content_is_disordered(const struct content *content)
{
    return content->disordered;
}

uint32_t content_entries(const struct content *content)
{
    return content->count;
}

/* ---- order over all pages ---- */

struct placed_row {
    uint32_t position, place;
    size_t json_offset, packed_offset;
    uint32_t json_length, packed_length;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed_row *a = left, *b = right;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static struct placed_row *sorted_rows(const struct content *content)
{
    struct placed_row *placed = memory_zalloc(content->count, sizeof *placed);
    size_t json_offset = 0, packed_offset = 0;
    for (uint32_t i = 0; i < content->count; i++) {
        const struct row_index *row = &content->index[i];
        placed[i] = (struct placed_row){
            row->position, i, json_offset, packed_offset, row->json_length, row->packed_length};
        json_offset += row->json_length + (size_t)1; /* the comma */
        packed_offset += row->packed_length;
    }
    qsort(placed, content->count, sizeof *placed, compare_placed);
    return placed;
}

static bool reorder(struct content *content)
{
    struct buffer json = buffer_make(REORDER_LIMIT);
    struct buffer packed = buffer_make(PROTOCOL_PAYLOAD_MAX);
    bool ok = detail_read_rows(content->detail, &json);
    if (ok) {
        struct placed_row *placed = sorted_rows(content);
        detail_begin(content->detail, content->job);
        for (uint32_t i = 0; i < content->count; i++) {
            const struct placed_row *row = &placed[i];
            buffer_append(&packed, content->rows.rows.data + row->packed_offset, row->packed_length);
            detail_add_raw(
                content->detail, (struct text){(const char *)json.data + row->json_offset, row->json_length});
        }
        free(placed);
        buffer_free(&content->rows.rows);
        content->rows.rows = packed;
    }
    buffer_free(&json);
    return ok;
}

bool content_finish(struct content *content, uint8_t hash[static RECORD_HASH_SIZE])
{
    if (content->disordered && !reorder(content))
        return false;
    detail_finish(content->detail, content->count, hash);
    return true;
}

bool content_encode(struct content *content, struct buffer *rows, struct buffer *detail)
{
    return board_writer_finish(&content->rows, rows) && detail_compress(content->detail, detail);
}
