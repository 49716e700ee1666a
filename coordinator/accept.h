#ifndef R3E_COORDINATOR_ACCEPT_H
#define R3E_COORDINATOR_ACCEPT_H
/* What an answer of the service does to the record of a board. Pure: changes the record given to it, knows no
 * store and no socket; the caller writes the record. Times are wall clock milliseconds, because answers that
 * are kept aside outlive a restart.
 *
 * Safe replacement (DESIGN, rule 1; FAULTS B22). An answer for a board with entries that is empty, or that
 * lost more than a third, is *suspicious*: it is kept aside as the board's candidate and fetched again. Only
 * when `confirm_shrink` separate answers in a row agree does the last of them replace the board.
 *
 *   - Two answers agree if both are empty, or if neither is and their numbers of entries differ by at most a
 *     tenth of the greater one, or by two.
 *   - They are separate if at least half the distance below lies between them: who asks for a refresh three
 *     times in a minute has one answer, not three.
 *   - The distance before the next fetch grows: backoff · 4^(n + 1) after the n-th answer that agrees, at
 *     most 6 h: with the defaults 8 min and 32 min, so that a bad half hour of the service is outlived.
 *   - A suspicious answer that does not agree begins a count of its own. Any other valid answer, changed or
 *     not, forgets the candidate. A failed fetch does neither.
 *   - Until then the old board stays and is published. The combination counts neither as failed nor as being
 *     retried, so that `--once` does not wait for it: the count goes on with the next run. */
#include <stdbool.h>
#include <stdint.h>

#include "common/record.h"
#include "coordinator/refresh.h"

enum accept_decision {
    ACCEPT_REPLACE, /* rows and detail are to be written with the record */
    ACCEPT_KEEP,    /* it says what the store has: the record alone */
    ACCEPT_ASIDE    /* not believed yet: the record alone */
};

struct accept_answer {
    bool changed; /* false: the content is what the store has */
    uint32_t entries;
    uint8_t hash[RECORD_HASH_SIZE];
    uint64_t lease;
    uint64_t generation; /* of the commit that will hold it */
    int64_t wall_ms;
};

/* `record` is what the store has, all zero if nothing. Checksums and lengths of a board that is replaced are
 * for the store to fill in. */
enum accept_decision accept_answer(
    const struct refresh_policy *policy, struct record_board *record, const struct accept_answer *answer);

/* Counts a failed fetch. 404 and 410 for a board that was there are noted: what is kept is of a board that
 * the service does not have any more. */
void accept_failure(
    struct record_board *record, enum failure failure, uint64_t http_status, uint64_t lease, int64_t wall_ms);

/* The distance before the next fetch after `count` answers that agree. */
int64_t accept_distance_ms(const struct refresh_policy *policy, uint32_t count);

/* Milliseconds until the board is due again: what is left of `max_age_ms`, or of the distance while an answer
 * is kept aside; 0: it is due, never fetched or has lost its content. A record of the future counts as made
 * now. */
int64_t accept_due_in_ms(
    const struct refresh_policy *policy, const struct record_board *record, int64_t wall_ms);

#endif
