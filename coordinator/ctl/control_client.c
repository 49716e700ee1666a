#include "coordinator/ctl/control_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/memory.h"
#include "common/unicode.h"
#include "coordinator/ctl/client.h"

#define HIGH_WATER_MARK 4

struct control_client {
    struct client base;
    struct buffer json; /* of the last answer */
};

struct control_client *control_client_open(const struct ctl_globals *where, const char *name, int *code)
{
    const struct wire_options options = {
        .high_water_mark = HIGH_WATER_MARK, .max_frame_bytes = CONTROL_REPLY_MAX, .linger_ms = 1000};
    struct control_client *client = memory_zalloc(1, sizeof *client);
    client->json = buffer_make(CONTROL_REPLY_MAX);
    if (!client_open(&client->base, where, name, CTL_SOCKET_CONTROL, ZMQ_DEALER, &options, code))
        control_client_close(&client);
    return client;
}

void control_client_close(struct control_client **pointer)
{
    struct control_client *client = *pointer;
    if (!client)
        return;
    client_close(&client->base);
    buffer_free(&client->json);
    free(client);
    *pointer = NULL;
}

bool control_client_send(struct control_client *client, const struct control_request *request)
{
    struct buffer frame = buffer_make(CONTROL_REQUEST_MAX);
    bool sent = control_request_encode(request, &frame) &&
                zmq_send(client->base.socket, frame.data, frame.length, ZMQ_DONTWAIT) >= 0;
    buffer_free(&frame);
    return sent;
}

bool control_client_take(struct control_client *client, struct control_reply *reply)
{
    struct wire_message message;
    if (wire_receive(client->base.socket, &message) != 1)
        return false;
    bool ok = message.count == 1 && !message.excess &&
              control_reply_decode(wire_frame(&message, 0), wire_frame_size(&message, 0), reply);
    buffer_clear(&client->json);
    if (ok) /* whoever answers must not steer the terminal */
        unicode_make_printable(reply->text);
    if (ok)
        buffer_append(&client->json, wire_frame(&message, 0), wire_frame_size(&message, 0));
    wire_message_free(&message);
    return ok;
}

static bool fits(const struct control_request *request)
{
    struct buffer frame = buffer_make(CONTROL_REQUEST_MAX);
    bool ok = control_request_encode(request, &frame);
    buffer_free(&frame);
    return ok;
}

bool control_client_ask(
    struct control_client *client, const struct control_request *request, struct control_reply *reply)
{
    const struct client *base = &client->base;
    if (!fits(request)) {
        fprintf(stderr, "r3ectl %s: too much for one request; name fewer at a time\n", base->name);
        return false;
    }
    /* Without IMMEDIATE's wait (wire.c) the request would be queued for whoever comes some day. */
    if (!client_wait(base, ZMQ_POLLOUT, CONTROL_CLIENT_CONNECT_MS) || !control_client_send(client, request)) {
        client_nobody(base);
        return false;
    }
    if (!client_wait(base, ZMQ_POLLIN, CONTROL_CLIENT_ANSWER_MS)) {
        fprintf(stderr, "r3ectl %s: %s does not answer for %d s; r3ectl status may tell what is wrong\n",
            base->name, base->endpoint, CONTROL_CLIENT_ANSWER_MS / 1000);
        return false;
    }
    if (control_client_take(client, reply))
        return true;
    fprintf(stderr, "r3ectl %s: %s answers with something else; use r3ectl of the coordinator's release\n",
        base->name, base->endpoint);
    return false;
}

void *control_client_socket(const struct control_client *client)
{
    return client->base.socket;
}

struct text control_client_json(const struct control_client *client)
{
    return (struct text){(const char *)client->json.data, (uint32_t)client->json.length};
}
