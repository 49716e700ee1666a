#include "coordinator/bucket.h"

#include <math.h>

struct bucket bucket_make(double rate_per_s, double burst, int64_t now_ms)
{
    return (struct bucket){
        .rate_per_s = rate_per_s, .burst = burst < 1 ? 1 : burst, .tokens = 1, .filled_at_ms = now_ms};
}

static void fill(struct bucket *bucket, int64_t now_ms)
{
    if (now_ms <= bucket->filled_at_ms)
        return;
    double tokens = bucket->tokens + (double)(now_ms - bucket->filled_at_ms) * bucket->rate_per_s / 1000;
    bucket->tokens = tokens > bucket->burst ? bucket->burst : tokens;
    bucket->filled_at_ms = now_ms;
}

void bucket_set_rate(struct bucket *bucket, double rate_per_s, int64_t now_ms)
{
    fill(bucket, now_ms);
    /* Without a limit nothing was counted. */
    if (bucket->rate_per_s <= 0 && rate_per_s > 0)
        bucket->tokens = 0;
    bucket->rate_per_s = rate_per_s;
}

void bucket_drain(struct bucket *bucket, int64_t until_ms)
{
    if (bucket->tokens > 0)
        bucket->tokens = 0;
    if (until_ms > bucket->filled_at_ms)
        bucket->filled_at_ms = until_ms;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
    if (bucket_wait_ms(bucket, now_ms) > 0)
        return false;
    bucket->tokens -= bucket->rate_per_s > 0;
    return true;
}

void bucket_charge(struct bucket *bucket, double tokens, int64_t now_ms)
{
    fill(bucket, now_ms);
    if (bucket->rate_per_s > 0)
        bucket->tokens -= tokens;
}

int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms)
{
    if (bucket->rate_per_s <= 0)
        return 0;
    fill(bucket, now_ms);
    if (bucket->tokens >= 1)
        return 0;
    int64_t left_ms = (int64_t)ceil((1 - bucket->tokens) * 1000 / bucket->rate_per_s);
    /* After a drain it collects from a time to come. */
    return left_ms + (bucket->filled_at_ms > now_ms ? bucket->filled_at_ms - now_ms : 0);
}
