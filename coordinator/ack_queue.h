#ifndef R3E_COORDINATOR_ACK_QUEUE_H
#define R3E_COORDINATOR_ACK_QUEUE_H
/* What is to be said to workers as soon as it is true: a result is acknowledged when what it changed is on
 * disk, and not before. Pure: it knows neither the store nor a socket.
 *
 * An acknowledgement goes through two states: it waits for the commit that will carry its result (no
 * generation yet), then for that generation to be on disk. First in, first out. */
#include <stdint.h>

#include "common/protocol.h"

struct ack_waiting; /* one of them */

struct ack_queue { /* empty: all zero */
    struct ack_waiting *waiting;
    unsigned count, capacity;
    unsigned unsubmitted; /* the last so many of them have no generation yet */
};

void ack_queue_free(struct ack_queue *queue);

/* The result of `lease` came from the worker of that name, and this became of it. */
void ack_queue_add(struct ack_queue *queue, const char worker[static PROTOCOL_ID_SIZE], uint64_t lease,
    enum verdict verdict);

/* All that have no generation yet are carried by this one, which is later than those before. */
void ack_queue_submitted(struct ack_queue *queue, uint64_t generation);

/* Has all said whose generation is at most `committed`: those of a worker that share a verdict together, in
 * messages of up to PROTOCOL_LEASES_MAX leases, in the order of their first. `say` must not use the queue;
 * what it is given is its for the call. */
typedef void (*ack_queue_say)(void *context, const char *worker, const struct message_ack *ack);
void ack_queue_committed(struct ack_queue *queue, uint64_t committed, ack_queue_say say, void *context);

#endif
