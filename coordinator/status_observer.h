#ifndef R3E_COORDINATOR_STATUS_OBSERVER_H
#define R3E_COORDINATOR_STATUS_OBSERVER_H
/* Sees what begins and ends (states, holds, refreshes, exports) by comparing with what was there when it
 * looked last, and tells of it as events; so no part can forget to. What is shorter than one round of the
 * event loop goes unseen. Also keeps how long boards wait to be published. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/publication_delay.h"
#include "coordinator/status_sources.h"

struct status_observer {
    bool looked; /* before; what is there at the first look is told too */
    enum status_state state;
    bool held[HOLD_KINDS];
    struct refresh_progress progress;
    bool exporting;
    int64_t export_began_ms; /* monotonic */
    uint64_t exports, export_failures;
    struct publication_delay delay;
};

/* Looks once; call it in every round of the loop, it costs next to nothing. */
void status_observer_look(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at);

#endif
