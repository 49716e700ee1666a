#ifndef R3E_COORDINATOR_PAUSE_H
#define R3E_COORDINATOR_PAUSE_H
/* An operator's pause: HOLD_PAUSED, kept in the store, so that a restart stays paused. It ends when it is
 * resumed, or after the time that was asked for; a clock that is set back cannot make that longer. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/holds.h"
#include "coordinator/store.h"

/* Goes on with a pause that the store knows of (logged). What cannot be read counts as none. */
void pause_load(struct store *store, struct holds *holds, int64_t now_ms, int64_t wall_ms);

/* Pauses, or changes the pause there is; `for_s` 0: until it is resumed. Kept with the next commit. */
void pause_begin(struct store *store, struct holds *holds, uint64_t for_s, const char *reason, int64_t now_ms,
    int64_t wall_ms);

/* False if there was none. Kept with the next commit. */
bool pause_end(struct store *store, struct holds *holds, int64_t now_ms);

#endif
