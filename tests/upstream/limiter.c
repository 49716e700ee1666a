#include "tests/upstream/limiter.h"

void limiter_init(struct limiter *limiter, uint32_t rate, uint32_t burst, uint64_t now_us)
{
    *limiter = (struct limiter){.rate = rate, .burst = burst, .tokens = burst, .filled_us = now_us};
}

bool limiter_take(struct limiter *limiter, uint64_t now_us)
{
    if (limiter->rate == 0)
        return true;
    limiter->tokens += (double)(now_us - limiter->filled_us) * limiter->rate / 1e6;
    if (limiter->tokens > limiter->burst)
        limiter->tokens = limiter->burst;
    limiter->filled_us = now_us;
    if (limiter->tokens < 1)
        return false;
    limiter->tokens -= 1;
    return true;
}
