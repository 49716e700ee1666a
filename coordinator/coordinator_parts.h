#ifndef R3E_COORDINATOR_COORDINATOR_PARTS_H
#define R3E_COORDINATOR_COORDINATOR_PARTS_H
/* The parts of the coordinator: made in order, each with those it needs, and ended in reverse. */
#include "coordinator/coordinator_state.h"

/* The store, and what is read from it: plan, refresh, an operator's pause. */
void coordinator_open_store(struct coordinator *c);

/* Everything else; the sockets and the loop must be there. */
void coordinator_open_parts(struct coordinator *c);

/* Takes what has come in until now to disk, tells the world a last time and frees everything. */
void coordinator_close(struct coordinator *c);

/* What must stay free on the disk. */
uint64_t coordinator_min_free_bytes(const struct config *config);

#endif
