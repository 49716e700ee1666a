#include "exporter/finish.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/person_card.h"

/* Bundles are written when there are so many bytes of them. */
#define PACKED_BYTES ((size_t)256 * 1024)

/* What one thread keeps from person to person. */
struct finisher {
    struct finishing *work;
    struct gathered gathered;
    struct bundle bundle, old;
    struct card card;
    struct buffer old_bytes, scratch;
    struct buffer packed[LEDGER_LOGS]; /* bundles and cards not written yet */
    struct person_keys keys;
    struct arena texts; /* of one person */
    struct arena *draft_keys;
    struct ledger_result *results; /* not handed in yet, as the next */
    uint32_t result_count, result_capacity;
    struct finish_drafts rosters[ROSTER_KINDS];
};

/* ---- rows ---- */

static bool is_before(const struct bundle_row *old, const struct snapshot_board *board)
{
    return old->track_id != board->track_id ? old->track_id < board->track_id
                                            : old->class_id < board->class_id;
}

static int compare_place(const void *key, const void *element)
{
    const struct bundle_row *row = key;
    const struct snapshot_board *board = element;
    if (row->track_id != board->track_id)
        return row->track_id < board->track_id ? -1 : 1;
    return (row->class_id > board->class_id) - (row->class_id < board->class_id);
}

/* The place of a row's board in the snapshot if it is there and has not changed, else STRING_NONE. */
static uint32_t standing_board(const struct finishing *work, const struct bundle_row *row)
{
    const struct snapshot *snapshot = work->gathering->snapshot;
    const struct snapshot_board *board =
        snapshot->board_count
            ? bsearch(row, snapshot->boards, snapshot->board_count, sizeof *board, compare_place)
            : NULL;
    uint32_t place = board ? (uint32_t)(board - snapshot->boards) : STRING_NONE;
    return board && !work->change->boards[place] ? place : STRING_NONE;
}

static void take_over(struct finisher *finisher, const struct bundle_row *old, uint32_t board)
{
    struct bundle_row *row = bundle_add_row(&finisher->bundle);
    *row = *old;
    row->board = board;
    for (int column = 0; column < BUNDLE_COLUMNS; column++)
        row->texts[column] =
            bundle_add_text(&finisher->bundle, bundle_raw(&finisher->old, old->texts[column]));
}

/* Both are in the order of the boards, and no board has rows in both. */
static void merge_rows(struct finisher *finisher, const struct gathered_row *rows, uint32_t count)
{
    const struct finishing *work = finisher->work;
    uint32_t at = 0;
    for (uint32_t i = 0; i < finisher->old.row_count; i++) {
        const struct bundle_row *old = &finisher->old.rows[i];
        uint32_t board = standing_board(work, old);
        if (board == STRING_NONE)
            continue;
        for (; at < count && !is_before(old, &work->gathering->snapshot->boards[rows[at].board]); at++)
            gather_add_to(work->gathering, &rows[at], &finisher->bundle);
        take_over(finisher, old, board);
    }
    for (; at < count; at++)
        gather_add_to(work->gathering, &rows[at], &finisher->bundle);
}

static bool collect_rows(
    struct finisher *finisher, uint32_t number, const struct gathered_row *rows, uint32_t count)
{
    struct finishing *work = finisher->work;
    uint32_t old = work->gathering->persons.entries[number].old;
    bundle_clear(&finisher->bundle);
    finisher->old.row_count = 0;
    if (old != STRING_NONE && !ledger_bundle(work->old, NULL, old, &finisher->old_bytes, &finisher->old))
        return false;
    merge_rows(finisher, rows, count);
    return true;
}

/* ---- what follows from them ---- */

static struct ledger_result *append_result(struct finisher *finisher)
{
    if (finisher->result_count == finisher->result_capacity) {
        finisher->result_capacity = finisher->result_capacity ? finisher->result_capacity * 2 : 4096;
        finisher->results =
            memory_resize(finisher->results, finisher->result_capacity, sizeof *finisher->results);
    }
    return &finisher->results[finisher->result_count++];
}

