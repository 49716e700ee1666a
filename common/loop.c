#include "common/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"

/* So many rounds at most find work in ZeroMQ's sockets without a look at the descriptors. */
#define ROUNDS_WITHOUT_POLL 4

struct source {
    void *socket; /* NULL: `fd` is meant */
    int fd; /* of the socket (ZMQ_FD): readable when its state may have changed, not when there is a message
             */
    bool ready;
    bool own;             /* nobody uses it outside its handler */
    bool used;            /* by its handler since it was last looked at */
    loop_handler handler; /* NULL: removed */
    void *context;
};

struct loop {
    struct source *sources;
    struct pollfd *polled; /* parallel to `sources`, rebuilt each round */
    int count, capacity;
    int rounds_without_poll;
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
    free((*loop)->polled);
    free(*loop);
    *loop = NULL;
}

static void add(struct loop *loop, struct source source)
{
    if (loop->count == loop->capacity) {
        loop->capacity = loop->capacity ? loop->capacity * 2 : 16;
        loop->sources = memory_resize(loop->sources, (size_t)loop->capacity, sizeof *loop->sources);
        loop->polled = memory_resize(loop->polled, (size_t)loop->capacity, sizeof *loop->polled);
    }
    loop->sources[loop->count++] = source;
}

static void add_socket(struct loop *loop, struct source source)
{
    int fd = -1;
    size_t size = sizeof fd;
    if (zmq_getsockopt(source.socket, ZMQ_FD, &fd, &size) < 0)
        log_bug("loop: a socket without a descriptor: %s", zmq_strerror(errno));
    source.fd = fd;
    source.used = true;
    add(loop, source);
}

void loop_add_socket(struct loop *loop, void *socket, loop_handler handler, void *context)
{
    add_socket(loop, (struct source){.socket = socket, .handler = handler, .context = context});
}

void loop_add_own_socket(struct loop *loop, void *socket, loop_handler handler, void *context)
{
    add_socket(loop, (struct source){.socket = socket, .own = true, .handler = handler, .context = context});
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
        loop->polled[i] = (struct pollfd){.fd = loop->sources[i].fd, .events = POLLIN};
}

/* False with errno set. Asking for the events makes ZeroMQ read what its threads have told the socket, so it
 * has to be done before each wait for the descriptor. */
static bool look_at_socket(struct source *source)
{
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(source->socket, ZMQ_EVENTS, &events, &size) < 0)
        return errno == EINTR;
    source->ready = events & ZMQ_POLLIN;
    source->used = false;
    return true;
}

/* Marks what is ready, waiting for it if nothing is. zmq_poll does the same with about twice as many system
 * calls, which a crawl without a rate limit notices. False with errno set. */
static bool wait_for_sources(struct loop *loop, int64_t sleep_ms)
{
    bool any = false;
    for (int i = 0; i < loop->count; i++) {
        struct source *source = &loop->sources[i];
        source->ready = false;
        if (source->socket && (source->used || !source->own) && !look_at_socket(source))
            return false;
        any |= source->ready;
    }
    if (any && ++loop->rounds_without_poll < ROUNDS_WITHOUT_POLL)
        return true;
    loop->rounds_without_poll = 0;
    int timeout = any || sleep_ms < 0 ? 0 : sleep_ms > INT_MAX ? -1 : (int)sleep_ms;
    int readable = poll(loop->polled, (nfds_t)loop->count, timeout);
    if (readable < 0)
        return errno == EINTR;
    for (int i = 0; i < loop->count && readable > 0; i++) {
        struct source *source = &loop->sources[i];
        if (!loop->polled[i].revents)
            continue;
        readable--;
        if (!source->socket)
            source->ready = true;
        else if (!source->ready && !look_at_socket(source))
            return false;
    }
    return true;
}

static void dispatch(struct loop *loop, int polled)
{
    for (int i = 0; i < polled; i++) {
        /* A handler before this one may have removed it, or have moved the array by adding. */
        struct source source = loop->sources[i];
        if (!source.ready || !source.handler)
            continue;
        loop->sources[i].used = true;
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
        if (!wait_for_sources(loop, sleep_ms))
            return false;
        dispatch(loop, loop->count);
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}
