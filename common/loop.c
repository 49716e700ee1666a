#include "common/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/memory.h"

struct source {
    void *socket; /* NULL: `fd` is meant */
    int fd;
    loop_handler handler; /* NULL: removed */
    void *context;
};

struct loop {
    struct source *sources;
    zmq_pollitem_t *items; /* parallel to `sources`, rebuilt each round */
    int count, capacity;
    bool stopping;
};

struct loop *loop_open(void)
{
    return memory_zalloc(1, sizeof(struct loop));
}

void loop_close(struct loop **loop)
{
    if (!*loop)
        return;
    free((*loop)->sources);
    free((*loop)->items);
    free(*loop);
    *loop = NULL;
}

static void add(struct loop *loop, struct source source)
{
    if (loop->count == loop->capacity) {
        loop->capacity = loop->capacity ? loop->capacity * 2 : 16;
        loop->sources = memory_resize(loop->sources, (size_t)loop->capacity, sizeof *loop->sources);
        loop->items = memory_resize(loop->items, (size_t)loop->capacity, sizeof *loop->items);
    }
    loop->sources[loop->count++] = source;
}

void loop_add_socket(struct loop *loop, void *socket, loop_handler handler, void *context)
{
    add(loop, (struct source){.socket = socket, .fd = -1, .handler = handler, .context = context});
}

void loop_add_fd(struct loop *loop, int fd, loop_handler handler, void *context)
{
    add(loop, (struct source){.fd = fd, .handler = handler, .context = context});
}

void loop_remove_socket(struct loop *loop, const void *socket)
{
    for (int i = 0; i < loop->count; i++)
        if (loop->sources[i].socket && loop->sources[i].socket == socket)
            loop->sources[i].handler = NULL;
}

void loop_remove_fd(struct loop *loop, int fd)
{
    for (int i = 0; i < loop->count; i++)
        if (!loop->sources[i].socket && loop->sources[i].fd == fd)
            loop->sources[i].handler = NULL;
}

static void sweep(struct loop *loop)
{
    int kept = 0;
    for (int i = 0; i < loop->count; i++)
        if (loop->sources[i].handler)
            loop->sources[kept++] = loop->sources[i];
    loop->count = kept;
    for (int i = 0; i < kept; i++)
        loop->items[i] = (zmq_pollitem_t){
            .socket = loop->sources[i].socket, .fd = loop->sources[i].fd, .events = ZMQ_POLLIN};
}

static void dispatch(struct loop *loop, int polled)
{
    for (int i = 0; i < polled; i++) {
        /* A handler before this one may have removed it, or have moved the array by adding. */
        struct source source = loop->sources[i];
        if (loop->items[i].revents && source.handler)
            source.handler(source.context);
    }
}

bool loop_run(struct loop *loop, loop_tick tick, void *context)
{
    loop->stopping = false;
    for (;;) {
        int64_t sleep_ms = tick(context, clock_monotonic_ms());
        if (loop->stopping)
            return true;
        sweep(loop);
        long timeout = sleep_ms < 0 ? 0 : sleep_ms > INT_MAX ? -1 : (long)sleep_ms;
        int ready = zmq_poll(loop->items, loop->count, timeout);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0)
            dispatch(loop, loop->count);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}
