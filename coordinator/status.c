#include "coordinator/status.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/memory.h"
#include "coordinator/status_fields.h"
#include "coordinator/status_file.h"
#include "coordinator/status_measure.h"
#include "coordinator/status_observer.h"
#include "coordinator/status_summary.h"
#include "coordinator/status_workers.h"

#define PUBLISH_EVERY_MS 500
#define EVENTS_EVERY_MS  200
#define AGAIN_EVERY_MS                                                                                       \
    50 /* for newcomers: who subscribes all the time must not make us send all the time                      \
        */
#define WRITE_EVERY_MS          5000
#define MESSAGE_MAX             ((size_t)512 * 1024)
#define TOPIC_MAX               64  /* bytes of a subscription that are looked at */
#define SUBSCRIPTIONS_PER_ROUND 256 /* then the other sources of the loop have their turn */

#define TOPICS(X)                                                                                            \
    X(TOPIC_SUMMARY, "summary")                                                                              \
    X(TOPIC_WORKER, "worker")                                                                                \
    X(TOPIC_EVENT, "event")

#define X(name, string) name,
enum topic { TOPICS(X) TOPIC_COUNT };
#undef X

#define X(name, string) string,
static const char *const topic_strings[] = {TOPICS(X)};
static const char *const state_strings[] = {STATUS_STATES(X)};
#undef X

struct status {
    struct status_sources from;
    struct status_moment at; /* the last one */
    struct status_measure measure;
    struct status_observer observer;
    struct status_file file;
    bool dirty; /* the state changed since it was last told */
    int64_t next_publish_ms, next_events_ms, next_write_ms, next_again_ms;
    struct buffer
        messages[TOPIC_COUNT]; /* the last value of each, for new subscribers; of events those sent last */
    uint64_t events_told;      /* number of the last one */
    bool wanted[TOPIC_COUNT];  /* a newcomer is to get it */
    char reason[STATUS_REASON_SIZE]; /* of the last summary */
};

const char *status_state_string(enum status_state state)
{
    return state_strings[state];
}

const struct hold *status_hold(
    const struct status_sources *from, const struct status_moment *at, enum hold_kind *kind)
{
    *kind = holds_first(from->holds, at->now_ms);
    if (*kind == HOLD_KINDS || (*kind == HOLD_STOPPING && at->state == STATUS_DONE))
        return NULL;
    return holds_get(from->holds, *kind, at->now_ms);
}

struct status *status_open(const struct status_sources *sources, int64_t now_ms, int64_t wall_ms)
{
    struct status *status = memory_zalloc(1, sizeof *status);
    status->from = *sources;
    status->at = (struct status_moment){.now_ms = now_ms, .wall_ms = wall_ms, .started_ms = wall_ms};
    status->measure = status_measure_make(now_ms);
    status->file = status_file_make(sources->public_dir);
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        status->messages[topic] = buffer_make(MESSAGE_MAX);
    status->next_publish_ms = status->next_events_ms = status->next_write_ms = now_ms;
    return status;
}

void status_close(struct status **pointer)
{
    struct status *status = *pointer;
    if (!status)
        return;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        buffer_free(&status->messages[topic]);
    status_file_free(&status->file);
    free(status);
    *pointer = NULL;
}

void status_set_state(struct status *status, enum status_state state)
{
    status->dirty |= status->at.state != state;
    status->at.state = state;
}

/* ---- the status socket ---- */