static void add_results(struct finisher *finisher, struct ledger_person *person)
{
    person->result_first = finisher->result_count;
    for (uint32_t i = 0; i < finisher->bundle.row_count; i++) {
        const struct bundle_row *row = &finisher->bundle.rows[i];
        struct ledger_result *last = finisher->result_count > person->result_first
                                         ? &finisher->results[finisher->result_count - 1]
                                         : NULL;
        if (!last || last->board != row->board)
            *append_result(finisher) = (struct ledger_result){row->board, row->position};
        else if (row->position < last->position)
            last->position = row->position;
    }
    person->result_count = finisher->result_count - person->result_first;
}

static void append_draft(struct finish_drafts *drafts, const struct roster_draft *draft)
{
    if (drafts->count == drafts->capacity) {
        drafts->capacity = drafts->capacity ? drafts->capacity + drafts->capacity / 2 : 1024;
        drafts->drafts = memory_resize(drafts->drafts, drafts->capacity, sizeof *drafts->drafts);
    }
    drafts->drafts[drafts->count++] = *draft;
}

static const struct roster_text *keep_key(struct finisher *finisher, struct text key)
{
    struct roster_text *kept = arena_alloc(finisher->draft_keys, sizeof *kept + key.length);
    if (!kept)
        log_fatal("out of memory for the keys of %u persons; raise the memory limit",
            finisher->work->gathering->persons.count);
    kept->length = key.length;
    memcpy(kept->bytes, key.data, key.length);
    return kept;
}

static bool is_same(const struct bundle_text *left, const struct bundle_text *right)
{
    return left->length == right->length && memcmp(left->data, right->data, left->length) == 0;
}

/* Drafts that follow one another share the kept key where they have the same. */
struct drafting {
    struct finisher *finisher;
    uint32_t person;
    const struct roster_text *kept;
};

static void draft(struct drafting *drafting, enum roster_kind kind, uint32_t which, struct text key)
{
    const struct roster_text *kept = drafting->kept;
    if (!kept || kept->length != key.length || memcmp(kept->bytes, key.data, key.length) != 0)
        drafting->kept = keep_key(drafting->finisher, key);
    struct roster_draft made = {text_prefix(key), drafting->kept, drafting->person, which};
    append_draft(&drafting->finisher->rosters[kind], &made);
}

static void draft_field(struct drafting *drafting, enum roster_kind kind, enum card_field field)
{
    draft(drafting, kind, field, card_raw(&drafting->finisher->card, field));
}

static void draft_keys(struct finisher *finisher, uint32_t person)
{
    const struct bundle *bundle = &finisher->bundle;
    const struct bundle_text *texts = finisher->card.texts;
    struct drafting drafting = {finisher, person, NULL};
    draft_field(&drafting, ROSTER_KEYS, CARD_KEY);
    draft_field(&drafting, ROSTER_MIRROR, CARD_KEY);
    if (!is_same(&texts[CARD_SHOWN], &texts[CARD_KEY]))
        draft_field(&drafting, ROSTER_MIRROR, CARD_SHOWN);
    for (uint32_t alias = 0; alias < bundle->alias_count; alias++)
        draft(&drafting, ROSTER_FLAT, alias, bundle_raw(bundle, bundle->aliases[alias]));
    if (texts[CARD_OWN_TEAM].length)
        draft_field(&drafting, ROSTER_TEAMS, CARD_OWN_TEAM);
    if (!finisher->card.has_second_key)
        return;
    draft_field(&drafting, ROSTER_KEYS, CARD_SECOND_KEY);
    if (!is_same(&texts[CARD_SECOND_KEY], &texts[CARD_SHOWN]) &&
        !is_same(&texts[CARD_SECOND_KEY], &texts[CARD_KEY]))
        draft_field(&drafting, ROSTER_MIRROR, CARD_SECOND_KEY);
}

