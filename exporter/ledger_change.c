#include "exporter/ledger_change.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/memory.h"
#include "exporter/string_pool.h"

uint64_t ledger_change_name(const char *name)
{
    return XXH3_64bits(name, strlen(name));
}

static int compare(const struct ledger_board *old, const struct snapshot_board *board)
{
    if (old->track_id != board->track_id)
        return old->track_id < board->track_id ? -1 : 1;
    return (old->class_id > board->class_id) - (old->class_id < board->class_id);
}

static bool has_same_rows(const struct ledger_board *old, const struct snapshot_board *board)
{
    return old->entry_count == board->entry_count && old->rows_checksum == board->rows_checksum &&
           (!old->entry_count || old->track_name == ledger_change_name(board->track_name));
}

/* Both lists are in the order of the ids. A board that is broken has rows of its own, if it had any before.
 */
static void compare_boards(
    struct ledger_change *change, const struct ledger *ledger, const struct snapshot *snapshot)
{
    uint32_t old = 0, old_count = ledger ? ledger->board_count : 0;
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        while (old < old_count && compare(&ledger->boards[old], board) < 0)
            change->new_board[old++] = STRING_NONE;
        bool known = old < old_count && compare(&ledger->boards[old], board) == 0;
        change->boards[i] = !known || board->broken || !has_same_rows(&ledger->boards[old], board);
        change->details[i] =
            !known || board->broken || ledger->boards[old].detail_checksum != board->detail_checksum;
        change->any |= change->boards[i] || change->details[i] ||
                       ledger->boards[old].changed_at_ms != board->changed_at_ms;
        if (known)
            change->new_board[old++] = i;
        change->changed_rows += change->boards[i] ? board->entry_count : 0;
    }
    while (old < old_count)
        change->new_board[old++] = STRING_NONE;
}

struct ledger_change ledger_change_find(const struct ledger *ledger, const struct snapshot *snapshot)
{
    struct ledger_change change = {0};
    change.boards = memory_zalloc(snapshot->board_count, sizeof *change.boards);
    change.details = memory_zalloc(snapshot->board_count, sizeof *change.details);
    if (ledger) {
        change.new_board = memory_zalloc(ledger->board_count, sizeof *change.new_board);
        change.persons = memory_zalloc(ledger->person_count, sizeof *change.persons);
    }
    compare_boards(&change, ledger, snapshot);
    change.any |= !ledger || ledger->board_count != snapshot->board_count;
    return change;
}

void ledger_change_verified(
    struct ledger_change *change, const struct ledger *ledger, const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        if (!snapshot->boards[i].broken || change->boards[i])
            continue;
        change->boards[i] = change->any = true;
        change->changed_rows += snapshot->boards[i].entry_count;
    }
    for (uint32_t i = 0; ledger && i < ledger->person_count; i++) {
        const struct ledger_person *person = &ledger->persons[i];
        const struct ledger_result *results = ledger->results + person->result_first;
        for (uint32_t at = 0; at < person->result_count && !change->persons[i]; at++) {
            uint32_t board = change->new_board[results[at].board];
            change->persons[i] = board == STRING_NONE || change->boards[board];
        }
    }
}

void ledger_change_free(struct ledger_change *change)
{
    free(change->boards);
    free(change->details);
    free(change->new_board);
    free(change->persons);
    *change = (struct ledger_change){0};
}