/* Nothing is lost by a failure: who is not there does not hear, and the next message says it all again. */
static void send_message(const struct status *status, enum topic topic)
{
    const struct buffer *message = &status->messages[topic];
    const char *name = topic_strings[topic];
    if (message->length && zmq_send(status->from.socket, name, strlen(name), ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        zmq_send(status->from.socket, message->data, message->length, ZMQ_DONTWAIT);
}

/* Those later than number `after`. */
static void send_events(struct status *status, uint64_t after)
{
    struct buffer *message = &status->messages[TOPIC_EVENT];
    struct json_writer json = json_writer_make(message);
    buffer_clear(message);
    json_object_begin(&json);
    status_field_uint(&json, "v", PROTOCOL_VERSION);
    status_field_string(&json, "type", "event");
    status_field_time(&json, "time", status->at.wall_ms);
    status_field_uint(&json, "epoch", store_epoch(status->from.store));
    status_field_uint(&json, "last", events_last(status->from.events));
    json_key(&json, "all");
    json_bool(&json, after == 0);
    json_key(&json, "events");
    events_write(status->from.events, after, status->from.catalogue, &json);
    json_object_end(&json);
    send_message(status, TOPIC_EVENT);
}

static void publish_events(struct status *status)
{
    uint64_t last = events_last(status->from.events);
    if (last == status->events_told)
        return;
    send_events(status, status->events_told);
    status->events_told = last;
    status->next_events_ms = status->at.now_ms + EVENTS_EVERY_MS;
}

static void publish(struct status *status)
{
    status_measure_look(&status->measure, &status->from, status->at.now_ms);
    status_summary_write(&status->from, &status->measure, &status->observer, &status->at,
        &status->messages[TOPIC_SUMMARY], status->reason);
    status_workers_write(&status->from, &status->at, &status->messages[TOPIC_WORKER]);
    send_message(status, TOPIC_SUMMARY);
    send_message(status, TOPIC_WORKER);
    publish_events(status);
    status->next_publish_ms = status->at.now_ms + PUBLISH_EVERY_MS;
}

/* What newcomers asked for. All others get it once more, which is harmless: it is the current value, and an
 * event has a number. */
static void publish_again(struct status *status, int64_t now_ms)
{
    if (now_ms < status->next_again_ms)
        return;
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        if (!status->wanted[topic])
            continue;
        status->wanted[topic] = false;
        status->next_again_ms = now_ms + AGAIN_EVERY_MS;
        if (topic == TOPIC_EVENT)
            send_events(status, 0);
        else
            send_message(status, (enum topic)topic);
    }
}

/* A subscription is 1 and the beginning of the topics that are wanted; 0 ends one. */
static void take_subscription(struct status *status, const char *bytes, int length)
{
    if (length < 1 || length > TOPIC_MAX || bytes[0] != 1)
        return;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        status->wanted[topic] |= strncmp(topic_strings[topic], bytes + 1, (size_t)length - 1) == 0;
}

void status_readable(void *context)
{
    struct status *status = context;
    char bytes[TOPIC_MAX];
    for (int i = 0; i < SUBSCRIPTIONS_PER_ROUND; i++) {
        int length = zmq_recv(status->from.socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (length < 0)
            break;
        take_subscription(status, bytes, length);
    }
    publish_again(status, clock_monotonic_ms());
}

/* ---- time ---- */

static void look(struct status *status, int64_t now_ms, int64_t wall_ms)
{
    status->at.now_ms = now_ms;
    status->at.wall_ms = wall_ms;
    status_observer_look(&status->observer, &status->from, &status->at);
}

void status_flush(struct status *status, int64_t now_ms, int64_t wall_ms)
{
    look(status, now_ms, wall_ms);
    publish(status);
    status_file_write(&status->file, &status->from, &status->measure, &status->at);
    status->dirty = false;
    status->next_write_ms = now_ms + WRITE_EVERY_MS;
}

static bool newcomers_wait(const struct status *status)
{
    bool wait = false;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        wait |= status->wanted[topic];
    return wait;
}

int64_t status_tick(struct status *status, int64_t now_ms, int64_t wall_ms)
{
    bool busy = status->at.state == STATUS_FETCHING || status->at.state == STATUS_EXPORTING;
    look(status, now_ms, wall_ms);
    if (status->dirty || (busy && now_ms >= status->next_write_ms))
        status_flush(status, now_ms, wall_ms);
    if (now_ms >= status->next_publish_ms)
        publish(status);
    if (now_ms >= status->next_events_ms)
        publish_events(status);
    publish_again(status, now_ms);
    int64_t wake_ms = status->next_publish_ms;
    if (events_last(status->from.events) != status->events_told && status->next_events_ms < wake_ms)
        wake_ms = status->next_events_ms;
    if (newcomers_wait(status) && status->next_again_ms < wake_ms)
        wake_ms = status->next_again_ms;
    return wake_ms > now_ms ? wake_ms - now_ms : 0;
}

const char *status_last_reason(const struct status *status)
{
    return status->reason;
}

uint64_t status_tree_pss_kb(const struct status *status)
{
    return status->measure.tree_kb;
}
