#ifndef R3E_COORDINATOR_WELCOME_H
#define R3E_COORDINATOR_WELCOME_H
/* What every worker is told of the configuration in its WELCOME. */
#include "common/config.h"
#include "common/protocol.h"

/* All fields but the worker's name; limits are the configured ones, not yet spread. The configuration's
 * limits see to it that its texts fit. */
struct message_welcome welcome_make(const struct config *config, int64_t heartbeat_ms);

#endif
