#ifndef R3E_WORKER_RETIRE_H
#define R3E_WORKER_RETIRE_H
/* When a worker has done enough and makes room for a fresh one. */
#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"

struct retire {
    uint64_t max_jobs, max_age_ms, max_rss_kb;
    int64_t born_ms; /* monotonic */
    uint64_t jobs;   /* done so far */
};

/* True if a limit is reached; `*reason` says which. `rss_kb` is the resident memory of now. */
bool retire_is_due(const struct retire *retire, int64_t now_ms, uint64_t rss_kb, enum bye *reason);

/* Milliseconds until max_age; 0 if it has passed. */
int64_t retire_age_left_ms(const struct retire *retire, int64_t now_ms);

#endif
