#ifndef R3E_COORDINATOR_QUEUE_H
#define R3E_COORDINATOR_QUEUE_H
/* A first-in, first-out queue of workers, linked through the workers themselves; a worker is in one queue at
 * most. */
#include <utlist.h>

#include "coordinator/roster.h"

static inline void queue_append(struct worker **head, struct worker *worker)
{
    DL_APPEND2(*head, worker, queue_previous, queue_next);
}

static inline void queue_remove(struct worker **head, struct worker *worker)
{
    DL_DELETE2(*head, worker, queue_previous, queue_next);
    worker->queue_previous = worker->queue_next = NULL;
}

#endif
