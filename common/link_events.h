#ifndef R3E_COMMON_LINK_EVENTS_H
#define R3E_COMMON_LINK_EVENTS_H
/* What becomes of a ZeroMQ socket's connections (zmq_socket_monitor(3)): without it a peer that refuses our
 * key looks the same as one that is not there.
 *
 * Events come as messages on a socket of their own, for the event loop; they must be read while the socket is
 * open, since libzmq keeps every one of them (a limit would stop its thread). One thread. */
#include <stdbool.h>
#include <stdint.h>

enum link_event_kind {
    LINK_ACCEPTED,  /* `fd`: somebody connected to a bound endpoint */
    LINK_CONNECTED, /* `fd`: we reached somebody */
    LINK_READY,     /* the handshake is complete */
    LINK_FAILED,    /* it was not completed: `cause`, `value`; LINK_LOST follows */
    LINK_LOST,      /* `fd`: a connection is over */
};

enum link_cause {
    LINK_CAUSE_CLOSED,    /* the other side broke off or fell silent; value: errno */
    LINK_CAUSE_MECHANISM, /* one side uses keys and the other does not */
    LINK_CAUSE_CRYPTO,    /* what it sent was not made for our key, or was tampered with */
    LINK_CAUSE_PROTOCOL,  /* it does not speak ZMTP as it should; value: ZMQ_PROTOCOL_ERROR_* */
    LINK_CAUSE_REFUSED,   /* the ZAP handler said no; value: its status code */
};

struct link_event {
    enum link_event_kind kind;
    enum link_cause cause; /* LINK_FAILED */
    int value;
    int fd;   /* of libzmq: may be closed, and reused, already */
    bool tcp; /* the endpoint is a tcp one */
};

/* Begins to watch `watched`. Returns a socket that is readable when an event is there, NULL with errno set.
 */
void *link_events_open(void *context, void *watched);

/* Stops watching, and closes and clears; NULL is allowed. To be called before `watched` is closed. */
void link_events_close(void **events, void *watched);

/* Takes the next event; false if there is none now. */
bool link_events_next(void *events, struct link_event *event);

/* For people: what a server has to say of a peer that failed, and what a client can do about its own failure.
 * `event` is a LINK_FAILED; `keys`: we used
 * some. Constant strings. */
const char *link_event_of_peer(const struct link_event *event);
const char *link_event_of_ours(const struct link_event *event, bool keys);

#endif
