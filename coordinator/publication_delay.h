#ifndef R3E_COORDINATOR_PUBLICATION_DELAY_H
#define R3E_COORDINATOR_PUBLICATION_DELAY_H
/* How long a board that was stored waits until the world can read it (FAULTS C: users of such systems ask for
 * latency, not only for counts). It is told how many boards were stored so far whenever somebody looks, and
 * when exports begin and succeed; it keeps a fixed number of groups of boards with the time of the first of
 * each, so a delay is too great rather than too small, by the time that a group spans. Pure. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/histogram.h"

#define PUBLICATION_GROUPS 64

struct publication_delay {
    struct {
        int64_t stored_ms; /* monotonic */
        uint64_t boards;
    } groups[PUBLICATION_GROUPS]; /* oldest first; these wait */
    unsigned count;
    unsigned under_way; /* the first so many are in the export that runs */
    uint64_t stored;    /* boards so far */
    struct histogram delays;
};

/* `stored` boards were stored so far by this process. */
void publication_delay_stored(struct publication_delay *delay, uint64_t stored, int64_t now_ms);

/* An export begins: it publishes all that were stored so far. */
void publication_delay_begin(struct publication_delay *delay);

/* It is over. Not `ok`: what it held waits for the next. */
void publication_delay_end(struct publication_delay *delay, bool ok, int64_t now_ms);

/* Milliseconds that the oldest board which is not published has been waiting; 0: there is none. */
int64_t publication_delay_oldest_ms(const struct publication_delay *delay, int64_t now_ms);

#endif
