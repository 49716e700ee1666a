#include "coordinator/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"

struct ring {
    struct event kept[EVENTS_KEPT];
    uint64_t count; /* ever; the last EVENTS_KEPT of them are there, each at its number modulo that */
};

struct events {
    struct ring rings[EVENT_RINGS];
    uint64_t last;
};

#define X(name, string, ring) string,
static const char *const strings[] = {EVENT_KINDS(X)};
#undef X

#define X(name, string, ring) ring,
static const enum event_ring ring_of[] = {EVENT_KINDS(X)};
#undef X

struct events *events_open(void)
{
    return memory_zalloc(1, sizeof(struct events));
}

void events_close(struct events **pointer)
{
    free(*pointer);
    *pointer = NULL;
}

void events_put(struct events *events, enum event_kind kind, const struct event_about *about, int64_t wall_ms,
    const char *format, ...)
{
    if (!events)
        return;
    struct ring *ring = &events->rings[ring_of[kind]];
    struct event *event = &ring->kept[ring->count++ % EVENTS_KEPT];
    *event = (struct event){.number = ++events->last, .wall_ms = wall_ms, .kind = kind};
    if (about) {
        event->track_id = about->track_id;
        event->class_id = about->class_id;
        size_t length = about->worker ? strnlen(about->worker, sizeof event->worker - 1) : 0;
        if (length)
            memcpy(event->worker, about->worker, length);
    }
    va_list arguments;
    va_start(arguments, format);
    /* A cut sentence is still one; half a character at its end becomes U+FFFD when it is written. */
    if (vsnprintf(event->text, sizeof event->text, format, arguments) < 0)
        event->text[0] = '\0';
    va_end(arguments);
}

uint64_t events_last(const struct events *events)
{
    return events->last;
}

static void write_board(
    const struct event *event, const struct catalogue *catalogue, struct json_writer *json)
{
    const struct catalogue_item *track = catalogue_find_track(catalogue, event->track_id);
    const struct catalogue_item *class = catalogue_find_class(catalogue, event->class_id);
    json_key(json, "track_id");
    json_uint(json, event->track_id);
    json_key(json, "class_id");
    json_uint(json, event->class_id);
    json_key(json, "track");
    json_string(json, track ? track->name : "");
    json_key(json, "class");
    json_string(json, class ? class->name : "");
}

static void write_one(const struct event *event, const struct catalogue *catalogue, struct json_writer *json)
{
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(event->wall_ms, time);
    json_object_begin(json);
    json_key(json, "number");
    json_uint(json, event->number);
    json_key(json, "time");
    json_string(json, time);
    json_key(json, "kind");
    json_string(json, strings[event->kind]);
    if (event->track_id)
        write_board(event, catalogue, json);
    if (event->worker[0]) {
        json_key(json, "worker");
        json_string(json, event->worker);
    }
    json_key(json, "text");
    json_string(json, event->text);
    json_object_end(json);
}

/* The first of a ring that is later than `after`, as a place in the ring's count. */
static uint64_t first_after(const struct ring *ring, uint64_t after)
{
    uint64_t at = ring->count > EVENTS_KEPT ? ring->count - EVENTS_KEPT : 0;
    while (at < ring->count && ring->kept[at % EVENTS_KEPT].number <= after)
        at++;
    return at;
}

void events_write(
    const struct events *events, uint64_t after, const struct catalogue *catalogue, struct json_writer *json)
{
    uint64_t at[EVENT_RINGS];
    for (int i = 0; i < EVENT_RINGS; i++)
        at[i] = first_after(&events->rings[i], after);
    json_array_begin(json);
    for (;;) {
        const struct event *next = NULL;
        int from = 0;
        for (int i = 0; i < EVENT_RINGS; i++) {
            const struct ring *ring = &events->rings[i];
            const struct event *event = &ring->kept[at[i] % EVENTS_KEPT];
            if (at[i] < ring->count && (!next || event->number < next->number)) {
                next = event;
                from = i;
            }
        }
        if (!next)
            break;
        write_one(next, catalogue, json);
        at[from]++;
    }
    json_array_end(json);
}
