#include "coordinator/ack_queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define CAPACITY_FIRST 64u

struct ack_waiting {
    char worker[PROTOCOL_ID_SIZE];
    uint64_t lease; /* 0: said */
    enum verdict verdict;
    uint64_t generation; /* to be on disk before; 0: not submitted yet */
};

void ack_queue_free(struct ack_queue *queue)
{
    free(queue->waiting);
    *queue = (struct ack_queue){0};
}

void ack_queue_add(
    struct ack_queue *queue, const char worker[static PROTOCOL_ID_SIZE], uint64_t lease, enum verdict verdict)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? queue->capacity * 2 : CAPACITY_FIRST;
        queue->waiting = memory_resize(queue->waiting, queue->capacity, sizeof *queue->waiting);
    }
    struct ack_waiting *ack = &queue->waiting[queue->count++];
    *ack = (struct ack_waiting){.lease = lease, .verdict = verdict};
    memcpy(ack->worker, worker, sizeof ack->worker);
    queue->unsubmitted++;
}

void ack_queue_submitted(struct ack_queue *queue, uint64_t generation)
{
    for (unsigned i = queue->count - queue->unsubmitted; i < queue->count; i++)
        queue->waiting[i].generation = generation;
    queue->unsubmitted = 0;
}

/* Of the one at `from` and all others before `end` of which the same is to be said; their leases become 0. */
static struct message_ack take_together(struct ack_queue *queue, unsigned from, unsigned end)
{
    const struct ack_waiting *first = &queue->waiting[from];
    struct message_ack message = {.verdict = first->verdict};
    for (unsigned i = from; i < end && message.leases.count < PROTOCOL_LEASES_MAX; i++) {
        struct ack_waiting *ack = &queue->waiting[i];
        if (!ack->lease || ack->verdict != message.verdict || strcmp(ack->worker, first->worker) != 0)
            continue;
        message.leases.ids[message.leases.count++] = ack->lease;
        ack->lease = 0;
    }
    return message;
}

void ack_queue_committed(struct ack_queue *queue, uint64_t committed, ack_queue_say say, void *context)
{
    unsigned done = 0;
    while (done < queue->count - queue->unsubmitted && queue->waiting[done].generation <= committed)
        done++;
    for (unsigned i = 0; i < done; i++) {
        if (!queue->waiting[i].lease)
            continue;
        struct message_ack message = take_together(queue, i, done);
        say(context, queue->waiting[i].worker, &message);
    }
    if (!done)
        return;
    queue->count -= done;
    memmove(queue->waiting, queue->waiting + done, queue->count * sizeof *queue->waiting);
}
