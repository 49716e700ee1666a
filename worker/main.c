/* r3e-worker: asks a coordinator for jobs, fetches leaderboards, sends what they hold. */
#include <malloc.h>

#include "common/fault_point.h"
#include "common/log.h"
#include "worker/json_arena.h"
#include "worker/options.h"
#include "worker/pool.h"
#include "worker/reach.h"
#include "worker/session.h"

/* Larger pieces come from the system and go back to it when they are freed. Left to itself glibc raises this
 * limit with the first large piece freed, and a worker that met one large board stays large; much lower, and
 * every second board pays for fresh pages. What is free at the heap's end is kept up to HEAP_KEEP. */
#define HEAP_PIECE_MOST (1024 * 1024)
#define HEAP_KEEP       (4 * 1024 * 1024)

int main(int argc, char **argv)
{
    struct options options;
    fault_point_open("r3e-worker");
    enum options_outcome outcome = options_parse(&options, argc, argv);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : 2;
    log_open("r3e-worker", options.log_level, options.log_format);
    mallopt(M_MMAP_THRESHOLD, HEAP_PIECE_MOST);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
    mallopt(M_ARENA_MAX, 1); /* ZeroMQ's thread would get a heap of its own */
    json_arena_install();
    reach_confine(&options.reach, options.endpoint);
    struct session_options session = {.endpoint = options.endpoint,
        .exit_deadline_ms = options.exit_deadline_ms,
        .keys = options.keys,
        .reach = &options.reach,
        .allow_insecure = options.allow_insecure};
    return options.pool ? pool_run(&session, options.pool) : session_run(&session);
}
