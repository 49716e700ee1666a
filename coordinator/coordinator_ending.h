#ifndef R3E_COORDINATOR_COORDINATOR_ENDING_H
#define R3E_COORDINATOR_COORDINATOR_ENDING_H
/* How the coordinator comes to its end: at once (signal, broken store), when `once` has done what it can, or
 * when an operator had it drained. */
#include "coordinator/coordinator_state.h"

/* Begins to stop: nothing more is handed out, and workers have a moment for their last results. Exit codes as
 * in coordinator.h; the first one counts. `state`: STATUS_DONE if all that was to be done is, else
 * STATUS_STOPPING. */
void coordinator_stop(struct coordinator *c, int exit_code, enum status_state state);

/* Begins to drain; `context` is the coordinator. */
void coordinator_drain(void *context);

/* Begins to stop if `once` or a drain has come to its end. `busy`: there are boards to be fetched. */
void coordinator_tick_ending(struct coordinator *c, bool busy, int64_t now_ms);

#endif
