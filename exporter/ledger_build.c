#include "exporter/ledger_build.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/finish.h"
#include "exporter/gather.h"

struct building {
    struct ledger *ledger, *old;
    struct ledger_change *change;
    struct snapshot *snapshot;
    struct guard *guard;
    struct gathering gathering;
    struct finishing finishing;
    uint32_t *order; /* numbers in the table of who has rows, in the order of persons */
    uint32_t order_count;
    uint32_t *new_of_number;  /* places in the new ledger */
    uint32_t *new_of_old;     /* STRING_NONE: finished anew, or gone */
    uint32_t *first_not_less; /* by new place; see roster.h */
    _Atomic int next_roster;
};

/* ---- gathering ---- */

/* Persons whose boards have changed, though they may have no row on them any more. */
static void add_touched(struct building *work)
{
    for (uint32_t i = 0; i < work->old->person_count; i++) {
        if (!work->change->persons[i])
            continue;
        struct person_id id = ledger_person_id(&work->old->persons[i]);
        struct card card = ledger_card(work->old, i);
        id.text = card_raw(&card, CARD_PATH_ID);
        uint32_t number = gather_person(&work->gathering, &id, card_raw(&card, CARD_NAME));
        work->gathering.persons.entries[number].old = i;
    }
}

/* Persons who have come to a board that changed and are known from others. */
static void find_old(struct building *work)
{
    struct person_table *persons = &work->gathering.persons;
    for (uint32_t number = 0; number < persons->count; number++) {
        bool is_same;
        if (persons->entries[number].old != STRING_NONE)
            continue;
        uint32_t place = ledger_find(work->old, &persons->entries[number].id, 0, &is_same);
        if (!is_same)
            continue;
        persons->entries[number].old = place;
        work->change->persons[place] = true;
    }
}

static bool gather(struct building *work)
{
    gather_divide(&work->gathering, work->change->boards);
    if (work->old)
        add_touched(work);
    for (uint32_t i = 0; i < work->snapshot->board_count; i++) {
        const struct snapshot_board *board = &work->snapshot->boards[i];
        if (work->change->boards[i] && !board->broken && board->entry_count &&
            !gather_put(&work->gathering, i))
            return false;
    }
    gather_put_all(&work->gathering);
    if (work->old)
        find_old(work);
    return true;
}

/* ---- persons ---- */

static int compare_numbers(const void *left, const void *right, void *context)
{
    const struct person_table *persons = context;
    return person_id_compare(
        &persons->entries[*(const uint32_t *)left].id, &persons->entries[*(const uint32_t *)right].id);
}

static void order_finished(struct building *work)
{
    uint32_t count = work->gathering.persons.count;
    work->order = memory_zalloc(count, sizeof *work->order);
    for (uint32_t number = 0; number < count; number++) {
        if (work->finishing.persons[number].length)
            work->order[work->order_count++] = number;
    }
    if (work->order_count)
        qsort_r(
            work->order, work->order_count, sizeof *work->order, compare_numbers, &work->gathering.persons);
}

/* Takes an old person over, if he stands. Results follow when all are there. */
static void put_old(struct building *work, uint32_t old)
{
    uint32_t number = STRING_NONE;
    if (work->new_of_old[old] == STRING_NONE) {
        number = work->ledger->person_count++;
        work->ledger->persons[number] = work->old->persons[old];
    }
    work->new_of_old[old] = number;
}

static void put_finished(struct building *work, uint32_t number, uint32_t first_not_less)
{
    uint32_t place = work->ledger->person_count++;
    work->ledger->persons[place] = work->finishing.persons[number];
    work->new_of_number[number] = place;
    work->first_not_less[place] = first_not_less;
}

/* Marks the old persons that do not stand; `put_old` then gives the others their places. */
static void mark_old(struct building *work)
{
    const struct person_table *persons = &work->gathering.persons;
    for (uint32_t i = 0; i < work->old->person_count; i++)
        work->new_of_old[i] = STRING_NONE;
    for (uint32_t number = 0; number < persons->count; number++) {
        if (persons->entries[number].old != STRING_NONE)
            work->new_of_old[persons->entries[number].old] = 0;
    }
}

