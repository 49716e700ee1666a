#ifndef R3E_COORDINATOR_QUARANTINE_H
#define R3E_COORDINATOR_QUARANTINE_H
/* Combinations that take their workers down: after three deaths one is left alone for a day, and stops
 * nothing else (FAULTS B; gearmand and Faktory call such a job poison).
 *
 * Deaths are counted in the board's record since its last valid answer, so they survive restarts; a record
 * made for that alone has `fetched_at_ms` 0 and counts as not fetched everywhere. What the store has of the
 * board stays and stays published. A quarantine ends with its time, with `r3ectl release`, or with a valid
 * answer that comes late; the deaths are forgotten then.
 *
 * A board with fewer deaths is a suspect. After a start suspects are handed out one by one, with pauses and
 * behind what is due: so whoever took the last coordinator down cannot keep others from being fetched, and an
 * innocent one is not held beside it again and again just because both come first. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/plan.h"
#include "coordinator/store.h"

#define QUARANTINE_DEATHS   3
#define QUARANTINE_MS       ((int64_t)24 * 3600 * 1000)
#define QUARANTINE_SPACE_MS 200 /* between two suspects */

/* Counts a death in the board's record, with the next commit. True if it is (again) quarantined, for
 * QUARANTINE_MS from now. */
bool quarantine_count_death(struct store *store, uint32_t track_id, uint32_t class_id, int64_t wall_ms);

/* The same for the board at `place`, which is WAITING again, and what follows for the plan. */
bool quarantine_note_death(
    struct store *store, struct plan *plan, uint32_t place, int64_t now_ms, int64_t wall_ms);

/* Takes over what the record says when the plan is made. True if the board is quarantined. Whatever the
 * clocks did meanwhile, it ends within QUARANTINE_MS. */
bool quarantine_learn(
    struct plan *plan, uint32_t place, const struct record_board *record, int64_t now_ms, int64_t wall_ms);

/* The board is due now, its deaths are forgotten (with the next commit). False if it is not quarantined. */
bool quarantine_release(struct store *store, struct plan *plan, uint32_t place, int64_t now_ms);

#endif
