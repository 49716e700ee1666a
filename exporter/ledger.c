#include "exporter/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"

/* Less than this is not worth a whole ledger. */
#define WASTE_MIN ((uint64_t)1024 * 1024)

struct ledger ledger_make(struct guard *guard)
{
    struct ledger ledger = {.guard = guard};
    for (int log = 0; log < LEDGER_LOGS; log++)
        ledger.logs[log].fd = -1;
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->boards);
    free(ledger->persons);
    free(ledger->results);
    for (int kind = 0; kind < ROSTER_KINDS; kind++)
        roster_free(&ledger->rosters[kind]);
    if (ledger->cards)
        munmap(ledger->cards, ledger->cards_size);
    for (int log = 0; log < LEDGER_LOGS; log++) {
        if (ledger->logs[log].fd >= 0)
            close(ledger->logs[log].fd);
    }
    struct guard *guard = ledger->guard;
    bool damaged = atomic_load(&ledger->damaged);
    *ledger = ledger_make(guard);
    atomic_store(&ledger->damaged, damaged);
}

void ledger_move(struct ledger *to, struct ledger *from)
{
    *to = *from;
    *from = ledger_make(from->guard);
}

/* ---- cards ---- */

bool ledger_map_cards(struct ledger *ledger)
{
    const struct ledger_log *log = &ledger->logs[LEDGER_LOG_CARDS];
    void *map = mmap(NULL, log->end, PROT_READ, MAP_SHARED, log->fd, 0);
    if (map == MAP_FAILED)
        return guard_fail(ledger->guard, "cannot map " LEDGER_CARDS ": %s", strerror(errno));
    ledger->cards = map;
    ledger->cards_size = log->end;
    return true;
}

bool ledger_check_cards(struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->person_count; i++) {
        const struct ledger_person *person = &ledger->persons[i];
        const uint8_t *bytes = (const uint8_t *)ledger->cards + person->card_offset;
        if (XXH3_64bits(bytes, person->card_length) == person->card_digest)
            continue;
        atomic_store(&ledger->damaged, true);
        return guard_fail(
            ledger->guard, LEDGER_CARDS ": the card of person %u is not what it was", (unsigned)i);
    }
    return true;
}

struct card ledger_card(const struct ledger *ledger, uint32_t person)
{
    const struct ledger_person *record = &ledger->persons[person];
    struct card card;
    if (!card_read(&card, (const uint8_t *)ledger->cards + record->card_offset, record->card_length))
        log_fatal(LEDGER_CARDS " was changed by somebody else; remove it and try again");
    return card;
}

bool ledger_is_wasteful(const struct ledger *ledger)
{
    uint64_t end = 0, live = 0;
    for (int log = 0; log < LEDGER_LOGS; log++) {
        end += ledger->logs[log].end;
        live += ledger->logs[log].live;
    }
    return end > WASTE_MIN && live < end / 2;
}

void ledger_drop_pages(const struct ledger *ledger)
{
    madvise(ledger->cards, ledger->cards_size, MADV_DONTNEED);
}

void ledger_drop_results(struct ledger *ledger)
{
    free(ledger->results);
    ledger->results = NULL;
    ledger->result_count = 0;
}

void ledger_drop_roster(struct ledger *ledger, enum roster_kind kind)
{
    roster_free(&ledger->rosters[kind]);
}

/* ---- rows ---- */

bool ledger_is_damaged(struct ledger *ledger, uint32_t person)
{
    atomic_store(&ledger->damaged, true);
    return guard_fail(
        ledger->guard, LEDGER_ROWS ": the rows of person %u are not what they were", (unsigned)person);
}

void ledger_window_free(struct ledger_window *window)
{
    free(window->bytes);
    *window = (struct ledger_window){0};
}

/* Reads ahead where the last bundle was not far before this one: what changed since the last full run lies
 * anywhere, and is read alone. False: the file does not hold it. */
static bool read_through(const struct ledger *ledger, struct ledger_window *window,
    const struct ledger_person *record, uint8_t *to)
{
    const struct ledger_log *log = &ledger->logs[LEDGER_LOG_ROWS];
    uint64_t window_end = window->offset + window->length, end = record->offset + record->length;
    bool is_near =
        end + LEDGER_WINDOW_BYTES > window->offset && record->offset <= window_end + LEDGER_WINDOW_BYTES;
    if (!is_near) {
        window->offset = end;
        window->length = 0;
    }
    if (!is_near || record->offset < window->offset || record->length > LEDGER_WINDOW_BYTES || end > log->end)
        return file_read_at(log->fd, to, record->length, record->offset);
    if (end > window_end) {
        uint64_t left = log->end - record->offset;
        if (!window->bytes)
            window->bytes = memory_zalloc(LEDGER_WINDOW_BYTES, 1);
        window->offset = record->offset;
        window->length = left < LEDGER_WINDOW_BYTES ? (uint32_t)left : LEDGER_WINDOW_BYTES;
        if (!file_read_at(log->fd, window->bytes, window->length, window->offset)) {
            window->length = 0;
            return false;
        }
    }
    memcpy(to, window->bytes + (record->offset - window->offset), record->length);
    return true;
}

static bool read_bytes(
    struct ledger *ledger, struct ledger_window *window, uint32_t person, struct buffer *bytes)
{
    const struct ledger_person *record = &ledger->persons[person];
    buffer_clear(bytes);
    uint8_t *to = buffer_reserve(bytes, record->length);
    if (!to)
        return guard_fail(ledger->guard, "one driver has more rows than fit into memory");
    bool is_read = window
                       ? read_through(ledger, window, record, to)
                       : file_read_at(ledger->logs[LEDGER_LOG_ROWS].fd, to, record->length, record->offset);
    if (!is_read)
        return ledger_is_damaged(ledger, person);
    bytes->length = record->length;
    return XXH3_64bits(bytes->data, bytes->length) == record->digest || ledger_is_damaged(ledger, person);
}

bool ledger_bundle(struct ledger *ledger, struct ledger_window *window, uint32_t person, struct buffer *bytes,
    struct bundle *bundle)
{
    return read_bytes(ledger, window, person, bytes) &&
           (bundle_read(bundle, bytes->data, bytes->length) || ledger_is_damaged(ledger, person));
}

bool ledger_aliases(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle)
{
    const uint8_t *rows;
    return read_bytes(ledger, NULL, person, bytes) &&
           (bundle_read_keys(bundle, bytes->data, bytes->length, &rows) || ledger_is_damaged(ledger, person));
}

/* ---- finding ---- */

/* By the id of the person at `place`, whose text is read only where it matters. */
static int compare_with(const struct ledger *ledger, const struct person_id *wanted, uint32_t place)
{
    struct person_id id = ledger_person_id(&ledger->persons[place]);
    int order = person_id_compare_values(wanted, &id);
    if (order || id.exact)
        return order;
    struct card card = ledger_card(ledger, place);
    id.text = card_raw(&card, CARD_PATH_ID);
    return person_id_compare(wanted, &id);
}

uint32_t ledger_find(const struct ledger *ledger, const struct person_id *id, uint32_t from, bool *is_same)
{
    uint32_t low = from, high = ledger->person_count;
    *is_same = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_with(ledger, id, middle);
        if (order > 0) {
            low = middle + 1;
        } else {
            high = middle;
            *is_same = order == 0;
        }
    }
    return low;
}
