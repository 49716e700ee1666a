#ifndef R3E_COORDINATOR_WATCH_H
#define R3E_COORDINATOR_WATCH_H
/* Tells at once when a worker on this host ends, whoever its parent is: by pidfd (pidfd_open(2)), in the
 * event loop. Workers elsewhere are missed by their heartbeats only. */
#include <stdbool.h>
#include <sys/types.h>

#include "common/loop.h"

struct watch;

/* Called once when a watched process has ended; it is no longer watched then. */
typedef void (*watch_ended)(void *context, pid_t pid);

struct watch *watch_open(struct loop *loop, watch_ended ended, void *context);
void watch_close(struct watch **pointer);

/* Begins to watch; nothing happens if it is watched already, has ended or cannot be seen from here. */
void watch_add(struct watch *watch, pid_t pid);

/* Stops watching; unknown pids are ignored. */
void watch_remove(struct watch *watch, pid_t pid);

#endif
