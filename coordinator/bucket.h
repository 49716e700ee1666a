#ifndef R3E_COORDINATOR_BUCKET_H
#define R3E_COORDINATOR_BUCKET_H
/* A token bucket: each request to the upstream costs one token (RFC 2697 describes the idea for packets).
 *
 * In any span of T seconds at most `burst + rate_per_s · T` tokens are given. It starts empty but for one
 * token, so that neither a start nor a restart is a burst. All times are monotonic milliseconds given by the
 * caller. */
#include <stdbool.h>
#include <stdint.h>

struct bucket {
    double rate_per_s; /* 0: no limit */
    double burst;      /* most tokens that collect while nobody asks; at least 1 */
    double tokens;
    int64_t filled_at_ms;
};

struct bucket bucket_make(double rate_per_s, double burst, int64_t now_ms);

/* Takes a token if there is one. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);

/* Milliseconds until the next token; 0 if there is one. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms);

#endif
