#include "coordinator/ctl/status_client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/link_events.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/ctl/secure.h"

#define FRAME_MAX       ((size_t)256 * 1024)
#define HIGH_WATER_MARK 16

static const char topic[] = "summary";

struct status_client {
    char *endpoint;
    void *context;
    struct ctl_globals where; /* its strings are borrowed */
    void *socket, *events;
    int signal_fd;
    struct buffer json; /* of the last summary */
};

/* ---- connecting ---- */

static int open_signals(void)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* False after saying why; `*code` is the exit code. */
static bool connect_socket(struct status_client *client, const char *name, int *code)
{
    const struct wire_options options = {.high_water_mark = HIGH_WATER_MARK, .max_frame_bytes = FRAME_MAX};
    client->context = zmq_ctx_new();
    client->socket = client->context ? wire_open(client->context, ZMQ_SUB, &options) : NULL;
    if (client->socket && !secure_socket(&client->where, name, client->endpoint, client->socket)) {
        *code = CTL_WRONG;
        return false;
    }
    client->events = client->socket ? link_events_open(client->context, client->socket) : NULL;
    if (client->events && zmq_setsockopt(client->socket, ZMQ_SUBSCRIBE, topic, sizeof topic - 1) == 0 &&
        wire_connect(client->socket, client->endpoint))
        return true;
    fprintf(stderr, "r3ectl %s: cannot connect to %s: %s\n", name, client->endpoint, zmq_strerror(errno));
    *code = CTL_FAILED;
    return false;
}

struct status_client *status_client_open(const struct ctl_globals *where, const char *name, int *code)
{
    char *endpoint = ctl_endpoint(where, name, CTL_SOCKET_STATUS);
    *code = CTL_WRONG;
    if (!endpoint)
        return NULL;
    struct status_client *client = memory_zalloc(1, sizeof *client);
    client->endpoint = endpoint;
    client->where = *where;
    client->json = buffer_make(FRAME_MAX);
    client->signal_fd = open_signals();
    if (client->signal_fd < 0) {
        fprintf(stderr, "r3ectl %s: cannot watch for signals: %s\n", name, strerror(errno));
        *code = CTL_FAILED;
    } else if (connect_socket(client, name, code)) {
        *code = CTL_DONE;
        return client;
    }
    status_client_close(&client);
    return NULL;
}

void status_client_close(struct status_client **pointer)
{
    struct status_client *client = *pointer;
    if (!client)
        return;
    buffer_free(&client->json);
    link_events_close(&client->events, client->socket);
    wire_close(&client->socket);
    if (client->context)
        zmq_ctx_term(client->context);
    if (client->signal_fd >= 0)
        close(client->signal_fd);
    free(client->endpoint);
    free(client);
    *pointer = NULL;
}

/* ---- listening ---- */

/* Copies the summary's JSON to `client->json` if the message is one. */
static bool take(struct status_client *client, const struct wire_message *message, struct summary *summary)
{
    if (message->count != 2 || wire_frame_size(message, 1) > FRAME_MAX)
        return false;
    struct text json = {wire_frame(message, 1), (uint32_t)wire_frame_size(message, 1)};
    if (!summary_parse(json, summary))
        return false;
    buffer_clear(&client->json);
    return buffer_append(&client->json, json.data, json.length);
}

/* The newest summary that waits: who prints slowly must not fall behind. */
static bool receive(struct status_client *client, struct summary *summary)
{
    bool found = false;
    struct summary one;
    struct wire_message message;
    while (wire_receive(client->socket, &message) == 1) {
        if (take(client, &message, &one)) {
            *summary = one;
            found = true;
        }
        wire_message_free(&message);
    }
    return found;
}

enum status_event status_client_next(struct status_client *client, struct summary *summary, struct text *json)
{
    int64_t deadline_ms = clock_monotonic_ms() + STATUS_CLIENT_SILENCE_MS;
    for (;;) {
        if (receive(client, summary)) {
            if (json)
                *json = (struct text){(const char *)client->json.data, (uint32_t)client->json.length};
            return STATUS_EVENT_SUMMARY;
        }
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return STATUS_EVENT_SILENCE;
        zmq_pollitem_t items[] = {
            {.fd = client->signal_fd, .events = ZMQ_POLLIN},
            {.socket = client->socket, .events = ZMQ_POLLIN},
        };
        if (zmq_poll(items, 2, (long)left_ms) < 0 && errno != EINTR)
            return STATUS_EVENT_SILENCE;
        if (items[0].revents)
            return STATUS_EVENT_SIGNAL;
    }
}

int status_client_nobody(const struct status_client *client, const char *name)
{
    if (secure_say_why(&client->where, name, client->endpoint, client->events))
        return CTL_FAILED;
    fprintf(stderr,
        "r3ectl %s: nothing heard from %s for %d s. Is the coordinator running, and is this its status "
        "socket (sockets.status)?\n",
        name, client->endpoint, STATUS_CLIENT_SILENCE_MS / 1000);
    return CTL_FAILED;
}
