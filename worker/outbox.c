#include "worker/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

struct outbox_entry {
    struct outbox_entry *next;
    struct message message;
    uint32_t rows_length, detail_length;
    bool sent;
    char payload[]; /* rows, then detail */
};

void outbox_open(struct outbox *outbox)
{
    *outbox = (struct outbox){.last_link = &outbox->first};
}

void outbox_free(struct outbox *outbox)
{
    while (outbox->first) {
        struct outbox_entry *entry = outbox->first;
        outbox->first = entry->next;
        free(entry);
    }
    outbox_open(outbox);
}

bool outbox_has_room(const struct outbox *outbox)
{
    return outbox->count < OUTBOX_COUNT_MOST && outbox->bytes < OUTBOX_BYTES_MOST;
}

void outbox_add(
    struct outbox *outbox, const struct message_result *result, struct text rows, struct text detail)
{
    size_t length = (size_t)rows.length + detail.length;
    if (!outbox_has_room(outbox))
        log_bug("outbox: a result although it is full");
    struct outbox_entry *entry =
        memory_resize(NULL, 1, sizeof *entry + length); /* not zeroed: it may be large */
    *entry = (struct outbox_entry){
        .message = {.type = MESSAGE_RESULT, .result = *result},
        .rows_length = rows.length,
        .detail_length = detail.length,
    };
    if (rows.length)
        memcpy(entry->payload, rows.data, rows.length);
    if (detail.length)
        memcpy(entry->payload + rows.length, detail.data, detail.length);
    *outbox->last_link = entry;
    outbox->last_link = &entry->next;
    outbox->count++;
    outbox->unsent++;
    outbox->bytes += length;
}

static bool send_entry(struct outbox_entry *entry, outbox_send send, void *context)
{
    const struct text payloads[] = {
        {entry->payload, entry->rows_length},
        {entry->payload + entry->rows_length, entry->detail_length},
    };
    int count = entry->message.result.outcome == OUTCOME_CHANGED ? 2 : 0;
    return send(context, &entry->message, payloads, count);
}

bool outbox_flush(struct outbox *outbox, const char *worker, outbox_send send, void *context)
{
    for (struct outbox_entry *entry = outbox->first; entry && outbox->unsent; entry = entry->next) {
        if (entry->sent)
            continue;
        size_t length = strnlen(worker, sizeof entry->message.result.worker - 1);
        memcpy(entry->message.result.worker, worker, length);
        entry->message.result.worker[length] = 0;
        if (!send_entry(entry, send, context))
            return false;
        entry->sent = true;
        outbox->unsent--;
    }
    return true;
}

bool outbox_resend(struct outbox *outbox)
{
    bool ready = false;
    for (struct outbox_entry *entry = outbox->first; entry; entry = entry->next) {
        ready |= entry->message.result.ready;
        entry->message.result.ready = false;
        entry->sent = false;
    }
    outbox->unsent = outbox->count;
    return ready;
}

bool outbox_acknowledge(struct outbox *outbox, uint64_t lease)
{
    for (struct outbox_entry **link = &outbox->first; *link; link = &(*link)->next) {
        struct outbox_entry *entry = *link;
        if (entry->message.result.lease != lease)
            continue;
        *link = entry->next;
        if (!entry->next)
            outbox->last_link = link;
        outbox->count--;
        outbox->unsent -= !entry->sent;
        outbox->bytes -= (size_t)entry->rows_length + entry->detail_length;
        free(entry);
        return true;
    }
    return false;
}
