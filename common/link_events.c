#include "common/link_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "common/log.h"

#define EVENTS                                                                                               \
    (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED |                                     \
        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                         \
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_SUCCEEDED)

void *link_events_open(void *context, void *watched)
{
    char address[64];
    /* A name that no other socket of this process has while this one lives. */
    int length = snprintf(address, sizeof address, "inproc://link-events-%" PRIxPTR, (uintptr_t)watched);
    if (length < 0 || (size_t)length >= sizeof address)
        log_bug("link_events: the name of an endpoint is too long");
    void *events = zmq_socket(context, ZMQ_PAIR);
    if (!events)
        return NULL;
    /* With a limit, libzmq's thread would wait for us where it tells an event, holding a lock that closing
     * the watched socket takes. */
    int unlimited = 0;
    if (zmq_setsockopt(events, ZMQ_RCVHWM, &unlimited, sizeof unlimited) == 0 &&
        zmq_setsockopt(events, ZMQ_LINGER, &unlimited, sizeof unlimited) == 0 &&
        zmq_socket_monitor(watched, address, EVENTS) == 0 && zmq_connect(events, address) == 0)
        return events;
    int saved = errno;
    zmq_close(events);
    errno = saved;
    return NULL;
}

void link_events_close(void **events, void *watched)
{
    if (!*events)
        return;
    zmq_socket_monitor(watched, NULL, 0);
    zmq_close(*events);
    *events = NULL;
}

static enum link_cause cause_of(uint32_t error)
{
    switch (error) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
        return LINK_CAUSE_MECHANISM;
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
    case ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE:
        return LINK_CAUSE_CRYPTO;
    default:
        return LINK_CAUSE_PROTOCOL;
    }
}

static bool translate(unsigned number, uint32_t value, struct link_event *event)
{
    event->value = (int)value;
    switch (number) {
    case ZMQ_EVENT_ACCEPTED:
        event->kind = LINK_ACCEPTED;
        break;
    case ZMQ_EVENT_CONNECTED:
        event->kind = LINK_CONNECTED;
        break;
    case ZMQ_EVENT_DISCONNECTED:
        event->kind = LINK_LOST;
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        event->kind = LINK_READY;
        return true;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        event->kind = LINK_FAILED;
        event->cause = LINK_CAUSE_CLOSED;
        return true;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        event->kind = LINK_FAILED;
        event->cause = cause_of(value);
        return true;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        event->kind = LINK_FAILED;
        event->cause = LINK_CAUSE_REFUSED;
        return true;
    default:
        return false; /* watching has stopped */
    }
    event->fd = (int)value;
    return true;
}

/* One frame; false if there is none. Longer ones are cut. */
static bool take_frame(void *events, void *out, size_t size, size_t *length)
{
    int received;
    do
        received = zmq_recv(events, out, size, ZMQ_DONTWAIT);
    while (received < 0 && errno == EINTR);
    *length = received < 0 ? 0 : (size_t)received < size ? (size_t)received : size;
    return received >= 0;
}

bool link_events_next(void *events, struct link_event *event)
{
    uint8_t head[6]; /* number of the event, its value: in the byte order of this machine (the manual) */
    char endpoint[8];
    size_t length, endpoint_length;
    while (take_frame(events, head, sizeof head, &length) &&
           take_frame(events, endpoint, sizeof endpoint, &endpoint_length)) {
        uint16_t number;
        uint32_t value;
        memcpy(&number, head, sizeof number);
        memcpy(&value, head + sizeof number, sizeof value);
        *event =
            (struct link_event){.fd = -1, .tcp = endpoint_length >= 6 && memcmp(endpoint, "tcp://", 6) == 0};
        if (length == sizeof head && translate(number, value, event))
            return true;
    }
    return false;
}

const char *link_event_of_peer(const struct link_event *event)
{
    switch (event->cause) {
    case LINK_CAUSE_CLOSED:
        return "it left, or fell silent, before it had shown a key";
    case LINK_CAUSE_MECHANISM:
        return "it came without a key";
    case LINK_CAUSE_CRYPTO:
        return "it took us for somebody else: its --server-key is not our public key";
    case LINK_CAUSE_PROTOCOL:
        return "it does not speak ZeroMQ's protocol";
    case LINK_CAUSE_REFUSED:
        return "its key is not authorized";
    }
    return "";
}

const char *link_event_of_ours(const struct link_event *event, bool keys)
{
    switch (event->cause) {
    case LINK_CAUSE_CLOSED:
        if (!keys)
            return "the connection was closed in the middle of the handshake: the coordinator has "
                   "security.server_key (give --key and --server-key then), or something else listens there";
        return "the connection was closed in the middle of the handshake: --server-key is not the "
               "coordinator's public key, the coordinator has no security.server_key (leave --key and "
               "--server-key out then), or something else listens there";
    case LINK_CAUSE_MECHANISM:
        return "one side uses keys and the other does not: give --key and --server-key if the coordinator "
               "has "
               "security.server_key, and leave them out if it has not";
    case LINK_CAUSE_CRYPTO:
        return "what came was not made with the coordinator's key: --server-key is another one's";
    case LINK_CAUSE_PROTOCOL:
        return "what listens there does not speak ZeroMQ's protocol";
    case LINK_CAUSE_REFUSED:
        return "the coordinator refused our key: put its .pub file, with the right for this, into the folder "
               "of "
               "security.authorized_keys there";
    }
    return "";
}
