#ifndef R3E_COORDINATOR_BREAKER_H
#define R3E_COORDINATOR_BREAKER_H
/* A circuit breaker (Nygard, "Release It!"): stops the crawl when the service fails again and again.
 *
 *     CLOSED ── `failures` in a row ──► OPEN ── after `pause_ms` ──► one request is the PROBE
 *        ▲                               ▲                            │ valid answer → CLOSED
 *        └───────────────────────────────┴────────────────────────────┘ anything else → OPEN, for a pause
 *
 * A row is made of failures of different boards: one bad board, tried again and again, does not stop the
 * others. A valid answer ends the row. While OPEN or PROBE, what comes back of earlier requests changes
 * nothing. So with the service down there is at most one request in `pause_ms`. Pure: monotonic milliseconds
 * given by the caller. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/answer.h"

#define BREAKER_FAILURES_MAX   1000 /* the configuration's limit */
#define BREAKER_BLOCKED_WEIGHT 2    /* an answer that we are not wanted counts as so many failures */

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBE };

struct breaker {
    unsigned failures_most;
    int64_t pause_ms;
    enum breaker_state state;
    unsigned failures; /* in a row, by weight */
    unsigned count;    /* of the boards below */
    uint64_t boards[BREAKER_FAILURES_MAX];
    enum failure reason; /* of the last failure */
    uint64_t http_status;
    bool mixed;       /* the row has other reasons too */
    int64_t until_ms; /* OPEN: when the next request may go */
    uint64_t probe;   /* PROBE: its lease */
    unsigned probes;  /* that failed since it opened */
};

/* Makes it CLOSED. `failures` 1 to BREAKER_FAILURES_MAX. */
void breaker_init(struct breaker *breaker, unsigned failures, int64_t pause_ms);

/* Other limits from now on; a pause that has begun stays as it is. */
void breaker_set_limits(struct breaker *breaker, unsigned failures, int64_t pause_ms);

/* True if a request of that lease (0: of a new one) may be sent. */
bool breaker_allows(const struct breaker *breaker, uint64_t lease, int64_t now_ms);

/* A request that was allowed is sent. */
void breaker_sent(struct breaker *breaker, uint64_t lease, int64_t now_ms);

/* The end of a lease. True: it has opened or closed just now. */
bool breaker_answered(struct breaker *breaker, const struct answer *answer, int64_t now_ms);

/* The lease ended without an answer. */
void breaker_lost(struct breaker *breaker, uint64_t lease, int64_t now_ms);

/* Opens it as an earlier process left it. */
void breaker_restore(
    struct breaker *breaker, unsigned failures, unsigned probes, int64_t left_ms, int64_t now_ms);

#endif
