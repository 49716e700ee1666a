#ifndef R3E_COORDINATOR_CTL_CLIENT_H
#define R3E_COORDINATOR_CTL_CLIENT_H
/* A connection to one of the coordinator's sockets: what status_client and control_client share. Nothing
 * waits for ever, and each error says what to do. */
#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"
#include "coordinator/ctl/command.h"

struct client {
    const char *name; /* the command's, borrowed */
    enum ctl_socket kind;
    char *endpoint; /* owned, as the next three */
    void *context;
    void *socket;
    void *events;             /* what becomes of the connection */
    struct ctl_globals where; /* its strings are borrowed */
};

/* Makes a socket of `type` (ZMQ_SUB, ZMQ_DEALER) and connects it to `where`'s socket of `kind`: what
 * --connect says, else the configuration. False after saying what is wrong on standard error; `*code` is the
 * exit code then. Release in both cases. Whether somebody is there shows later. */
bool client_open(struct client *client, const struct ctl_globals *where, const char *name,
    enum ctl_socket kind, int type, const struct wire_options *options, int *code);
void client_close(struct client *client);

/* Waits until the socket is ready for `events` (ZMQ_POLLIN, ZMQ_POLLOUT); false: it is not within the time.
 */
bool client_wait(const struct client *client, short events, int64_t patience_ms);

/* Says on standard error that nobody is there and what to do. Returns the exit code. */
int client_nobody(const struct client *client);

#endif
