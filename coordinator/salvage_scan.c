#include "coordinator/salvage_scan.h"

#include <stdlib.h>
#include <string.h>

#include "common/lmdb_walk.h"
#include "common/memory.h"

#define RECORD_LENGTH_MAX 2048u
#define META_LENGTH_MAX   ((uint32_t)4 * 1024 * 1024)
/* Of each kind. A sound store has a fraction of it; a hostile file shall not fill the memory. */
#define FOUND_MAX ((size_t)2000000)

static const char *const meta_names[] = {RECORD_META_EPOCH, RECORD_META_GENERATION, RECORD_META_CATALOGUE,
    RECORD_META_EXPORT, RECORD_META_CRAWL, RECORD_META_ID};

/* Room for one more element of an array; NULL: there are too many. */
static void *append(void **items, size_t *count, size_t *capacity, size_t size)
{
    if (*count == FOUND_MAX)
        return NULL;
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 1024;
        *items = memory_resize(*items, *capacity, size);
    }
    return (char *)*items + (*count)++ * size;
}

static bool read_place(struct salvage_scan *scan, struct lmdb_place place)
{
    buffer_clear(&scan->bytes);
    return lmdb_file_read(scan->file, place, &scan->bytes);
}

/* True if it is a board record. */
static bool note_record(
    struct salvage_scan *scan, const struct record_key *key, struct lmdb_place place, bool in_tree)
{
    struct record_board record;
    if (place.length > RECORD_LENGTH_MAX || !read_place(scan, place) ||
        !record_board_decode(key, scan->bytes.data, scan->bytes.length, &record))
        return false;
    struct salvage_record *found =
        append((void **)&scan->records, &scan->record_count, &scan->record_capacity, sizeof *scan->records);
    if (found)
        *found = (struct salvage_record){*key, in_tree, place, record.lease, record.fetched_at_ms};
    return true;
}

static void note_value(struct salvage_scan *scan, const struct record_key *key, struct lmdb_place place)
{
    struct salvage_value *found =
        append((void **)&scan->values, &scan->value_count, &scan->value_capacity, sizeof *scan->values);
    if (found)
        *found = (struct salvage_value){*key, place};
}

static void note_meta(
    struct salvage_scan *scan, const uint8_t *key, uint32_t key_length, struct lmdb_place place, bool in_tree)
{
    struct text value;
    for (size_t i = 0; i < sizeof meta_names / sizeof *meta_names; i++) {
        if (strlen(meta_names[i]) != key_length || memcmp(meta_names[i], key, key_length) != 0 ||
            place.length > META_LENGTH_MAX || !read_place(scan, place) ||
            !record_meta_decode(RECORD_SCHEMA, meta_names[i], scan->bytes.data, scan->bytes.length, &value))
            continue;
        struct salvage_meta *found =
            append((void **)&scan->metas, &scan->meta_count, &scan->meta_capacity, sizeof *scan->metas);
        if (found)
            *found = (struct salvage_meta){meta_names[i], in_tree, place};
    }
}

static void note(
    struct salvage_scan *scan, const uint8_t *key, uint32_t key_length, struct lmdb_place place, bool in_tree)
{
    if (key_length != RECORD_KEY_SIZE) {
        note_meta(scan, key, key_length, place, in_tree);
        return;
    }
    struct record_key board;
    memcpy(board.bytes, key, sizeof board.bytes);
    if (!note_record(scan, &board, place, in_tree))
        note_value(scan, &board, place);
}

static void on_entry(void *context, const struct lmdb_entry *entry)
{
    note(context, entry->key, entry->key_length, entry->value, true);
}

static void count_problem(void *context, const char *text)
{
    struct salvage_scan *scan = context;
    (void)text;
    scan->problems++;
}

/* Nodes stand at even places. */
static void scan_page(struct salvage_scan *scan, const uint8_t *page, uint64_t number)
{
    const struct lmdb_file *file = scan->file;
    struct lmdb_node node;
    for (uint32_t at = LMDB_PAGE_HEADER; at < file->page_size - LMDB_NODE_HEADER; at += 2) {
        if (!lmdb_node_read(page, file->page_size, at, true, &node) || (node.flags & ~(unsigned)LMDB_BIG) ||
            node.key_length < 2 || node.key_length > 32 || node.length == 0)
            continue;
        struct lmdb_place place = {number * file->page_size + (uint64_t)(node.data - page), node.length};
        if (node.flags & LMDB_BIG) {
            uint64_t first = lmdb_node_big(&node);
            if (first > file->pages || first * file->page_size + LMDB_PAGE_HEADER + node.length > file->bytes)
                continue;
            place.offset = first * file->page_size + LMDB_PAGE_HEADER;
        }
        note(scan, node.key, node.key_length, place, false);
    }
}

static int compare_records(const void *left, const void *right)
{
    const struct salvage_record *a = left, *b = right;
    int order = memcmp(a->key.bytes, b->key.bytes, RECORD_KEY_SIZE);
    if (order)
        return order;
    if (a->lease != b->lease)
        return a->lease > b->lease ? -1 : 1;
    if (a->fetched_at_ms != b->fetched_at_ms)
        return a->fetched_at_ms > b->fetched_at_ms ? -1 : 1;
    return b->in_tree - a->in_tree;
}

static int compare_values(const void *left, const void *right)
{
    const struct salvage_value *a = left, *b = right;
    int order = memcmp(a->key.bytes, b->key.bytes, RECORD_KEY_SIZE);
    return order ? order : (a->place.length > b->place.length) - (a->place.length < b->place.length);
}

void salvage_scan_run(struct salvage_scan *scan, const struct lmdb_file *file)
{
    *scan = (struct salvage_scan){.file = file, .bytes = buffer_make(META_LENGTH_MAX + 1)};
    struct lmdb_walk_events events = {on_entry, count_problem, scan};
    if (file->meta_count)
        lmdb_walk(file, &file->metas[0], &events);
    uint8_t *page = memory_zalloc(1, file->page_size);
    for (uint64_t number = 0; number <= file->pages; number++)
        if (lmdb_file_read_rest(file, number, page))
            scan_page(scan, page, number);
    free(page);
    if (scan->record_count)
        qsort(scan->records, scan->record_count, sizeof *scan->records, compare_records);
    if (scan->value_count)
        qsort(scan->values, scan->value_count, sizeof *scan->values, compare_values);
}

void salvage_scan_free(struct salvage_scan *scan)
{
    free(scan->records);
    free(scan->values);
    free(scan->metas);
    buffer_free(&scan->bytes);
}

/* The first value that is not before this key and length. */
static size_t lower_bound(const struct salvage_scan *scan, const struct salvage_value *wanted)
{
    size_t low = 0, high = scan->value_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_values(&scan->values[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool salvage_scan_value(const struct salvage_scan *scan, const struct record_key *key, uint32_t length,
    uint64_t checksum, struct buffer *out)
{
    struct salvage_value wanted = {*key, {0, length}};
    for (size_t at = lower_bound(scan, &wanted); at < scan->value_count; at++) {
        if (compare_values(&scan->values[at], &wanted) != 0)
            break;
        buffer_clear(out);
        if (lmdb_file_read(scan->file, scan->values[at].place, out) &&
            record_checksum(out->data, out->length) == checksum)
            return true;
    }
    buffer_clear(out);
    return false;
}
