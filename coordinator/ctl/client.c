#include "coordinator/ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/link_events.h"
#include "coordinator/ctl/secure.h"

static const char *kind_string(enum ctl_socket kind)
{
    return kind == CTL_SOCKET_STATUS ? "status" : "control";
}

bool client_open(struct client *client, const struct ctl_globals *where, const char *name,
    enum ctl_socket kind, int type, const struct wire_options *options, int *code)
{
    *client = (struct client){
        .name = name, .kind = kind, .where = *where, .endpoint = ctl_endpoint(where, name, kind)};
    *code = CTL_WRONG;
    if (!client->endpoint)
        return false;
    client->context = zmq_ctx_new();
    client->socket = client->context ? wire_open(client->context, type, options) : NULL;
    if (client->socket && !secure_socket(where, name, client->endpoint, client->socket))
        return false;
    client->events = client->socket ? link_events_open(client->context, client->socket) : NULL;
    if (client->events && wire_connect(client->socket, client->endpoint)) {
        *code = CTL_DONE;
        return true;
    }
    fprintf(stderr, "r3ectl %s: cannot connect to %s: %s; name the %s socket with --connect ENDPOINT\n", name,
        client->endpoint, zmq_strerror(errno), kind_string(kind));
    *code = CTL_FAILED;
    return false;
}

void client_close(struct client *client)
{
    link_events_close(&client->events, client->socket);
    wire_close(&client->socket);
    if (client->context)
        zmq_ctx_term(client->context);
    free(client->endpoint);
    *client = (struct client){0};
}

bool client_wait(const struct client *client, short events, int64_t patience_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + patience_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        zmq_pollitem_t item = {.socket = client->socket, .events = events};
        int ready = zmq_poll(&item, 1, left_ms > 0 ? (long)left_ms : 0);
        if (ready > 0)
            return true;
        if (left_ms <= 0 || (ready < 0 && errno != EINTR))
            return false;
    }
}

int client_nobody(const struct client *client)
{
    if (secure_say_why(&client->where, client->name, client->endpoint, client->events))
        return CTL_FAILED;
    fprintf(stderr,
        "r3ectl %s: nobody answers at %s. Is the coordinator running, and is this its %s socket "
        "(sockets.%s)?\n",
        client->name, client->endpoint, kind_string(client->kind), kind_string(client->kind));
    return CTL_FAILED;
}