static bool pack(struct finisher *finisher, struct ledger_person *person)
{
    struct buffer *rows = &finisher->packed[LEDGER_LOG_ROWS], *cards = &finisher->packed[LEDGER_LOG_CARDS];
    person->offset = rows->length;
    person->card_offset = cards->length;
    bundle_pack(&finisher->bundle, rows);
    card_pack(&finisher->card, &finisher->scratch, cards);
    if (rows->overflowed || cards->overflowed || finisher->scratch.overflowed)
        return guard_fail(finisher->work->guard, "one driver has more rows than fit into memory");
    person->length = (uint32_t)(rows->length - person->offset);
    person->digest = XXH3_64bits(rows->data + person->offset, person->length);
    person->card_length = (uint32_t)(cards->length - person->card_offset);
    person->card_digest = XXH3_64bits(cards->data + person->card_offset, person->card_length);
    return true;
}

static bool finish_person(
    struct finisher *finisher, uint32_t number, const struct gathered_row *rows, uint32_t count)
{
    struct finishing *work = finisher->work;
    struct ledger_person *person = &work->persons[number];
    const struct person_id *id = &work->gathering->persons.entries[number].id;
    char digits[PERSON_TABLE_DIGITS];
    if (!collect_rows(finisher, number, rows, count))
        return false;
    if (!finisher->bundle.row_count)
        return true;
    arena_reset(&finisher->texts, SIZE_MAX);
    struct text path_id = person_table_text(&work->gathering->persons, number, digits);
    if (!person_card_fill(&finisher->card, &finisher->bundle, path_id, &finisher->keys, &finisher->texts))
        log_fatal("out of memory for the keys of one person; raise the memory limit");
    person->id_value = id->value;
    person->flags = (id->is_name ? LEDGER_ID_IS_NAME : 0) | (id->exact ? LEDGER_ID_IS_EXACT : 0);
    person->row_count = finisher->bundle.row_count;
    add_results(finisher, person);
    if (finisher->bundle.alias_count == 1 && person->row_count == person->result_count)
        person->flags |= LEDGER_IS_PLAIN;
    draft_keys(finisher, number);
    return pack(finisher, person);
}

/* ---- a bin ---- */

static bool write_packed(struct finishing *work, int log, const struct buffer *packed, uint64_t offset)
{
    return file_write_at(work->fds[log], packed->data, packed->length, offset) ||
           guard_fail_file(work->guard, "write", log == LEDGER_LOG_ROWS ? LEDGER_ROWS : LEDGER_CARDS, "");
}

static void append_shared(struct finishing *work, struct finisher *finisher)
{
    uint64_t wanted = (uint64_t)work->result_count + finisher->result_count;
    if (wanted > UINT32_MAX)
        log_fatal("more than %u places reached; the store cannot be right", UINT32_MAX);
    if (wanted > work->result_capacity) {
        uint64_t capacity = wanted + wanted / 2;
        work->result_capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
        work->results = memory_resize(work->results, work->result_capacity, sizeof *work->results);
    }
    if (finisher->result_count)
        memcpy(work->results + work->result_count, finisher->results,
            finisher->result_count * sizeof *finisher->results);
    work->result_count = (uint32_t)wanted;
    for (int kind = 0; kind < ROSTER_KINDS; kind++) {
        for (uint32_t i = 0; i < finisher->rosters[kind].count; i++)
            append_draft(&work->rosters[kind], &finisher->rosters[kind].drafts[i]);
    }
}

/* Gives what these persons have (of one bin, from rank `first` to before `end`) its place among the others'.
 */
static bool hand_in(struct finisher *finisher, uint32_t first, uint32_t end)
{
    struct finishing *work = finisher->work;
    uint64_t offsets[LEDGER_LOGS] = {0};
    for (int log = 0; log < LEDGER_LOGS; log++)
        offsets[log] = atomic_fetch_add(&work->ends[log], finisher->packed[log].length);
    pthread_mutex_lock(&work->mutex);
    uint32_t result_first = work->result_count;
    append_shared(work, finisher);
    pthread_mutex_unlock(&work->mutex);
    for (uint32_t rank = first; rank < end; rank++) {
        struct ledger_person *person = &work->persons[work->gathering->order.persons[rank]];
        person->offset += offsets[LEDGER_LOG_ROWS];
        person->card_offset += offsets[LEDGER_LOG_CARDS];
        person->result_first += result_first;
    }
    bool written = true;
    for (int log = 0; log < LEDGER_LOGS; log++) {
        written = written && write_packed(work, log, &finisher->packed[log], offsets[log]);
        buffer_clear(&finisher->packed[log]);
    }
    finisher->result_count = 0;
    for (int kind = 0; kind < ROSTER_KINDS; kind++)
        finisher->rosters[kind].count = 0;
    return written;
}

