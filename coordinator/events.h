#ifndef R3E_COORDINATOR_EVENTS_H
#define R3E_COORDINATOR_EVENTS_H
/* What happened lately, for those who watch: the `event` topic of the status socket. The log is for the
 * record; this is for the screen, in two rings of fixed size, so that thousands of stored boards do not push
 * out that the breaker opened. An event has a number that grows by one for each since the start of the
 * process: who sees a gap has missed some. One thread. */
#include <stddef.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "common/json_writer.h"
#include "common/protocol.h"

#define EVENTS_KEPT      128 /* of each ring */
#define EVENTS_TEXT_SIZE 200

enum event_ring { EVENT_FREQUENT, EVENT_RARE, EVENT_RINGS };

/* X(name, what programs call it, ring) */
#define EVENT_KINDS(X)                                                                                       \
    X(EVENT_STATE, "state", EVENT_RARE) /* the coordinator does something else now */                        \
    X(EVENT_WORKER_JOINED, "worker_joined", EVENT_FREQUENT)                                                  \
    X(EVENT_WORKER_LEFT, "worker_left", EVENT_FREQUENT) /* in good order */                                  \
    X(EVENT_WORKER_DIED, "worker_died", EVENT_RARE)     /* with a board in its hands */                      \
    X(EVENT_LEASE_EXPIRED, "lease_expired", EVENT_RARE)                                                      \
    X(EVENT_BOARD_STORED, "board_stored", EVENT_FREQUENT)     /* with new content */                         \
    X(EVENT_BOARD_ASIDE, "board_aside", EVENT_FREQUENT)       /* an answer is kept aside until confirmed */  \
    X(EVENT_BOARD_FAILED, "board_failed", EVENT_FREQUENT)     /* an attempt; there will be another */        \
    X(EVENT_BOARD_GIVEN_UP, "board_given_up", EVENT_FREQUENT) /* until the next refresh */                   \
    X(EVENT_QUARANTINED, "quarantined", EVENT_RARE)           /* three workers died of a board */            \
    X(EVENT_HOLD_BEGUN, "hold_begun", EVENT_RARE)             /* nothing is handed out, and why */           \
    X(EVENT_HOLD_ENDED, "hold_ended", EVENT_RARE)                                                            \
    X(EVENT_EXPORT_BEGUN, "export_begun", EVENT_RARE)                                                        \
    X(EVENT_EXPORT_DONE, "export_done", EVENT_RARE)                                                          \
    X(EVENT_EXPORT_FAILED, "export_failed", EVENT_RARE)                                                      \
    X(EVENT_REFRESH_BEGUN, "refresh_begun", EVENT_RARE) /* full, or of boards asked for by name */           \
    X(EVENT_REFRESH_ENDED, "refresh_ended", EVENT_RARE)                                                      \
    X(EVENT_COMMAND, "command", EVENT_RARE) /* an operator's, and what it answered */

#define X(name, string, ring) name,
enum event_kind { EVENT_KINDS(X) EVENT_KIND_COUNT };
#undef X

struct event {
    uint64_t number; /* from 1 */
    int64_t wall_ms;
    enum event_kind kind;
    uint32_t track_id, class_id;   /* 0: no board */
    char worker[PROTOCOL_ID_SIZE]; /* "": no worker */
    char text[EVENTS_TEXT_SIZE];   /* for people; cut if need be */
};

/* What an event is about; zero where it is not about such a thing. `worker` is copied. */
struct event_about {
    uint32_t track_id, class_id;
    const char *worker;
};

struct events;

struct events *events_open(void);
void events_close(struct events **pointer);

/* `events` may be NULL: then nothing is kept. `about` may be NULL. */
void events_put(struct events *events, enum event_kind kind, const struct event_about *about, int64_t wall_ms,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The number of the last one; 0: none yet. */
uint64_t events_last(const struct events *events);

/* Writes a JSON array of those that are kept and later than number `after`, oldest first; with the names that
 * the catalogue has now. */
void events_write(
    const struct events *events, uint64_t after, const struct catalogue *catalogue, struct json_writer *json);

#endif