static void put_persons(struct building *work)
{
    uint32_t old_count = work->old ? work->old->person_count : 0, old = 0;
    uint32_t number_count = work->gathering.persons.count;
    size_t most = (size_t)old_count + work->order_count;
    work->ledger->persons = memory_zalloc(most, sizeof *work->ledger->persons);
    work->new_of_number = memory_zalloc(number_count, sizeof *work->new_of_number);
    work->new_of_old = memory_zalloc(old_count, sizeof *work->new_of_old);
    work->first_not_less = memory_zalloc(most, sizeof *work->first_not_less);
    if (old_count)
        mark_old(work);
    for (uint32_t i = 0; i < work->order_count; i++) {
        const struct person_table_entry *entry = &work->gathering.persons.entries[work->order[i]];
        uint32_t place = entry->old;
        bool is_same;
        if (place == STRING_NONE && old_count)
            place = ledger_find(work->old, &entry->id, old, &is_same);
        for (; old < old_count && old < place; old++)
            put_old(work, old);
        put_finished(work, work->order[i], old_count ? place : 0);
    }
    for (; old < old_count; old++)
        put_old(work, old);
}

/* ---- places reached ---- */

static void put_results(struct building *work)
{
    struct ledger *ledger = work->ledger;
    uint64_t wanted = work->finishing.result_count;
    uint32_t old_count = work->old ? work->old->person_count : 0;
    for (uint32_t old = 0; old < old_count; old++) {
        if (work->new_of_old[old] != STRING_NONE)
            wanted += work->old->persons[old].result_count;
    }
    if (wanted > UINT32_MAX)
        log_fatal("more than %" PRIu32 " places reached; the store cannot be right", UINT32_MAX);
    ledger->results = memory_resize(work->finishing.results, wanted, sizeof *ledger->results);
    ledger->result_count = work->finishing.result_count;
    work->finishing.results = NULL;
    for (uint32_t old = 0; old < old_count; old++) {
        if (work->new_of_old[old] == STRING_NONE)
            continue;
        struct ledger_person *person = &ledger->persons[work->new_of_old[old]];
        const struct ledger_result *from = work->old->results + person->result_first;
        person->result_first = ledger->result_count;
        for (uint32_t i = 0; i < person->result_count; i++)
            ledger->results[ledger->result_count++] =
                (struct ledger_result){work->change->new_board[from[i].board], from[i].position};
    }
}

/* ---- rosters ---- */

/* Finds keys of the old ledger's persons for one roster. */
struct key_reader {
    struct building *work;
    enum roster_kind kind;
    struct bundle bundles[2]; /* of the flat layout's keys, two at a time */
    struct buffer bytes[2];
    unsigned turn;
};

static bool read_key(void *context, const struct roster_item *item, struct text *key)
{
    struct key_reader *reader = context;
    uint32_t which = roster_which(item);
    if (reader->kind != ROSTER_FLAT) {
        struct card card = ledger_card(reader->work->old, item->person);
        *key = card_raw(&card, (enum card_field)which);
        return true;
    }
    unsigned turn = reader->turn ^= 1;
    struct bundle *bundle = &reader->bundles[turn];
    if (!ledger_aliases(reader->work->old, item->person, &reader->bytes[turn], bundle))
        return false;
    if (which >= bundle->alias_count)
        return ledger_is_damaged(reader->work->old, item->person);
    *key = bundle_raw(bundle, bundle->aliases[which]);
    return true;
}

