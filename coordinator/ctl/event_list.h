#ifndef R3E_COORDINATOR_CTL_EVENT_LIST_H
#define R3E_COORDINATOR_CTL_EVENT_LIST_H
/* The `event` topic of the status socket, as common/PROTOCOL.md describes it: the last events, each once
 * however often it is told, and how many were missed. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"

#define EVENT_LIST_KEPT  256 /* half of them frequent ones: those do not push out the others */
#define EVENT_TEXT_SIZE  640
#define EVENT_SHORT_SIZE 32

struct event_row {
    uint64_t number;
    char time[EVENT_SHORT_SIZE]; /* RFC 3339 */
    char kind[EVENT_SHORT_SIZE];
    char board[EVENT_SHORT_SIZE]; /* TRACK-CLASS; "": it is about none */
    char text[EVENT_TEXT_SIZE];   /* with the board's names in front, if it is about one */
};

struct event_list {
    struct event_row *rows; /* owned; oldest first */
    unsigned count;
    uint64_t epoch, last; /* start of the coordinator, number of the last one seen */
    bool whole;           /* a message with all that are kept was seen since the coordinator's start */
};

/* What a message brought. */
struct event_news {
    unsigned added; /* the last so many rows are new */
    uint64_t missed;
    bool restarted; /* another coordinator's: its numbers begin anew */
};

/* Appends what is new in a message. False if this is no such message. Release with event_list_free; begin
 * with a zeroed struct. */
bool event_list_take(struct event_list *list, struct text json, struct event_news *news);
void event_list_free(struct event_list *list);

/* Of the kinds that come by the thousand: boards, workers that come and go. */
bool event_is_frequent(const char *kind);

/* Failures, deaths and the like: to be seen. */
bool event_is_bad(const char *kind);

#endif
