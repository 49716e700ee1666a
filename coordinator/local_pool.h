#ifndef R3E_COORDINATOR_LOCAL_POOL_H
#define R3E_COORDINATOR_LOCAL_POOL_H
/* The workers on this host: a pool process that keeps `workers.local` of them alive, and a watch on each, so
 * that what a worker held goes to another the moment it dies. */
#include <signal.h>

#include "common/config.h"
#include "common/loop.h"
#include "common/supervisor.h"
#include "coordinator/collect.h"
#include "coordinator/dispatch.h"

struct local_pool;

/* Starts nothing yet. Everything is borrowed for its life. Exits with a message if r3e-worker is not
 * installed. */
struct local_pool *local_pool_open(
    struct loop *loop, const struct config *config, struct dispatch *dispatch, struct collect *collect);

/* workers.local or the log's settings may have changed: the pool is started anew then. */
void local_pool_set_config(struct local_pool *pool, const struct config *config);

/* Kills and reaps what is left. */
void local_pool_close(struct local_pool **pointer);

/* Starts the pool if it is not there; returns milliseconds until it wants to be called again. */
int64_t local_pool_tick(struct local_pool *pool, int64_t now_ms);

/* The workers bring their results and leave; nothing is started any more. */
void local_pool_stop(struct local_pool *pool);

/* True once the pool and so all its workers have ended. */
bool local_pool_is_gone(const struct local_pool *pool);

/* The pool's process, 0 if there is none now; and how many pools died badly. */
pid_t local_pool_pid(const struct local_pool *pool);
uint64_t local_pool_crashed(const struct local_pool *pool);

#endif
