#ifndef R3E_COORDINATOR_STATUS_REASON_H
#define R3E_COORDINATOR_STATUS_REASON_H
/* Why the coordinator does what it does just now, in one sentence for people: "waiting for 04:45, the daily
 * refresh", "a full refresh, 812 of 19,000 boards are left", or what a hold says. Pure but for the time zone
 * (TZ), as people read local time. */
#include <stdint.h>

#include "coordinator/status_sources.h"

#define STATUS_REASON_SIZE 256

struct status_reason_facts {
    enum status_state state;
    const struct hold *hold; /* the first there is; NULL: none */
    struct refresh_progress progress;
    uint32_t total, left, missing, retrying; /* boards */
    int64_t next_due_wall_ms;                /* when the next board is due; 0: unknown */
    int64_t wall_ms;
};

void status_reason(const struct status_reason_facts *facts, char out[static STATUS_REASON_SIZE]);

#endif
