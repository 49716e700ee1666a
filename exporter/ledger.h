#ifndef R3E_EXPORTER_LEDGER_H
#define R3E_EXPORTER_LEDGER_H
/* The store turned round: boards list persons, the ledger lists each person's rows. All index files are made
 * from it.
 *
 * Three files beside the store. LEDGER_ROWS holds each person's bundle (bundle.h) and LEDGER_CARDS his card
 * (card.h), in no order; a run appends those of the persons that it found changed and never writes over one.
 * LEDGER_NAME says where they are, with a hash of each, and holds all that every run looks at as a whole:
 * persons, rosters, the places reached, and from which boards it was made. It is read into memory and
 * replaced by each run that changes anything. Cards are few bytes and asked for again and again, so their
 * file is mapped; bundles are read when they are needed.
 *
 * All may be deleted at any time and none is trusted: LEDGER_NAME by its checksum, by the program that wrote
 * it and by its numbers, a bundle by its hash whenever it is read, a card by its hash once. Where one does
 * not fit `damaged` is set, and the export begins anew without them. Nothing here is synced: after a power
 * cut they are believed only as far as their hashes are right.
 *
 * A ledger that is complete may be read by any number of threads. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/guard.h"
#include "exporter/manifest.h"
#include "exporter/person_id.h"
#include "exporter/roster.h"
#include "exporter/snapshot.h"

#define LEDGER_NAME  "export.ledger"
#define LEDGER_ROWS  "export.rows"
#define LEDGER_CARDS "export.cards"

#define LEDGER_AHEAD 8u /* places of a roster */

/* A board that went into the ledger, empty or not; in the order of the snapshot. */
struct ledger_board {
    uint32_t track_id, class_id;
    uint64_t rows_checksum;
    uint64_t detail_checksum;
    uint64_t track_name;   /* a hash of it */
    int64_t changed_at_ms; /* wall clock of the last change of content */
    uint32_t entry_count;
    uint32_t reserved;
};

struct ledger_person {
    uint64_t offset;      /* of the bundle in the file of rows … */
    uint64_t digest;      /* … and the hash of its bytes */
    uint64_t card_offset; /* the same of the card in the file of cards */
    uint64_t card_digest;
    uint64_t id_value; /* as in person_id.h, with two of the flags */
    uint32_t length, card_length;
    uint32_t row_count;
    uint32_t result_first, result_count;
    uint32_t flags;
};

enum {
    LEDGER_ID_IS_NAME = 1,
    LEDGER_ID_IS_EXACT = 2,
    LEDGER_IS_PLAIN =
        4, /* one alias, and one row for each result: the flat layout lists him as `results` do */
    LEDGER_FLAGS = 7
};

/* One for each person and combination: the best place, in the order of boards. */
struct ledger_result {
    uint32_t board;
    uint32_t position;
};

/* A file that is only appended to. */
struct ledger_log {
    int fd;        /* owned; -1: none */
    uint64_t end;  /* bytes of it that count … */
    uint64_t live; /* … and of these, how many are still in use */
};

enum ledger_log_name { LEDGER_LOG_ROWS, LEDGER_LOG_CARDS, LEDGER_LOGS };

struct ledger {
    struct ledger_board *boards; /* owned, as the next two */
    struct ledger_person *persons;
    struct ledger_result *results;
    struct roster rosters[ROSTER_KINDS];
    uint32_t board_count, person_count, result_count;
    uint32_t team_count;
    uint64_t id; /* which files of rows and cards this belongs to */
    struct ledger_log logs[LEDGER_LOGS];
    void *cards; /* read only: the file of cards in memory, up to its end; see ledger_map_cards */
    size_t cards_size;
    uint8_t basis[MANIFEST_BASIS_SIZE]; /* of the run that published from it … */
    uint64_t catalogue;                 /* … and a hash of its catalogue */
    struct guard *guard;
    atomic_bool damaged;
};

struct ledger ledger_make(struct guard *guard);

void ledger_free(struct ledger *ledger);

/* `to`, which is empty, gets everything; `from` is empty afterwards. */
void ledger_move(struct ledger *to, struct ledger *from);

static inline struct person_id ledger_person_id(const struct ledger_person *person)
{
    return person_id_known(
        person->id_value, person->flags & LEDGER_ID_IS_NAME, person->flags & LEDGER_ID_IS_EXACT);
}

/* Has a person who comes soon after place `item` of a roster brought to the processor: in that order they lie
 * anywhere in memory, and waiting for it was a third of the time that finding out what has changed takes. */
static inline void ledger_expect(const struct ledger *ledger, enum roster_kind kind, uint32_t item)
{
    const struct roster *roster = &ledger->rosters[kind];
    if (item + LEDGER_AHEAD < roster->count)
        __builtin_prefetch(&ledger->persons[roster->items[item + LEDGER_AHEAD].person]);
}

/* True: more than half of what the logs hold is no longer in use, and enough to matter. */
bool ledger_is_wasteful(const struct ledger *ledger);

/* Gives the memory of a roster, of the places reached, or of the map of the cards (which comes back when it
 * is read), to others. */
void ledger_drop_roster(struct ledger *ledger, enum roster_kind kind);
void ledger_drop_results(struct ledger *ledger);
void ledger_drop_pages(const struct ledger *ledger);

/* Says that a person's bundle is not what it should be. Returns false. */
bool ledger_is_damaged(struct ledger *ledger, uint32_t person);

/* Maps the file of cards. False: the guard knows why. */
bool ledger_map_cards(struct ledger *ledger);

/* Compares every card with its hash; they can be trusted afterwards. False: the guard knows why, and
 * `damaged` is set. */
bool ledger_check_cards(struct ledger *ledger);

/* A person's card; it points into the map. */
struct card ledger_card(const struct ledger *ledger, uint32_t person);

/* What one thread last read of the bundles. Those of a full run lie in the file nearly in the order of their
 * names, so whoever goes through a roster finds most of them in what was read ahead. */
struct ledger_window {
    uint8_t *bytes; /* LEDGER_WINDOW_BYTES; NULL until something is read ahead */
    uint64_t offset;
    uint32_t length;
};

#define LEDGER_WINDOW_BYTES (64u * 1024)

void ledger_window_free(struct ledger_window *window);

/* Reads a person's bundle into `bytes` (cleared first) and takes it apart; `bundle` points into `bytes`.
 * `window`: zeroed, or of the last call for this ledger; NULL: nothing is read ahead. False: the guard knows
 * why, and `damaged` is set where it is not what it was. */
bool ledger_bundle(struct ledger *ledger, struct ledger_window *window, uint32_t person, struct buffer *bytes,
    struct bundle *bundle);

/* The same, but without the rows. */
bool ledger_aliases(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle);

/* The first person that does not come before `id` (which has its text), from `from` on; person_count if there
 * is none. `*is_same` says whether it is the one. */
uint32_t ledger_find(const struct ledger *ledger, const struct person_id *id, uint32_t from, bool *is_same);

#endif
