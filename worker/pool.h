#ifndef R3E_WORKER_POOL_H
#define R3E_WORKER_POOL_H
/* Keeps a number of workers alive on this host. */

/* Starts `count` of this program with `arguments` (NULL-terminated, the first being the program's path) and
 * replaces those that end, those that failed after a growing pause. SIGTERM and SIGINT are passed on; returns
 * 0 when all have left then. */
int pool_run(const char *const *arguments, unsigned count);

#endif
