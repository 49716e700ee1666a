#ifndef R3E_COORDINATOR_CLAIMS_H
#define R3E_COORDINATOR_CLAIMS_H
/* Which boards are handed out, kept in the store, so that a board that takes the whole coordinator or host
 * down is counted too (attempts are counted when a job is handed out, not when its result comes).
 *
 * The list goes into every commit before which it changed, and into one of its own when none comes for
 * CLAIMS_LATEST_MS; a clean end empties it. What a start finds in it was held when the predecessor died: each
 * of these boards counts a death (quarantine.h). One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "coordinator/dispatch.h"
#include "coordinator/store.h"

#define CLAIMS_LATEST_MS 1000

/* The start's part, before the plan is made from the records: counts the deaths of boards that the catalogue
 * has, and empties the list in the same commit. Returns how many boards there were. A broken list counts as
 * empty (logged). */
unsigned claims_take_over(struct store *store, const struct catalogue *catalogue, int64_t wall_ms);

struct claims;

/* Both are borrowed for its life. */
struct claims *claims_open(struct store *store, const struct dispatch *dispatch);

/* Puts an empty list into the open batch: nobody died. */
void claims_close(struct claims **pointer);

/* Puts the list into the open batch if it has changed. To be called before every commit. */
void claims_put(void *context);

/* Returns how many milliseconds it may sleep; 0: a commit is due for the list alone. */
int64_t claims_tick(struct claims *claims, int64_t now_ms);

#endif
