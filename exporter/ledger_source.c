#include "exporter/ledger_source.h"

#include <stdlib.h>

#include "common/memory.h"
#include "exporter/string_pool.h"

#define CACHE_LINE 64u

static uint32_t rows(void *context, uint32_t number, struct statistics_row *out, uint32_t capacity)
{
    const struct ledger *ledger = context;
    const struct ledger_person *person = &ledger->persons[number];
    const struct ledger_result *results = ledger->results + person->result_first;
    for (uint32_t i = 0; i < person->result_count && i < capacity; i++) {
        const struct ledger_board *board = &ledger->boards[results[i].board];
        out[i] = (struct statistics_row){board->class_id, results[i].position, board->entry_count};
    }
    return person->result_count;
}

static void person(void *context, uint32_t number, struct statistics_person *out)
{
    struct card card = ledger_card(context, number);
    *out = (struct statistics_person){
        .key = card_raw(&card, CARD_KEY),
        .name = card_raw(&card, CARD_NAME),
        .key_json = card_json(&card, CARD_KEY),
        .name_json = card_json(&card, CARD_NAME),
        .avatar_json = card_json(&card, CARD_AVATAR),
        .country_json = card_json(&card, CARD_COUNTRY),
        .team_json = card_json(&card, CARD_TEAM),
        .rank_json = card_json(&card, CARD_RANK),
    };
}

static uint64_t person_digest(void *context, uint32_t number)
{
    const struct ledger *ledger = context;
    return ledger->persons[number].card_digest;
}

/* The whole card: what is not published of it, or stands there twice, is little unless somebody makes it
 * much. */
static uint32_t person_bytes(void *context, uint32_t number)
{
    const struct ledger *ledger = context;
    return ledger->persons[number].card_length;
}

static void expect(void *context, uint32_t soon, uint32_t later)
{
    const struct ledger *ledger = context;
    __builtin_prefetch(&ledger->persons[later]);
    const uint8_t *card = (const uint8_t *)ledger->cards + ledger->persons[soon].card_offset;
    __builtin_prefetch(card);
    __builtin_prefetch(card + CACHE_LINE);
    __builtin_prefetch(card + 2 * CACHE_LINE);
}

struct statistics_source ledger_source(struct ledger *ledger)
{
    return (struct statistics_source){
        .context = ledger,
        .person_count = ledger->person_count,
        .rows = rows,
        .person = person,
        .person_digest = person_digest,
        .person_bytes = person_bytes,
        .expect = expect,
    };
}

/* ---- what may have changed ---- */

/* So many ids with repeats are sorted out on the way. */
#define MANY 100000u

struct classes {
    uint32_t *ids; /* with repeats */
    uint32_t count, capacity;
};

static void add(struct classes *classes, uint32_t id)
{
    if (classes->count && classes->ids[classes->count - 1] == id)
        return;
    if (classes->count == classes->capacity) {
        classes->capacity = classes->capacity ? classes->capacity * 2 : 256;
        classes->ids = memory_resize(classes->ids, classes->capacity, sizeof *classes->ids);
    }
    classes->ids[classes->count++] = id;
}

static void add_classes_of(struct classes *classes, const struct ledger *ledger, uint32_t number)
{
    const struct ledger_person *person = &ledger->persons[number];
    for (uint32_t i = 0; i < person->result_count; i++)
        add(classes, ledger->boards[ledger->results[person->result_first + i].board].class_id);
}

static int compare_ids(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void remove_repeats(struct classes *classes)
{
    uint32_t kept = 0;
    if (classes->count)
        qsort(classes->ids, classes->count, sizeof *classes->ids, compare_ids);
    for (uint32_t i = 0; i < classes->count; i++) {
        if (!kept || classes->ids[kept - 1] != classes->ids[i])
            classes->ids[kept++] = classes->ids[i];
    }
    classes->count = kept;
}

/* Persons whose cards are the same have the same place in no list that their rows do not give them; who is
 * new in the order of persons moves nobody else. So both lists are walked by id, and cards compared by their
 * hashes. */
static void add_changed_persons(
    struct classes *classes, const struct ledger *ledger, const struct ledger *old, const bool *touched)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < old->person_count; i++) {
        if (!touched[i])
            continue;
        struct person_id id = ledger_person_id(&old->persons[i]);
        struct card card = ledger_card(old, i);
        bool is_same;
        id.text = card_raw(&card, CARD_PATH_ID);
        at = ledger_find(ledger, &id, at, &is_same);
        if (is_same && ledger->persons[at].card_digest == old->persons[i].card_digest)
            continue;
        add_classes_of(classes, old, i);
        if (is_same)
            add_classes_of(classes, ledger, at);
        if (classes->count > MANY)
            remove_repeats(classes);
    }
}

uint32_t *ledger_source_touched(const struct ledger *ledger, const struct ledger *old,
    const struct ledger_change *change, const struct snapshot *snapshot, uint32_t *count)
{
    struct classes classes = {0};
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        if (change->boards[i])
            add(&classes, snapshot->boards[i].class_id);
    }
    for (uint32_t i = 0; i < old->board_count; i++) {
        uint32_t board = change->new_board[i];
        if (board == STRING_NONE || snapshot->boards[board].changed_at_ms != old->boards[i].changed_at_ms)
            add(&classes, old->boards[i].class_id);
    }
    add_changed_persons(&classes, ledger, old, change->persons);
    remove_repeats(&classes);
    *count = classes.count;
    return classes.ids;
}
