// A token bucket: `rate` requests per second, up to `burst` at once after a pause.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct limiter {
    uint32_t rate; // 0: everything passes
    uint32_t burst;
    double tokens;
    uint64_t filled_us; // when `tokens` was right
};

void limiter_init(struct limiter *limiter, uint32_t rate, uint32_t burst, uint64_t now_us);

// True: a request may pass at `now_us` (monotonic, not decreasing), and has been counted.
bool limiter_take(struct limiter *limiter, uint64_t now_us);
