#ifndef R3E_COORDINATOR_ROBOTS_H
#define R3E_COORDINATOR_ROBOTS_H
/* What the service's robots.txt says of us, and when a worker is asked for it next (RFC 9309).
 *
 * A verdict is good for 24 hours (RFC 9309, 2.4); a refusal is looked at again at each start, so that a
 * change of mind is seen. An answer 4xx allows everything (2.3.1.3). While it cannot be had (5xx, no answer),
 * an older verdict goes on for 30 days from when it was fetched; without one nothing may be fetched
 * (2.3.1.4), and it is tried again after a pause that doubles. Fetching and reading it is a worker's work:
 * worker/robots.h. Pure: monotonic milliseconds given by the caller. */
#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"

#define ROBOTS_FRESH_MS ((int64_t)24 * 3600 * 1000)
#define ROBOTS_STALE_MS (30 * ROBOTS_FRESH_MS)

enum robots_verdict { ROBOTS_UNKNOWN, ROBOTS_ALLOWED, ROBOTS_REFUSED };

struct robots {
    bool obey;        /* false: everything is allowed and nothing is fetched */
    int64_t pause_ms; /* before it is tried again for the first time */
    enum robots_verdict verdict;
    int64_t fetched_ms; /* when the verdict was fetched; may be before this process began */
    uint64_t crawl_delay_ms;
    int64_t next_ms;     /* when it is wanted next */
    int64_t asked_by_ms; /* a worker has it, and answers before this; 0: none has */
    bool outdated;       /* … about what is not asked any more */
    unsigned failures;   /* in a row: answered, but not to be had */
    unsigned losses;     /* in a row: workers that were asked and did not answer */
    enum failure reason; /* of the last failure */
    uint64_t http_status;
    char problem[PROTOCOL_TEXT_SIZE]; /* the last failure, or the rule that refuses us */
};

struct robots robots_make(bool obey, int64_t pause_ms, int64_t now_ms);

/* Takes over an earlier process's verdict of that age. */
void robots_restore(struct robots *robots, enum robots_verdict verdict, int64_t age_ms,
    uint64_t crawl_delay_ms, int64_t now_ms);

/* Another configuration: it is looked at again soon. `same`: the verdict is still about us and this service.
 */
void robots_set(struct robots *robots, bool obey, int64_t pause_ms, bool same, int64_t now_ms);

/* The pause between two requests that robots.txt asks for; 0: none, or we do not obey. */
uint64_t robots_crawl_delay_ms(const struct robots *robots);

/* True if a worker is to be asked now. */
bool robots_wanted(const struct robots *robots, int64_t now_ms);

/* A worker was asked and has this long. */
void robots_asked(struct robots *robots, int64_t patience_ms, int64_t now_ms);

/* The worker that was asked is gone. */
void robots_lost(struct robots *robots, int64_t now_ms);

/* It has answered. */
void robots_told(struct robots *robots, const struct message_rules *rules, int64_t now_ms);

/* What counts now; ROBOTS_UNKNOWN: nothing may be fetched yet. */
enum robots_verdict robots_verdict(const struct robots *robots, int64_t now_ms);

#endif
