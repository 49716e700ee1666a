#ifndef R3E_WORKER_SESSION_H
#define R3E_WORKER_SESSION_H
/* A worker's life with its coordinator (common/PROTOCOL.md):
 *
 *     HELLO ─► WELCOME ─► READY ─► JOB ─► (MORE ─► GRANT)… ─► RESULT ─► READY … ─► BYE
 *
 * A coordinator that falls silent is looked for again over new sockets; the job in hand goes on meanwhile and
 * results are kept until they are acknowledged. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker/connection.h"
#include "worker/reach.h"

struct session_options {
    const char *endpoint; /* checked before */
    struct client_keys keys;
    int64_t exit_deadline_ms;
    bool allow_insecure;       /* a results socket beyond this host is used too */
    const struct reach *reach; /* as reach_confine left it */
    atomic_bool *worked;       /* set once a result of this worker was acknowledged; may be NULL */
};

/* Runs until the worker retires (max_jobs, max_age, max_rss), is asked to leave or gets SIGTERM or SIGINT
 * (all 0), or cannot go on: refused, no WELCOME within 10 s, coordinator away for the exit deadline (all 1).
 * Blocks SIGTERM and SIGINT in this thread and leaves them blocked. */
int session_run(const struct session_options *options);

#endif
