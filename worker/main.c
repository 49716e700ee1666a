/* r3e-worker: asks a coordinator for jobs, fetches leaderboards, sends what they hold. */
#include "common/fault_point.h"
#include "common/log.h"
#include "worker/json_arena.h"
#include "worker/options.h"
#include "worker/pool.h"
#include "worker/reach.h"
#include "worker/session.h"
#include "worker/worker_heap.h"

int main(int argc, char **argv)
{
    struct options options;
    fault_point_open("r3e-worker");
    enum options_outcome outcome = options_parse(&options, argc, argv);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : 2;
    log_open("r3e-worker", options.log_level, options.log_format);
    worker_heap_settle();
    json_arena_install();
    reach_confine(&options.reach, options.endpoint);
    struct session_options session = {.endpoint = options.endpoint,
        .exit_deadline_ms = options.exit_deadline_ms,
        .keys = options.keys,
        .reach = &options.reach,
        .allow_insecure = options.allow_insecure};
    return options.pool ? pool_run(&session, options.pool) : session_run(&session);
}
