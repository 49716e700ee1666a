#ifndef R3E_COORDINATOR_DISPATCH_JOBS_H
#define R3E_COORDINATOR_DISPATCH_JOBS_H
/* What dispatch hands out, and when: robots.txt if it is time for it, then pages of jobs under way, then new
 * jobs. */
#include "coordinator/dispatch_state.h"

/* Hands out whatever may go out at `now_ms`. A worker that cannot be reached is dropped on the way. */
void dispatch_hand_out(struct dispatch *dispatch, int64_t now_ms);

#endif
