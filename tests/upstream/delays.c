#include "tests/upstream/delays.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct item {
    uint64_t due_us;
    delays_function *function;
    void *argument;
};

struct delays {
    pthread_mutex_t lock; // guards all below
    struct item *heap;    // the earliest first
    size_t count;
    size_t capacity;
    bool stopped;
    int wake_fd; // an eventfd: the earliest item changed
};

uint64_t delays_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct delays *delays_new(void)
{
    struct delays *delays = calloc(1, sizeof *delays);
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!delays || wake_fd < 0) {
        perror("r3e-upstream: cannot set up the timer");
        abort();
    }
    pthread_mutex_init(&delays->lock, NULL);
    delays->wake_fd = wake_fd;
    return delays;
}

void delays_free(struct delays *delays)
{
    pthread_mutex_destroy(&delays->lock);
    close(delays->wake_fd);
    free(delays->heap);
    free(delays);
}

static void swap(struct item *a, struct item *b)
{
    struct item kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct delays *delays, struct item item)
{
    if (delays->count == delays->capacity) {
        delays->capacity = delays->capacity ? delays->capacity * 2 : 64;
        delays->heap = reallocarray(delays->heap, delays->capacity, sizeof *delays->heap);
        if (!delays->heap) {
            fputs("r3e-upstream: out of memory\n", stderr);
            abort();
        }
    }
    size_t at = delays->count++;
    delays->heap[at] = item;
    for (; at > 0 && delays->heap[at].due_us < delays->heap[(at - 1) / 2].due_us; at = (at - 1) / 2)
        swap(&delays->heap[at], &delays->heap[(at - 1) / 2]);
}

static struct item pop(struct delays *delays)
{
    struct item *heap = delays->heap;
    struct item first = heap[0];
    heap[0] = heap[--delays->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1;
        for (size_t child = left; child <= left + 1 && child < delays->count; child++)
            if (heap[child].due_us < heap[least].due_us)
                least = child;
        if (least == at)
            return first;
        swap(&heap[at], &heap[least]);
        at = least;
    }
}

bool delays_add(struct delays *delays, uint64_t due_us, delays_function *function, void *argument)
{
    pthread_mutex_lock(&delays->lock);
    bool taken = !delays->stopped;
    bool earliest = taken && (delays->count == 0 || due_us < delays->heap[0].due_us);
    if (taken)
        push(delays, (struct item){due_us, function, argument});
    pthread_mutex_unlock(&delays->lock);
    if (earliest)
        eventfd_write(delays->wake_fd, 1);
    return taken;
}

// Runs one item that is due, or any when stopping. False: there is none; *next_us says when there will be (0:
// never).
static bool run_one(struct delays *delays, bool stopping, uint64_t *next_us)
{
    pthread_mutex_lock(&delays->lock);
    delays->stopped |= stopping;
    *next_us = delays->count ? delays->heap[0].due_us : 0;
    bool due = delays->count && (stopping || *next_us <= delays_now_us());
    struct item item = due ? pop(delays) : (struct item){0};
    pthread_mutex_unlock(&delays->lock);
    if (!due)
        return false;
    uint64_t again_us = item.function(item.argument, stopping);
    if (again_us)
        delays_add(delays, again_us, item.function, item.argument);
    return true;
}

void delays_run_until_readable(struct delays *delays, int fd)
{
    struct pollfd polled[2] = {{.fd = fd, .events = POLLIN}, {.fd = delays->wake_fd, .events = POLLIN}};
    while (!(polled[0].revents & POLLIN)) {
        uint64_t next_us = 0;
        if (run_one(delays, false, &next_us))
            continue;
        uint64_t now_us = delays_now_us();
        uint64_t wait_us = next_us > now_us ? next_us - now_us : 0;
        struct timespec wait = {(time_t)(wait_us / 1000000), (long)(wait_us % 1000000 * 1000)};
        ppoll(polled, 2, next_us ? &wait : NULL, NULL);
        if (polled[1].revents & POLLIN) {
            eventfd_t ignored;
            eventfd_read(delays->wake_fd, &ignored);
        }
    }
}

void delays_stop(struct delays *delays)
{
    uint64_t ignored;
    bool more = true;
    while (more)
        more = run_one(delays, true, &ignored);
}
