#ifndef R3E_WORKER_POOL_H
#define R3E_WORKER_POOL_H
/* Keeps a number of workers alive on this host.
 *
 * This process loads the program once and forks: a worker's start costs a millisecond instead of the dynamic
 * linker's thirteen, and what relocation wrote is shared memory. It has no ZeroMQ context and no thread that
 * could be carried over (common/process.h). */
#include "worker/session.h"

/* Keeps `count` workers alive and replaces those that end, those that ended before they had worked after a
 * growing pause. SIGTERM and SIGINT are passed on; returns 0 when all have left then. */
int pool_run(const struct session_options *session, unsigned count);

#endif
