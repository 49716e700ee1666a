#ifndef R3E_COORDINATOR_BUCKET_H
#define R3E_COORDINATOR_BUCKET_H
/* A token bucket: each request to the upstream costs one token (RFC 2697 describes the idea for packets).
 *
 * In any span of T seconds at most `burst + rate_per_s · T` tokens are given, rate_per_s being the greatest
 * there was. It starts with one token, so that a start is no burst. All times are monotonic milliseconds
 * given by the caller. */
#include <stdbool.h>
#include <stdint.h>

struct bucket {
    double rate_per_s; /* 0: no limit */
    double burst;      /* most tokens that collect while nobody asks; at least 1 */
    double tokens;     /* below 0: more was used than there was */
    int64_t filled_at_ms;
};

struct bucket bucket_make(double rate_per_s, double burst, int64_t now_ms);

/* Another rate from now on; what has collected until now stays. */
void bucket_set_rate(struct bucket *bucket, double rate_per_s, int64_t now_ms);

/* Empties it, and nothing collects before `until_ms`. */
void bucket_drain(struct bucket *bucket, int64_t until_ms);

/* Takes a token if there is one. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);

/* Takes tokens for what has been done already; they may be missing afterwards. */
void bucket_charge(struct bucket *bucket, double tokens, int64_t now_ms);

/* Milliseconds until the next token; 0 if there is one. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms);

#endif
