#include "exporter/group_reader.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/memory.h"

struct group_reader *group_reader_open(struct ledger *ledger, enum roster_kind kind)
{
    struct group_reader *reader = memory_zalloc(1, sizeof *reader);
    reader->ledger = ledger;
    reader->kind = kind;
    reader->roster = &ledger->rosters[kind];
    return reader;
}

void group_reader_close(struct group_reader *reader)
{
    for (uint32_t i = 0; i < reader->capacity; i++) {
        bundle_free(&reader->bundles[i]);
        buffer_free(&reader->bytes[i]);
    }
    free(reader->cards);
    free(reader->bundles);
    free(reader->bytes);
    free(reader->rows);
    ledger_window_free(&reader->window);
    free(reader);
}

static void grow(struct group_reader *reader)
{
    uint32_t capacity = reader->capacity ? reader->capacity * 2 : 4;
    reader->bundles = memory_resize(reader->bundles, capacity, sizeof *reader->bundles);
    reader->cards = memory_resize(reader->cards, capacity, sizeof *reader->cards);
    reader->bytes = memory_resize(reader->bytes, capacity, sizeof *reader->bytes);
    for (; reader->capacity < capacity; reader->capacity++) {
        reader->bundles[reader->capacity] = bundle_make();
        reader->bytes[reader->capacity] = buffer_make(BUNDLE_BYTES_MAX);
    }
}

static bool read_rows(struct group_reader *reader, uint32_t item, uint32_t member)
{
    uint32_t person = reader->roster->items[item].person;
    struct bundle *bundle = &reader->bundles[member];
    if (!ledger_bundle(reader->ledger, &reader->window, person, &reader->bytes[member], bundle))
        return false;
    return reader->kind != ROSTER_FLAT || roster_which(&reader->roster->items[item]) < bundle->alias_count ||
           ledger_is_damaged(reader->ledger, person);
}

bool group_reader_read(struct group_reader *reader, uint32_t first, bool rows)
{
    uint32_t end = roster_group_end(reader->roster, first);
    reader->first = first;
    reader->count = 0;
    for (uint32_t item = first; item < end; item++) {
        if (reader->count == reader->capacity)
            grow(reader);
        uint32_t member = reader->count++;
        if (reader->kind != ROSTER_FLAT)
            reader->cards[member] = ledger_card(reader->ledger, reader->roster->items[item].person);
        if (rows && !read_rows(reader, item, member))
            return false;
    }
    return true;
}

const struct bundle_text *group_reader_key(const struct group_reader *reader)
{
    uint32_t which = roster_which(&reader->roster->items[reader->first]);
    const struct bundle *bundle = reader->bundles;
    return reader->kind == ROSTER_FLAT ? &bundle->texts[bundle->aliases[which]]
                                       : &reader->cards[0].texts[which];
}

static void add_row(struct group_reader *reader, uint32_t member, const struct bundle_row *row)
{
    if (reader->row_count == reader->row_capacity) {
        reader->row_capacity = reader->row_capacity ? reader->row_capacity * 2 : 256;
        reader->rows = memory_resize(reader->rows, reader->row_capacity, sizeof *reader->rows);
    }
    reader->rows[reader->row_count++] = (struct group_row){row, member};
}

static bool is_same_board(const struct bundle_row *left, const struct bundle_row *right)
{
    return left->track_id == right->track_id && left->class_id == right->class_id;
}

static void list_best(struct group_reader *reader, uint32_t member)
{
    const struct bundle *bundle = &reader->bundles[member];
    for (uint32_t i = 0, next; i < bundle->row_count; i = next) {
        const struct bundle_row *best = &bundle->rows[i];
        for (next = i + 1; next < bundle->row_count && is_same_board(best, &bundle->rows[next]); next++) {
            if (bundle->rows[next].position < best->position)
                best = &bundle->rows[next];
        }
        add_row(reader, member, best);
    }
}

static void list_alias(struct group_reader *reader, uint32_t member)
{
    const struct bundle *bundle = &reader->bundles[member];
    uint32_t alias = roster_which(&reader->roster->items[reader->first + member]);
    for (uint32_t i = 0; i < bundle->row_count; i++) {
        if (bundle->rows[i].alias == alias)
            add_row(reader, member, &bundle->rows[i]);
    }
}

static int compare_numbers(uint32_t left, uint32_t right)
{
    return (left > right) - (left < right);
}

static int compare_boards_and_positions(const struct group_row *left, const struct group_row *right)
{
    const struct bundle_row *a = left->row, *b = right->row;
    int order = compare_numbers(a->track_id, b->track_id);
    order = order ? order : compare_numbers(a->class_id, b->class_id);
    return order ? order : compare_numbers(a->position, b->position);
}

static int compare_by_member(const void *left, const void *right)
{
    const struct group_row *a = left, *b = right;
    int order = compare_boards_and_positions(a, b);
    return order ? order : compare_numbers(a->member, b->member);
}

static int compare_by_place(const void *left, const void *right)
{
    const struct group_row *a = left, *b = right;
    int order = compare_boards_and_positions(a, b);
    return order ? order : compare_numbers(a->row->place, b->row->place);
}

void group_reader_list(struct group_reader *reader, bool best_only)
{
    reader->row_count = 0;
    for (uint32_t member = 0; member < reader->count; member++) {
        if (best_only)
            list_best(reader, member);
        else
            list_alias(reader, member);
    }
    bool sorted = true;
    int (*compare)(const void *, const void *) = best_only ? compare_by_member : compare_by_place;
    for (uint32_t i = 1; i < reader->row_count && sorted; i++)
        sorted = compare(&reader->rows[i - 1], &reader->rows[i]) <= 0;
    if (!sorted)
        qsort(reader->rows, reader->row_count, sizeof *reader->rows, compare);
}

uint32_t group_reader_results(const struct group_reader *reader, uint32_t member)
{
    return reader->ledger->persons[reader->roster->items[reader->first + member].person].result_count;
}

uint64_t group_reader_digest(
    const struct ledger *ledger, enum roster_kind kind, uint32_t first, bool rows, bool counts)
{
    const struct roster *roster = &ledger->rosters[kind];
    uint32_t end = roster_group_end(roster, first);
    uint64_t digest = 0;
    ledger_expect(ledger, kind, end);
    for (uint32_t i = first; i < end; i++) {
        const struct roster_item *item = &roster->items[i];
        const struct ledger_person *person = &ledger->persons[item->person];
        const uint64_t parts[] = {digest, rows ? person->digest : person->card_digest, item->prefix,
            (uint64_t)(counts ? person->result_count : 0) << 32 | roster_which(item)};
        digest = XXH3_64bits(parts, sizeof parts);
    }
    return digest;
}
