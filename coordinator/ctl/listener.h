#ifndef R3E_COORDINATOR_CTL_LISTENER_H
#define R3E_COORDINATOR_CTL_LISTENER_H
/* Listens to a coordinator's status socket (common/PROTOCOL.md, "Status"). The coordinator sends summary and
 * workers twice a second, and all of them at once to who has just come; so silence means that nobody is
 * there. */
#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "common/pack_reader.h"
#include "coordinator/ctl/command.h"

#define LISTENER_SILENCE_MS 5000 /* then nobody is there */

/* X(name, topic); a client names the ones it wants by bits (1 << LISTENER_TOPIC_…). */
#define LISTENER_TOPICS(X)                                                                                   \
    X(LISTENER_TOPIC_SUMMARY, "summary")                                                                     \
    X(LISTENER_TOPIC_WORKER, "worker")                                                                       \
    X(LISTENER_TOPIC_EVENT, "event")

#define X(name, string) name,
enum listener_topic { LISTENER_TOPICS(X) LISTENER_TOPIC_COUNT };
#undef X

struct listener;

enum listener_event {
    LISTENER_MESSAGE,
    LISTENER_SILENCE, /* nothing of what it waited for came within the time */
    LISTENER_SIGNAL,  /* one of those below */
    LISTENER_OTHER,   /* what listener_also named */
};

struct listener_message {
    enum listener_topic topic;
    struct text json; /* valid until the next call */
};

/* Subscribes to the topics whose bits are set. SIGINT, SIGTERM and SIGHUP are events from now on; with
 * `screen` SIGWINCH and SIGTSTP too. NULL after saying what is wrong; `*code` is the exit code. */
struct listener *listener_open(
    const struct ctl_globals *where, const char *name, unsigned topics, bool screen, int *code);
void listener_close(struct listener **pointer);

/* Also wakes for this (a descriptor or a ZeroMQ socket, for reading); two at most. */
void listener_also(struct listener *client, zmq_pollitem_t item);

/* Waits for the next event, at most `patience_ms`. Messages of two frames and a topic that was asked for fill
 * `*message`, others are passed over. A signal's number goes to `*signal_number`. */
enum listener_event listener_next(
    struct listener *client, int64_t patience_ms, struct listener_message *message, int *signal_number);

/* Says on standard error that nobody is there and what to do. Returns the exit code. */
int listener_nobody(const struct listener *client);

#endif