static bool build_roster(struct building *work, enum roster_kind kind)
{
    struct finish_drafts *drafts = &work->finishing.rosters[kind];
    struct key_reader reader = {.work = work, .kind = kind};
    for (int i = 0; i < 2; i++) {
        reader.bundles[i] = bundle_make();
        reader.bytes[i] = buffer_make(BUNDLE_BYTES_MAX);
    }
    const struct roster_past past = {
        .roster = work->old ? &work->old->rosters[kind] : NULL,
        .new_person = work->new_of_old,
        .first_not_less = work->first_not_less,
        .key = read_key,
        .context = &reader,
    };
    for (uint32_t i = 0; i < drafts->count; i++)
        drafts->drafts[i].person = work->new_of_number[drafts->drafts[i].person];
    roster_sort(drafts->drafts, drafts->count);
    bool done = roster_merge(&work->ledger->rosters[kind], drafts->drafts, drafts->count, &past);
    for (int i = 0; i < 2; i++) {
        bundle_free(&reader.bundles[i]);
        buffer_free(&reader.bytes[i]);
    }
    free(drafts->drafts);
    *drafts = (struct finish_drafts){0};
    if (work->old)
        ledger_drop_roster(work->old, kind);
    return done;
}

static void *build_rosters(void *context)
{
    struct building *work = context;
    int kind;
    while ((kind = atomic_fetch_add(&work->next_roster, 1)) < ROSTER_KINDS && guard_ok(work->guard)) {
        if (!build_roster(work, (enum roster_kind)kind))
            break;
    }
    return NULL;
}

/* ---- all of it ---- */

static void put_boards(struct building *work)
{
    struct ledger *ledger = work->ledger;
    const struct snapshot *snapshot = work->snapshot;
    ledger->board_count = snapshot->board_count;
    ledger->boards = memory_zalloc(snapshot->board_count, sizeof *ledger->boards);
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        ledger->boards[i] = (struct ledger_board){
            .track_id = board->track_id,
            .class_id = board->class_id,
            .rows_checksum = board->rows_checksum,
            .detail_checksum = board->detail_checksum,
            .track_name = ledger_change_name(board->track_name),
            .changed_at_ms = board->changed_at_ms,
            .entry_count = board->entry_count,
        };
    }
}

static void count(struct ledger *ledger)
{
    const struct roster *teams = &ledger->rosters[ROSTER_TEAMS];
    for (uint32_t i = 0; i < teams->count; i++)
        ledger->team_count += roster_is_first(&teams->items[i]);
    for (uint32_t i = 0; i < ledger->person_count; i++) {
        ledger->logs[LEDGER_LOG_ROWS].live += ledger->persons[i].length;
        ledger->logs[LEDGER_LOG_CARDS].live += ledger->persons[i].card_length;
    }
}

static bool finish(struct building *work, unsigned threads)
{
    struct finishing *finishing = &work->finishing;
    *finishing = (struct finishing){
        .gathering = &work->gathering,
        .old = work->old,
        .change = work->change,
        .guard = work->guard,
    };
    for (int log = 0; log < LEDGER_LOGS; log++) {
        finishing->fds[log] = work->ledger->logs[log].fd;
        atomic_store(&finishing->ends[log], work->ledger->logs[log].end);
    }
    bool done = finish_run(finishing, threads);
    for (int log = 0; log < LEDGER_LOGS; log++)
        work->ledger->logs[log].end = atomic_load(&finishing->ends[log]);
    return done;
}

bool ledger_build(struct ledger *ledger, struct ledger *old, struct ledger_change *change,
    struct snapshot *snapshot, struct publication *publication, unsigned threads)
{
    struct building work = {
        .ledger = ledger, .old = old, .change = change, .snapshot = snapshot, .guard = ledger->guard};
    int scratch = publication_scratch(publication);
    if (scratch < 0)
        return false;
    gather_open(&work.gathering, snapshot, change->changed_rows, scratch, publication->root, ledger->guard);
    bool done = gather(&work) && finish(&work, threads);
    if (done) {
        order_finished(&work);
        put_persons(&work);
    }
    gather_close(&work.gathering);
    finish_drop_persons(&work.finishing);
    malloc_trim(0);
    if (done) {
        put_results(&work);
        struct threads team = threads_start(threads, build_rosters, &work);
        threads_join(&team);
        put_boards(&work);
        count(ledger);
    }
    finish_free(&work.finishing);
    free(work.order);
    free(work.new_of_number);
    free(work.new_of_old);
    free(work.first_not_less);
    return done && guard_ok(ledger->guard) && ledger_map_cards(ledger);
}
