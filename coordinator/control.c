#include "coordinator/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"

#define REQUESTS_PER_ROUND 16 /* then the other sources of the loop have their turn */
#define WAITING_MAX        64u

/* An answer that goes out when a commit is on disk. */
struct waiting {
    char identity[ROSTER_IDENTITY_MAX];
    uint32_t identity_length;
    uint64_t generation;
    struct buffer frame; /* owned */
};

struct control {
    void *socket;
    struct control_parts parts;
    struct waiting waiting[WAITING_MAX]; /* first in, first out */
    unsigned waiting_count;
    uint64_t bad_requests;
};

struct control *control_open(void *socket, const struct control_parts *parts)
{
    struct control *control = memory_zalloc(1, sizeof *control);
    control->socket = socket;
    control->parts = *parts;
    return control;
}

void control_close(struct control **pointer)
{
    struct control *control = *pointer;
    if (!control)
        return;
    for (unsigned i = 0; i < control->waiting_count; i++)
        buffer_free(&control->waiting[i].frame);
    free(control);
    *pointer = NULL;
}

/* ---- answering ---- */

static void send_reply(struct control *control, struct text identity, const struct buffer *frame)
{
    if (zmq_send(control->socket, identity.data, identity.length, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
        zmq_send(control->socket, frame->data, frame->length, ZMQ_DONTWAIT) < 0)
        log_debug("control: an answer could not be sent: %s", zmq_strerror(errno));
}

static void send_first(struct control *control)
{
    struct waiting *first = &control->waiting[0];
    send_reply(control, (struct text){first->identity, first->identity_length}, &first->frame);
    buffer_free(&first->frame);
    control->waiting_count--;
    memmove(control->waiting, control->waiting + 1, control->waiting_count * sizeof *control->waiting);
}

/* Takes `frame` over. */
static void wait_for_commit(struct control *control, struct text identity, struct buffer frame)
{
    if (control->waiting_count == WAITING_MAX) {
        collect_settle(control->parts.collect);
        control_tick(control);
    }
    struct waiting *waiting = &control->waiting[control->waiting_count++];
    *waiting = (struct waiting){.identity_length = identity.length, .generation = UINT64_MAX, .frame = frame};
    memcpy(waiting->identity, identity.data, identity.length);
    collect_flush(control->parts.collect);
    waiting->generation = store_next_generation(control->parts.store) - 1;
}

void control_tick(struct control *control)
{
    uint64_t committed = collect_generation(control->parts.collect);
    while (control->waiting_count && control->waiting[0].generation <= committed)
        send_first(control);
}

/* ---- requests ---- */

static void refuse(struct control *control, struct control_reply *reply, const char *problem)
{
    uint64_t count = ++control->bad_requests;
    if ((count & (count - 1)) == 0)
        log_warn(
            "request %llu on the control socket that cannot be used: %s", (unsigned long long)count, problem);
    reply->code = CONTROL_CODE_WRONG;
    if (snprintf(reply->text, sizeof reply->text, "%s", problem) < 0)
        reply->text[0] = 0;
}

static void on_frames(struct control *control, const struct wire_message *frames)
{
    struct control_request request;
    struct control_reply reply = {0};
    char problem[CONTROL_PROBLEM_SIZE] = "a request has one frame";
    struct text identity = {wire_frame(frames, 0), (uint32_t)wire_frame_size(frames, 0)};
    struct buffer details = buffer_make(CONTROL_REPLY_MAX / 2), frame = buffer_make(CONTROL_REPLY_MAX);
    bool wrote = false;
    /* A REQ socket puts an empty frame in front of what it sends; ours are DEALERs, which do not. */
    if (!frames->excess && frames->count == 2 && identity.length <= ROSTER_IDENTITY_MAX &&
        control_request_decode(wire_frame(frames, 1), wire_frame_size(frames, 1), &request, problem))
        wrote = control_execute(
            &control->parts, &request, &reply, &details, clock_monotonic_ms(), clock_wall_ms());
    else
        refuse(control, &reply, problem);
    control_reply_encode(&reply, (struct text){(const char *)details.data, (uint32_t)details.length}, &frame);
    if (frame.overflowed)
        log_bug("control: an answer of more than %d bytes", CONTROL_REPLY_MAX);
    buffer_free(&details);
    if (wrote) {
        wait_for_commit(control, identity, frame);
        return;
    }
    send_reply(control, identity, &frame);
    buffer_free(&frame);
}

void control_readable(void *context)
{
    struct control *control = context;
    struct wire_message frames;
    for (int i = 0; i < REQUESTS_PER_ROUND && wire_receive(control->socket, &frames) > 0; i++) {
        on_frames(control, &frames);
        wire_message_free(&frames);
    }
}

uint64_t control_bad_requests(const struct control *control)
{
    return control->bad_requests;
}
