#ifndef R3E_WORKER_OUTBOX_H
#define R3E_WORKER_OUTBOX_H
/* Results that were not acknowledged yet: kept until the coordinator says that they are on disk. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "common/protocol.h"

#define OUTBOX_COUNT_MOST 64u
#define OUTBOX_BYTES_MOST ((size_t)8 * 1024 * 1024)

struct outbox_entry;

struct outbox {
    struct outbox_entry *first, **last_link; /* owned, oldest first */
    uint32_t count;
    uint32_t unsent;
    size_t bytes; /* of payload */
};

/* Holds pointers into itself: must not be moved. */
void outbox_open(struct outbox *outbox);
void outbox_free(struct outbox *outbox);

/* Another result may be made. One is always taken, so a large one may pass OUTBOX_BYTES_MOST by itself. */
bool outbox_has_room(const struct outbox *outbox);

/* Keeps a copy. */
void outbox_add(
    struct outbox *outbox, const struct message_result *result, struct text rows, struct text detail);

/* Sends one message; false: not now. */
typedef bool (*outbox_send)(
    void *context, const struct message *message, const struct text *payloads, int payload_count);

/* Sends, oldest first, what was not sent over the present connection, until all is or `send` says not now.
 * `worker` is the name to go with it. True if nothing is left unsent. */
bool outbox_flush(struct outbox *outbox, const char *worker, outbox_send send, void *context);

/* The connection is a new one: everything is unsent, and says no more that its worker is ready. True if one
 * of them had said so. */
bool outbox_resend(struct outbox *outbox);

/* Drops the result of a lease. False if it holds none of it (acknowledged twice, say). */
bool outbox_acknowledge(struct outbox *outbox, uint64_t lease);

#endif
