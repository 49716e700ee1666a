#include "coordinator/ctl/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/link_events.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/ctl/secure.h"

#define HIGH_WATER_MARK 4

struct control_client {
    const char *name; /* the command's, borrowed */
    char *endpoint;
    void *context;
    struct ctl_globals where; /* its strings are borrowed */
    void *socket, *events;
    struct buffer json; /* of the last answer */
};

/* False after saying why; `*code` is the exit code. */
static bool connect_socket(struct control_client *client, int *code)
{
    const struct wire_options options = {
        .high_water_mark = HIGH_WATER_MARK, .max_frame_bytes = CONTROL_REPLY_MAX, .linger_ms = 1000};
    client->context = zmq_ctx_new();
    client->socket = client->context ? wire_open(client->context, ZMQ_DEALER, &options) : NULL;
    if (client->socket && !secure_socket(&client->where, client->name, client->endpoint, client->socket)) {
        *code = CTL_WRONG;
        return false;
    }
    client->events = client->socket ? link_events_open(client->context, client->socket) : NULL;
    if (client->events && wire_connect(client->socket, client->endpoint))
        return true;
    fprintf(
        stderr, "r3ectl %s: cannot connect to %s: %s\n", client->name, client->endpoint, zmq_strerror(errno));
    *code = CTL_FAILED;
    return false;
}

struct control_client *control_client_open(const struct ctl_globals *where, const char *name, int *code)
{
    char *endpoint = ctl_endpoint(where, name, CTL_SOCKET_CONTROL);
    *code = CTL_WRONG;
    if (!endpoint)
        return NULL;
    struct control_client *client = memory_zalloc(1, sizeof *client);
    *client = (struct control_client){
        .name = name, .where = *where, .endpoint = endpoint, .json = buffer_make(CONTROL_REPLY_MAX)};
    if (connect_socket(client, code)) {
        *code = CTL_DONE;
        return client;
    }
    control_client_close(&client);
    return NULL;
}

void control_client_close(struct control_client **pointer)
{
    struct control_client *client = *pointer;
    if (!client)
        return;
    buffer_free(&client->json);
    link_events_close(&client->events, client->socket);
    wire_close(&client->socket);
    if (client->context)
        zmq_ctx_term(client->context);
    free(client->endpoint);
    free(client);
    *pointer = NULL;
}

/* Waits until the socket is ready for `events`. */
static bool wait_for(struct control_client *client, short events, int64_t patience_ms)
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

static bool nobody(const struct control_client *client)
{
    if (secure_say_why(&client->where, client->name, client->endpoint, client->events))
        return false;
    fprintf(stderr,
        "r3ectl %s: nobody answers at %s. Is the coordinator running, and is this its control socket "
        "(sockets.control)?\n",
        client->name, client->endpoint);
    return false;
}

static bool take_reply(struct control_client *client, struct control_reply *reply)
{
    struct wire_message message;
    if (wire_receive(client->socket, &message) != 1)
        return nobody(client);
    bool ok = message.count == 1 && !message.excess &&
              control_reply_decode(wire_frame(&message, 0), wire_frame_size(&message, 0), reply);
    buffer_clear(&client->json);
    if (ok)
        buffer_append(&client->json, wire_frame(&message, 0), wire_frame_size(&message, 0));
    else
        fprintf(stderr,
            "r3ectl %s: %s answers with something else; use r3ectl of the coordinator's release\n",
            client->name, client->endpoint);
    wire_message_free(&message);
    return ok;
}

bool control_client_ask(
    struct control_client *client, const struct control_request *request, struct control_reply *reply)
{
    struct buffer frame = buffer_make(CONTROL_REQUEST_MAX);
    bool fits = control_request_encode(request, &frame);
    /* Without IMMEDIATE's wait (wire.c) the request would be queued for whoever comes some day. */
    bool sent = fits && wait_for(client, ZMQ_POLLOUT, CONTROL_CLIENT_CONNECT_MS) &&
                zmq_send(client->socket, frame.data, frame.length, ZMQ_DONTWAIT) >= 0;
    buffer_free(&frame);
    if (!fits) {
        fprintf(stderr, "r3ectl %s: too much for one request; name fewer at a time\n", client->name);
        return false;
    }
    if (!sent)
        return nobody(client);
    if (wait_for(client, ZMQ_POLLIN, CONTROL_CLIENT_ANSWER_MS))
        return take_reply(client, reply);
    fprintf(stderr, "r3ectl %s: %s does not answer for %d s; r3ectl status may tell what is wrong\n",
        client->name, client->endpoint, CONTROL_CLIENT_ANSWER_MS / 1000);
    return false;
}

struct text control_client_json(const struct control_client *client)
{
    return (struct text){(const char *)client->json.data, (uint32_t)client->json.length};
}
