#include "exporter/ledger_check.h"

static bool check_boards(const struct ledger *ledger)
{
    for (uint32_t i = 1; i < ledger->board_count; i++) {
        const struct ledger_board *a = &ledger->boards[i - 1], *b = &ledger->boards[i];
        if (a->track_id > b->track_id || (a->track_id == b->track_id && a->class_id >= b->class_id))
            return false;
    }
    return true;
}

static bool lies_in(struct ledger_log *log, uint64_t offset, uint32_t length)
{
    log->live += length;
    return offset <= log->end && length <= log->end - offset;
}

static bool check_persons(struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->person_count; i++) {
        const struct ledger_person *person = &ledger->persons[i];
        if (!lies_in(&ledger->logs[LEDGER_LOG_ROWS], person->offset, person->length) ||
            !lies_in(&ledger->logs[LEDGER_LOG_CARDS], person->card_offset, person->card_length) ||
            person->result_first > ledger->result_count ||
            person->result_count > ledger->result_count - person->result_first || !person->row_count ||
            person->flags > LEDGER_FLAGS)
            return false;
        struct person_id id = ledger_person_id(person);
        if (i == 0)
            continue;
        struct person_id last = ledger_person_id(person - 1);
        if (person_id_compare_values(&last, &id) > 0)
            return false;
    }
    return true;
}

static bool check_results(const struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->result_count; i++) {
        if (ledger->results[i].board >= ledger->board_count)
            return false;
    }
    return true;
}

static bool check_roster(const struct ledger *ledger, enum roster_kind kind)
{
    const struct roster *roster = &ledger->rosters[kind];
    for (uint32_t i = 0; i < roster->count; i++) {
        const struct roster_item *item = &roster->items[i];
        if (item->person >= ledger->person_count || (i && roster->items[i - 1].prefix > item->prefix) ||
            (!i && !roster_is_first(item)) || (kind != ROSTER_FLAT && roster_which(item) >= CARD_FIELDS))
            return false;
    }
    return true;
}

bool ledger_check(struct ledger *ledger)
{
    ledger->team_count = 0;
    bool sound = check_boards(ledger) && check_persons(ledger) && check_results(ledger);
    for (int kind = 0; kind < ROSTER_KINDS && sound; kind++)
        sound = check_roster(ledger, (enum roster_kind)kind);
    const struct roster *teams = &ledger->rosters[ROSTER_TEAMS];
    for (uint32_t i = 0; i < teams->count && sound; i++)
        ledger->team_count += roster_is_first(&teams->items[i]);
    return sound;
}
