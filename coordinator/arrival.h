#ifndef R3E_COORDINATOR_ARRIVAL_H
#define R3E_COORDINATOR_ARRIVAL_H
/* A result that came in, and whether it counts: by the lease that it names, and by what it holds. Changes
 * nothing. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "common/protocol.h"
#include "common/record.h"
#include "coordinator/dispatch_results.h"
#include "coordinator/plan.h"

struct arrival {
    struct message_result result;
    const char *key; /* that the connection has proven; "": none. Borrowed, as the next two */
    struct text rows, detail;
    uint8_t hash[RECORD_HASH_SIZE]; /* set by arrival_fault */
    uint32_t place;                 /* in the plan, and in the catalogue */
    bool known;                     /* `record` is what the store has */
    struct record_board record;
};

enum claim {
    CLAIM_CURRENT,    /* its lease holds the board now */
    CLAIM_LATE,       /* nobody holds the board, which is still wanted, and its lease was given for it once */
    CLAIM_DUPLICATE,  /* of the lease that was applied last */
    CLAIM_SUPERSEDED, /* of one that no longer counts */
    CLAIM_FORGED      /* of one that was never given, or not to this worker */
};

/* Needs all of it but the hash. */
enum claim arrival_claim(
    const struct arrival *arrival, const struct dispatch *dispatch, struct plan *plan, int64_t now_ms);

/* NULL if what came fits together and fits what the store has, else what does not, a constant string. For
 * CLAIM_CURRENT, CLAIM_LATE and CLAIM_FORGED, which is a fault itself. */
const char *arrival_fault(struct arrival *arrival, enum claim claim, const struct dispatch *dispatch);

#endif
