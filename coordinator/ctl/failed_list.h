#ifndef R3E_COORDINATOR_CTL_FAILED_LIST_H
#define R3E_COORDINATOR_CTL_FAILED_LIST_H
/* The boards that failed in the last refresh, asked of the coordinator part by part. */
#include <stdbool.h>

#include <cjson/cJSON.h>

#include "coordinator/ctl/control_client.h"

/* Calls `visit` with the object of each (common/PROTOCOL.md, command `failed`). False after saying what is
 * wrong; some may have been visited. */
bool failed_list_visit(struct control_client *client, const char *command,
    void (*visit)(void *context, const cJSON *board), void *context);

#endif
