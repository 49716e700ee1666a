#include "exporter/roster_file.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/memory.h"
#include "exporter/item_file.h"

#define NEAR_ITEMS 8u

struct writing {
    const struct roster_file *file;
    struct ledger *ledger;
    const uint64_t *boards; /* a hash of each, without its rows' places */
    struct roster_groups groups;
    uint32_t *first_item; /* by group, and behind the last one the number of items */
    uint32_t *near_group; /* by NEAR_ITEMS items: the group of the first of them, so that few are searched */
};

/* A part of a group. */
struct piece {
    uint32_t first;    /* the group's first item in the roster */
    uint32_t from, to; /* rows */
    bool is_part;      /* of a driver with his rows as `results` say; else `to` is not known */
    bool is_last;
};

/* The one person of a group that can be cut into pieces, or NULL. */
static const struct ledger_person *person_in_pieces(const struct writing *writing, uint32_t first)
{
    const struct roster *roster = &writing->ledger->rosters[writing->file->kind];
    const struct ledger_person *person = &writing->ledger->persons[roster->items[first].person];
    if (!writing->file->rows || roster_group_end(roster, first) != first + 1)
        return NULL;
    return writing->file->kind != ROSTER_FLAT || person->flags & LEDGER_IS_PLAIN ? person : NULL;
}

static void number_items(struct writing *writing)
{
    uint32_t count = 0;
    writing->first_item = memory_zalloc((size_t)writing->groups.count + 1, sizeof *writing->first_item);
    for (uint32_t group = 0; group < writing->groups.count; group++) {
        const struct ledger_person *person = person_in_pieces(writing, writing->groups.starts[group]);
        writing->first_item[group] = count;
        count += person ? (person->result_count + ROSTER_FILE_ROWS - 1) / ROSTER_FILE_ROWS : 1;
    }
    writing->first_item[writing->groups.count] = count;
    writing->near_group = memory_zalloc(count / NEAR_ITEMS + 1, sizeof *writing->near_group);
    for (uint32_t item = 0, group = 0; item < count; item += NEAR_ITEMS) {
        while (writing->first_item[group + 1] <= item)
            group++;
        writing->near_group[item / NEAR_ITEMS] = group;
    }
}

static void free_items(struct writing *writing)
{
    roster_groups_free(&writing->groups);
    free(writing->first_item);
    free(writing->near_group);
}

/* The last group that begins at or before the item. */
static uint32_t group_of(const struct writing *writing, uint32_t item)
{
    uint32_t group = writing->near_group[item / NEAR_ITEMS];
    while (writing->first_item[group + 1] <= item)
        group++;
    return group;
}

static struct piece piece_of(const struct writing *writing, uint64_t item)
{
    uint32_t group = group_of(writing, (uint32_t)item);
    struct piece piece = {.first = writing->groups.starts[group], .to = UINT32_MAX, .is_last = true};
    const struct ledger_person *person = person_in_pieces(writing, piece.first);
    if (!person)
        return piece;
    piece.is_part = true;
    piece.from = ((uint32_t)item - writing->first_item[group]) * ROSTER_FILE_ROWS;
    piece.is_last = person->result_count - piece.from <= ROSTER_FILE_ROWS;
    piece.to = piece.is_last ? person->result_count : piece.from + ROSTER_FILE_ROWS;
    return piece;
}

/* What a row says of its board. */
static uint64_t *hash_boards(const struct ledger *ledger)
{
    uint64_t *hashes = memory_zalloc(ledger->board_count, sizeof *hashes);
    for (uint32_t i = 0; i < ledger->board_count; i++) {
        const struct ledger_board *board = &ledger->boards[i];
        const uint64_t parts[] = {(uint64_t)board->track_id << 32 | board->class_id, board->rows_checksum,
            board->track_name, board->entry_count};
        hashes[i] = XXH3_64bits(parts, sizeof parts);
    }
    return hashes;
}

static uint64_t digest_of_part(const struct writing *writing, const struct piece *piece)
{
    const struct ledger *ledger = writing->ledger;
    const struct roster_item *item = &ledger->rosters[writing->file->kind].items[piece->first];
    const struct ledger_person *person = &ledger->persons[item->person];
    ledger_expect(ledger, writing->file->kind, piece->first);
    uint64_t parts[4 + 2 * ROSTER_FILE_ROWS] = {
        person->card_digest, item->prefix, roster_which(item), !piece->from + 2u * piece->is_last};
    uint32_t count = 4;
    for (uint32_t row = piece->from; row < piece->to; row++) {
        const struct ledger_result *result = &ledger->results[person->result_first + row];
        parts[count++] = writing->boards[result->board];
        parts[count++] = result->position;
    }
    return XXH3_64bits(parts, count * sizeof *parts);
}

