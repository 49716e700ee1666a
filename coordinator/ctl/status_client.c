#include "coordinator/ctl/status_client.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/memory.h"
#include "coordinator/ctl/listener.h"

#define JSON_MAX ((size_t)1024 * 1024)

struct status_client {
    struct listener *listener;
    struct buffer json; /* of the last summary */
};

struct status_client *status_client_open(const struct ctl_globals *where, const char *name, int *code)
{
    struct listener *listener = listener_open(where, name, 1u << LISTENER_TOPIC_SUMMARY, false, code);
    if (!listener)
        return NULL;
    struct status_client *client = memory_zalloc(1, sizeof *client);
    client->listener = listener;
    client->json = buffer_make(JSON_MAX);
    return client;
}

void status_client_close(struct status_client **pointer)
{
    struct status_client *client = *pointer;
    if (!client)
        return;
    listener_close(&client->listener);
    buffer_free(&client->json);
    free(client);
    *pointer = NULL;
}

/* Keeps the summary if the message is one. */
static bool take(
    struct status_client *client, const struct listener_message *message, struct summary *summary)
{
    struct summary one;
    if (!summary_parse(message->json, &one))
        return false;
    *summary = one;
    buffer_clear(&client->json);
    return buffer_append(&client->json, message->json.data, message->json.length);
}

enum status_event status_client_next(struct status_client *client, struct summary *summary, struct text *json)
{
    int64_t deadline_ms = clock_monotonic_ms() + STATUS_CLIENT_SILENCE_MS;
    struct listener_message message;
    bool found = false;
    for (;;) {
        /* The newest summary that waits: who prints slowly must not fall behind. */
        int64_t left_ms = found ? 0 : deadline_ms - clock_monotonic_ms();
        int signal_number;
        enum listener_event event = listener_next(client->listener, left_ms, &message, &signal_number);
        if (event == LISTENER_MESSAGE) {
            found |= take(client, &message, summary);
            continue;
        }
        if (event == LISTENER_SIGNAL)
            return STATUS_EVENT_SIGNAL;
        if (!found)
            return STATUS_EVENT_SILENCE;
        if (json)
            *json = (struct text){(const char *)client->json.data, (uint32_t)client->json.length};
        return STATUS_EVENT_SUMMARY;
    }
}

int status_client_nobody(const struct status_client *client, const char *name)
{
    (void)name;
    return listener_nobody(client->listener);
}
