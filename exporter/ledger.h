#ifndef R3E_EXPORTER_LEDGER_H
#define R3E_EXPORTER_LEDGER_H
/* The store turned round: boards list persons, the ledger lists each person's rows. All index files are made
 * from it.
 *
 * Two files beside the store. LEDGER_ROWS holds each person's bundle (bundle.h), in no order; a run appends
 * the bundles of the persons that it found changed and never writes over one. LEDGER_NAME says where the
 * bundles are, with a hash of each, and holds all that every run looks at as a whole: persons, rosters, the
 * places reached, and from which boards it was made. It is read into memory and replaced by each run that
 * changes anything.
 *
 * Both may be deleted at any time and neither is trusted: LEDGER_NAME by its checksum, by the program that
 * wrote it and by its numbers, a bundle by its hash whenever it is read. Where one does not fit `damaged`
 * is set, and the export begins anew without them. Nothing here is synced: after a power cut they are
 * believed only as far as their hashes are right.
 *
 * A ledger that is complete may be read by any number of threads. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/guard.h"
#include "exporter/person_id.h"
#include "exporter/roster.h"
#include "exporter/snapshot.h"

#define LEDGER_NAME "export.ledger"
#define LEDGER_ROWS "export.rows"

/* A board that went into the ledger, empty or not; in the order of the snapshot. */
struct ledger_board {
    uint32_t track_id, class_id;
    uint64_t rows_checksum;
    uint64_t detail_checksum;
    uint64_t track_name; /* a hash of it */
    uint32_t entry_count;
    uint32_t reserved;
};

struct ledger_person {
    uint64_t offset; /* of the bundle in the file of rows … */
    uint64_t digest; /* … and the hash of its bytes */
    uint64_t card_digest;
    uint64_t id_value; /* as in person_id.h, with the two flags below */
    uint32_t length;
    uint32_t row_count;
    uint32_t result_first, result_count;
    uint32_t id_is_name, id_is_exact;
};

/* One for each person and combination: the best place, in the order of boards. */
struct ledger_result {
    uint32_t board;
    uint32_t position;
};

struct ledger {
    struct ledger_board *boards; /* owned, as the next two */
    struct ledger_person *persons;
    struct ledger_result *results;
    struct roster rosters[ROSTER_KINDS];
    uint32_t board_count, person_count, result_count;
    uint32_t team_count;
    uint64_t rows_id;   /* which file of rows this belongs to */
    uint64_t rows_end;  /* bytes of it that count … */
    uint64_t rows_live; /* … and of these, how many are still in use */
    int rows_fd;        /* owned; -1: none */
    struct guard *guard;
    atomic_bool damaged;
};

struct ledger ledger_make(struct guard *guard);

void ledger_free(struct ledger *ledger);

/* `to`, which is empty, gets everything; `from` is empty afterwards. */
void ledger_move(struct ledger *to, struct ledger *from);

static inline struct person_id ledger_person_id(const struct ledger_person *person)
{
    return person_id_known(person->id_value, person->id_is_name, person->id_is_exact);
}

/* Says that a person's bundle is not what it should be. Returns false. */
bool ledger_is_damaged(struct ledger *ledger, uint32_t person);

/* Reads a person's bundle into `bytes` (cleared first). False: the guard knows why, and `damaged` is set
 * where it is not what it was. */
bool ledger_read(struct ledger *ledger, uint32_t person, struct buffer *bytes);

/* The same, and takes it apart; `bundle` points into `bytes`. */
bool ledger_bundle(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle);
bool ledger_card(struct ledger *ledger, uint32_t person, struct buffer *bytes, struct bundle *bundle);

/* The first person that does not come before `id` (which has its text), from `from` on; person_count if there
 * is none. `*is_same`: it is the one. False: as above. */
bool ledger_find(
    struct ledger *ledger, const struct person_id *id, uint32_t from, uint32_t *place, bool *is_same);

#endif
