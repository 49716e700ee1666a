#ifndef R3E_COORDINATOR_HOLDS_H
#define R3E_COORDINATOR_HOLDS_H
/* Why nothing is handed out right now: one place where every part says what it waits for, and until when.
 *
 * A part sets and clears its own hold only; dispatch asks whether it may go on; status tells people the
 * reason. A hold whose time is over is no longer there, whoever set it need not clear it. Times are monotonic
 * milliseconds given by the caller. One thread. */
#include <stdbool.h>
#include <stdint.h>

/* HOLD_JOBS: no new job, pages of jobs under way go on (with the breaker only as far as politeness.h allows:
 * one of them may be what it tries the service with). HOLD_REQUESTS: no request at all. */
enum hold_scope { HOLD_JOBS, HOLD_REQUESTS };

/* X(name, what programs call it, scope), the most telling first: status shows the first one there is. */
#define HOLDS(X)                                                                                             \
    X(HOLD_STORE_ERROR, "store_error", HOLD_REQUESTS)                                                        \
    X(HOLD_STOPPING, "stopping", HOLD_JOBS)                                                                  \
    X(HOLD_DISK_FULL, "disk_full", HOLD_JOBS)                                                                \
    X(HOLD_DRAINING, "draining", HOLD_JOBS)                                                                  \
    X(HOLD_PAUSED, "paused", HOLD_JOBS)                                                                      \
    X(HOLD_ROBOTS, "robots", HOLD_REQUESTS)                                                                  \
    X(HOLD_BREAKER, "breaker", HOLD_JOBS)                                                                    \
    X(HOLD_RETRY_AFTER, "retry_after", HOLD_REQUESTS)

#define X(name, string, scope) name,
enum hold_kind { HOLDS(X) HOLD_KINDS };
#undef X

#define HOLD_TEXT_SIZE 200
#define HOLD_FOREVER   INT64_MAX /* until it is cleared */

struct hold {
    bool set;
    int64_t until_ms;          /* HOLD_FOREVER: not known */
    char text[HOLD_TEXT_SIZE]; /* for people: what is waited for, and what they can do about it */
};

struct holds {
    struct hold kinds[HOLD_KINDS];
};

/* What programs call it. */
const char *hold_kind_string(enum hold_kind kind);

/* Sets or renews a hold; a text that does not fit is cut. True if it was not there before, so that it can be
 * logged once. */
bool holds_set(struct holds *holds, enum hold_kind kind, int64_t until_ms, int64_t now_ms, const char *format,
    ...) __attribute__((format(printf, 5, 6)));

/* True if it was there. */
bool holds_clear(struct holds *holds, enum hold_kind kind, int64_t now_ms);

/* The hold of that kind if it is there now, else NULL. */
const struct hold *holds_get(const struct holds *holds, enum hold_kind kind, int64_t now_ms);

/* True if no other kind is there. */
bool holds_is_alone(const struct holds *holds, enum hold_kind kind, int64_t now_ms);

/* How long nothing of that scope may go out: 0 if nothing holds it back, HOLD_FOREVER if the end is not
 * known. Whatever holds requests back holds jobs back too. */
int64_t holds_wait_ms(const struct holds *holds, enum hold_scope scope, int64_t now_ms);

/* The first kind that is there now; HOLD_KINDS if none is. */
enum hold_kind holds_first(const struct holds *holds, int64_t now_ms);

#endif
