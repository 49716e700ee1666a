#ifndef R3E_COORDINATOR_CTL_SECURE_H
#define R3E_COORDINATOR_CTL_SECURE_H
/* Keys for the sockets that r3ectl connects, and why a connection fails. */
#include <stdbool.h>

#include "coordinator/ctl/command.h"

/* Encrypts `socket`, which is to be connected to `endpoint`, with the keys of --key and --server-key if it is
 * a tcp one and they are given. False after saying what is wrong (exit with CTL_WRONG); `name` is the
 * command's. */
bool secure_socket(const struct ctl_globals *where, const char *name, const char *endpoint, void *socket);

/* Reads what the socket's events (common/link_events.h) tell, and says on standard error why connecting
 * failed, if it did. True if something was said. */
bool secure_say_why(const struct ctl_globals *where, const char *name, const char *endpoint, void *events);

#endif