static uint64_t digest(void *context, uint64_t item)
{
    const struct writing *writing = context;
    struct piece piece = piece_of(writing, item);
    return piece.is_part ? digest_of_part(writing, &piece)
                         : group_reader_digest(writing->ledger, writing->file->kind, piece.first,
                               writing->file->rows, writing->file->counts);
}

static uint32_t size(void *context, uint64_t item)
{
    const struct writing *writing = context;
    const struct roster_file *file = writing->file;
    const struct roster *roster = &writing->ledger->rosters[file->kind];
    struct piece piece = piece_of(writing, item);
    uint32_t end = roster_group_end(roster, piece.first);
    uint64_t count = piece.is_part ? piece.to - piece.from : end - piece.first;
    for (uint32_t i = piece.first; i < end && file->rows && !piece.is_part; i++)
        count += writing->ledger->persons[roster->items[i].person].row_count - 1;
    uint64_t bytes = (piece.from ? 0 : file->item_bytes) + count * file->each_bytes;
    return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static void *open_reader(void *context)
{
    const struct writing *writing = context;
    return group_reader_open(writing->ledger, writing->file->kind);
}

static void close_reader(void *state)
{
    group_reader_close(state);
}

/* The reader has often just read the group, for its last piece. */
static bool append(void *context, void *state, uint64_t item, struct buffer *out)
{
    const struct writing *writing = context;
    struct group_reader *reader = state;
    struct piece piece = piece_of(writing, item);
    if (!reader->count || reader->first != piece.first) {
        if (!group_reader_read(reader, piece.first, writing->file->rows)) {
            reader->count = 0;
            return false;
        }
        if (writing->file->rows)
            group_reader_list(reader, writing->file->kind != ROSTER_FLAT);
    }
    if (!piece.is_part)
        piece.to = reader->row_count;
    else if (piece.is_last ? piece.to != reader->row_count : piece.to > reader->row_count)
        return ledger_is_damaged(writing->ledger, reader->roster->items[piece.first].person);
    writing->file->append(reader, piece.from, piece.to, out);
    return true;
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

struct batch {
    const struct roster_file_plan *plans;
    struct ledger *ledger;
    bool keep;
    uint64_t *boards;
    struct writing *writings;    /* by plan */
    uint32_t left[ROSTER_KINDS]; /* by kind: files that are not finished */
};

static bool describe(void *context, uint32_t number, char path[static PATH_MAX], struct item_list *list)
{
    struct batch *batch = context;
    const struct roster_file_plan *plan = &batch->plans[number];
    struct writing *writing = &batch->writings[number];
    const struct roster *roster = &batch->ledger->rosters[plan->file->kind];
    *writing = (struct writing){.file = plan->file, .ledger = batch->ledger, .boards = batch->boards};
    roster_groups_add(&writing->groups, roster, plan->ranges[0], plan->ranges[1]);
    roster_groups_add(&writing->groups, roster, plan->ranges[2], plan->ranges[3]);
    number_items(writing);
    memcpy(path, plan->path, sizeof plan->path);
    *list = (struct item_list){
        .context = writing,
        .count = writing->first_item[writing->groups.count],
        .head = text_of(plan->file->head),
        .tail = text_of(plan->file->tail),
        .digest = digest,
        .size = size,
        .append = append,
        .open = open_reader,
        .close = close_reader,
    };
    return true;
}

static void finished(void *context, uint32_t number)
{
    struct batch *batch = context;
    struct writing *writing = &batch->writings[number];
    enum roster_kind kind = batch->plans[number].file->kind;
    free_items(writing);
    if (--batch->left[kind] == 0 && !batch->keep)
        ledger_drop_roster(batch->ledger, kind);
}

bool roster_files_write(struct publication *publication, const struct roster_file_plan *plans, uint32_t count,
    struct ledger *ledger, bool keep, unsigned threads)
{
    struct batch batch = {.plans = plans, .ledger = ledger, .keep = keep};
    const struct item_files files = {
        .context = &batch, .count = count, .describe = describe, .finished = finished};
    batch.boards = hash_boards(ledger);
    batch.writings = memory_zalloc(count, sizeof *batch.writings);
    for (uint32_t i = 0; i < count; i++)
        batch.left[plans[i].file->kind]++;
    bool written = item_files_write(publication, &files, threads, ledger->guard);
    free(batch.boards);
    free(batch.writings); /* each that was described was finished too */
    return written;
}
