#ifndef R3E_WORKER_ROBOTS_FETCH_H
#define R3E_WORKER_ROBOTS_FETCH_H
/* Fetches the service's robots.txt once and says what it means for us (RFC 9309, 2.3.1).
 *
 * 200: the rules. Any other below 500 but 429: there is none, so everything is allowed. 429, 5xx, no answer,
 * or more than we take: unreachable. Up to five redirects are followed, to the same host only, as with
 * listings (a robots.txt elsewhere may be a trap for those who follow it); one that leads further counts as
 * none. The connection is its own and is closed afterwards. */
#include "common/loop.h"
#include "common/protocol.h"

struct robots_fetch;

typedef void (*robots_fetch_done)(void *context, const struct message_rules *rules);

/* Begins at once. `welcome` is copied. `done` is called once, from a later event; what it was called for may
 * not be closed from it. */
struct robots_fetch *robots_fetch_open(
    struct loop *loop, const struct message_welcome *welcome, robots_fetch_done done, void *context);

/* Drops what is under way; NULL is allowed. */
void robots_fetch_close(struct robots_fetch **pointer);

/* As fetch_tick. */
int64_t robots_fetch_tick(struct robots_fetch *robots, int64_t now_ms);

#endif