static bool finish_bin(struct finisher *finisher, uint32_t bin)
{
    const struct bin_order *order = &finisher->work->gathering->order;
    const struct gathered *gathered = &finisher->gathered;
    uint32_t at = 0, not_handed_in = order->starts[bin], end = order->starts[bin + 1];
    if (!gather_take(finisher->work->gathering, bin, &finisher->gathered))
        return false;
    for (uint32_t rank = not_handed_in; rank < end; rank++) {
        uint32_t first = at, number = order->persons[rank];
        while (at < gathered->count && gathered->rows[at].person == number)
            at++;
        if (finisher->packed[LEDGER_LOG_ROWS].length >= PACKED_BYTES) {
            if (!hand_in(finisher, not_handed_in, rank))
                return false;
            not_handed_in = rank;
        }
        if (!guard_ok(finisher->work->guard) ||
            !finish_person(finisher, number, at > first ? gathered->rows + first : NULL, at - first))
            return false;
    }
    return hand_in(finisher, not_handed_in, end);
}

static void *run_thread(void *context)
{
    struct finishing *work = context;
    struct finisher finisher = {
        .work = work,
        .gathered = gathered_make(),
        .bundle = bundle_make(),
        .old = bundle_make(),
        .old_bytes = buffer_make(BUNDLE_BYTES_MAX),
        .scratch = buffer_make(BUNDLE_BYTES_MAX),
        .keys = person_keys_make(),
        .texts = arena_make(SIZE_MAX),
    };
    for (int log = 0; log < LEDGER_LOGS; log++)
        finisher.packed[log] = buffer_make(BUNDLE_BYTES_MAX);
    pthread_mutex_lock(&work->mutex);
    finisher.draft_keys = &work->arenas[work->arena_count++];
    pthread_mutex_unlock(&work->mutex);
    uint32_t bin;
    while ((bin = atomic_fetch_add(&work->next_bin, 1)) < work->gathering->order.bin_count) {
        if (!finish_bin(&finisher, bin))
            break;
    }
    gathered_free(&finisher.gathered);
    bundle_free(&finisher.bundle);
    bundle_free(&finisher.old);
    buffer_free(&finisher.old_bytes);
    buffer_free(&finisher.scratch);
    for (int log = 0; log < LEDGER_LOGS; log++)
        buffer_free(&finisher.packed[log]);
    person_keys_free(&finisher.keys);
    arena_free(&finisher.texts);
    free(finisher.results);
    for (int kind = 0; kind < ROSTER_KINDS; kind++)
        free(finisher.rosters[kind].drafts);
    return NULL;
}

bool finish_run(struct finishing *finishing, unsigned threads)
{
    pthread_mutex_init(&finishing->mutex, NULL);
    finishing->persons = memory_zalloc(finishing->gathering->persons.count, sizeof *finishing->persons);
    for (unsigned i = 0; i < THREADS_MAX; i++)
        finishing->arenas[i] = arena_make(SIZE_MAX);
    struct threads team = threads_start(threads, run_thread, finishing);
    threads_join(&team);
    pthread_mutex_destroy(&finishing->mutex);
    return guard_ok(finishing->guard);
}

void finish_drop_persons(struct finishing *finishing)
{
    free(finishing->persons);
    finishing->persons = NULL;
}

void finish_free(struct finishing *finishing)
{
    free(finishing->persons);
    free(finishing->results);
    for (int kind = 0; kind < ROSTER_KINDS; kind++)
        free(finishing->rosters[kind].drafts);
    for (unsigned i = 0; i < THREADS_MAX; i++)
        arena_free(&finishing->arenas[i]);
    *finishing = (struct finishing){0};
}
