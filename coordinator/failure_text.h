#ifndef R3E_COORDINATOR_FAILURE_TEXT_H
#define R3E_COORDINATOR_FAILURE_TEXT_H
/* Why a board counts as failed, in words. Pure. */
#include "coordinator/plan.h"

#define FAILURE_TEXT_SIZE 160

/* "timeout", "http_status (HTTP 404): gone from the service …", "quarantined: …"; `entry` is one that failed.
 */
void failure_text(const struct plan_entry *entry, char out[static FAILURE_TEXT_SIZE]);

#endif
