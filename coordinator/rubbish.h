#ifndef R3E_COORDINATOR_RUBBISH_H
#define R3E_COORDINATOR_RUBBISH_H
/* Who sends what cannot be used, and is put aside for it: a broken program must not have the same boards
 * fetched again and again, nor a hostile one be listened to for ever.
 *
 * Each message that only a broken or hostile worker sends is a strike against its origin: its key where there
 * are keys, else its process. A result that was applied takes one back. RUBBISH_STRIKES of them put the
 * origin aside for RUBBISH_ASIDE_MS; what happened longer ago than that is forgotten. Bounded: of more
 * origins than RUBBISH_ORIGINS the one that was quiet for longest is forgotten. Pure; times are monotonic
 * milliseconds. */
#include <stdbool.h>
#include <stdint.h>

#include "common/json_writer.h"

#define RUBBISH_STRIKES     10
#define RUBBISH_ASIDE_MS    ((int64_t)10 * 60 * 1000)
#define RUBBISH_ORIGINS     32
#define RUBBISH_ORIGIN_SIZE 300 /* a host's name and a pid */
#define RUBBISH_REASON_SIZE 200

struct rubbish_origin {
    char origin[RUBBISH_ORIGIN_SIZE]; /* "": free */
    char reason[RUBBISH_REASON_SIZE]; /* the last strike */
    unsigned strikes;
    int64_t last_ms;
    int64_t aside_until_ms; /* 0: not put aside */
};

struct rubbish {
    struct rubbish_origin origins[RUBBISH_ORIGINS];
    uint64_t strikes;   /* ever */
    uint64_t put_aside; /* ever */
};

/* True if this strike puts the origin aside. */
bool rubbish_strike(struct rubbish *rubbish, const char *origin, const char *reason, int64_t now_ms);

void rubbish_good(struct rubbish *rubbish, const char *origin);

/* The reason if it is put aside now, else NULL. */
const char *rubbish_aside(const struct rubbish *rubbish, const char *origin, int64_t now_ms);

/* An array of those that are put aside now: origin, reason, left_ms. */
void rubbish_put(const struct rubbish *rubbish, struct json_writer *json, int64_t now_ms);

#endif
