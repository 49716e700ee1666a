#include "exporter/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct ledger ledger_make(struct guard *guard)
{
    return (struct ledger){.rows_fd = -1, .guard = guard};
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->boards);
    free(ledger->persons);
    free(ledger->results);
    for (int kind = 0; kind < ROSTER_KINDS; kind++)
        roster_free(&ledger->rosters[kind]);
    if (ledger->rows_fd >= 0)
        close(ledger->rows_fd);
    struct guard *guard = ledger->guard;
    bool damaged = atomic_load(&ledger->damaged);
    *ledger = ledger_make(guard);
    atomic_store(&ledger->damaged, damaged);
}

void ledger_move(struct ledger *to, struct ledger *from)
{
    to->boards = from->boards;
    to->persons = from->persons;
    to->results = from->results;
    memcpy(to->rosters, from->rosters, sizeof to->rosters);
    to->board_count = from->board_count;
    to->person_count = from->person_count;
    to->result_count = from->result_count;
    to->team_count = from->team_count;
    to->rows_id = from->rows_id;
    to->rows_end = from->rows_end;
    to->rows_live = from->rows_live;
    to->rows_fd = from->rows_fd;
    *from = ledger_make(from->guard);
}

bool ledger_is_damaged(struct ledger *ledger, uint32_t person)
{
    atomic_store(&ledger->damaged, true);
    return guard_fail(
        ledger->guard, LEDGER_ROWS ": the rows of person %u are not what they were", (unsigned)person);
}

bool ledger_read(struct ledger *ledger, uint32_t person, struct buffer *bytes)
{
    const struct ledger_person *record = &ledger->persons[person];
    buffer_clear(bytes);
    uint8_t *to = buffer_reserve(bytes, record->length);
    if (!to)
        return guard_fail(ledger->guard, "one driver has more rows than fit into memory");
    while (bytes->length < record->length) {
        ssize_t got = pread(ledger->rows_fd, to + bytes->length, record->length - bytes->length,
            (off_t)(record->offset + bytes->length));
        if (got == 0 || (got < 0 && errno != EINTR))
            return ledger_is_damaged(ledger, person);
        bytes->length += got > 0 ? (size_t)got : 0;
    }
    return XXH3_64bits(bytes->data, bytes->length) == record->digest || ledger_is_damaged(ledger, person);
}

bool ledger_bundle(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle)
{
    return ledger_read(ledger, person, bytes) &&
           (bundle_read(bundle, bytes->data, bytes->length) || ledger_is_damaged(ledger, person));
}

bool ledger_card(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle)
{
    const uint8_t *rows;
    return ledger_read(ledger, person, bytes) &&
           (bundle_read_card(bundle, bytes->data, bytes->length, &rows) || ledger_is_damaged(ledger, person));
}

/* ---- finding ---- */

struct search {
    struct ledger *ledger;
    const struct person_id *id;
    struct buffer bytes;
    struct bundle bundle;
};

/* By the id of the person at `place`, whose text is read only where it matters. */
static bool compare_with(struct search *search, uint32_t place, int *order)
{
    struct person_id id = ledger_person_id(&search->ledger->persons[place]);
    *order = person_id_compare_values(search->id, &id);
    if (*order || id.exact)
        return true;
    if (!ledger_card(search->ledger, place, &search->bytes, &search->bundle))
        return false;
    id.text = bundle_raw(&search->bundle, search->bundle.card[CARD_PATH_ID]);
    *order = person_id_compare(search->id, &id);
    return true;
}

bool ledger_find(
    struct ledger *ledger, const struct person_id *id, uint32_t from, uint32_t *place, bool *is_same)
{
    struct search search = {
        .ledger = ledger, .id = id, .bytes = buffer_make(BUNDLE_BYTES_MAX), .bundle = bundle_make()};
    uint32_t low = from, high = ledger->person_count;
    bool done = true;
    *is_same = false;
    while (done && low < high) {
        int order = 0;
        uint32_t middle = low + (high - low) / 2;
        done = compare_with(&search, middle, &order);
        if (order > 0) {
            low = middle + 1;
        } else {
            high = middle;
            *is_same = order == 0;
        }
    }
    *place = low;
    buffer_free(&search.bytes);
    bundle_free(&search.bundle);
    return done;
}
