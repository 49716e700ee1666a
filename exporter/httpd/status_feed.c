#include "exporter/httpd/status_feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "common/wire.h"

#define HIGH_WATER_MARK 4 /* only the last one counts */

static const char topic[] = "summary";

struct status_feed {
    void *context;
    void *socket; /* the thread's, once it runs */
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; /* for all below */
    struct buffer summary;
    int64_t heard_ms;
};

/* ---- the thread ---- */

static bool is_summary(const struct wire_message *message)
{
    return message->count == 2 && wire_frame_size(message, 0) == sizeof topic - 1 &&
           memcmp(wire_frame(message, 0), topic, sizeof topic - 1) == 0;
}

static void take(struct status_feed *feed, const struct wire_message *message)
{
    pthread_mutex_lock(&feed->mutex);
    buffer_clear(&feed->summary);
    buffer_append(&feed->summary, wire_frame(message, 1), wire_frame_size(message, 1));
    feed->heard_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&feed->mutex);
}

/* Until the context is shut down. */
static void *listen_on(void *argument)
{
    struct status_feed *feed = argument;
    zmq_pollitem_t item = {.socket = feed->socket, .events = ZMQ_POLLIN};
    int received = 0;
    while (received >= 0 && (zmq_poll(&item, 1, -1) >= 0 || errno == EINTR)) {
        struct wire_message message;
        while ((received = wire_receive(feed->socket, &message)) == 1) {
            if (is_summary(&message))
                take(feed, &message);
            wire_message_free(&message);
        }
    }
    wire_close(&feed->socket);
    return NULL;
}

/* ---- for the others ---- */

static bool start(struct status_feed *feed, const char *endpoint, const struct client_keys *keys)
{
    const struct wire_options options = {
        .high_water_mark = HIGH_WATER_MARK, .max_frame_bytes = METRICS_SUMMARY_MAX};
    feed->context = zmq_ctx_new();
    feed->socket = feed->context ? wire_open(feed->context, ZMQ_SUB, &options) : NULL;
    if (feed->socket && keys && !wire_secure_client(feed->socket, keys))
        return false;
    if (!feed->socket || zmq_setsockopt(feed->socket, ZMQ_SUBSCRIBE, topic, sizeof topic - 1) != 0 ||
        !wire_connect(feed->socket, endpoint))
        return false;
    errno = pthread_create(&feed->thread, NULL, listen_on, feed);
    feed->running = errno == 0;
    return feed->running;
}

struct status_feed *status_feed_open(const char *endpoint, const struct client_keys *keys)
{
    struct status_feed *feed = memory_zalloc(1, sizeof *feed);
    feed->summary = buffer_make(METRICS_SUMMARY_MAX);
    feed->heard_ms = clock_monotonic_ms();
    pthread_mutex_init(&feed->mutex, NULL);
    if (!start(feed, endpoint, keys)) {
        int error = errno;
        status_feed_close(&feed);
        errno = error;
    }
    return feed;
}

void status_feed_close(struct status_feed **pointer)
{
    struct status_feed *feed = *pointer;
    if (!feed)
        return;
    if (feed->context)
        zmq_ctx_shutdown(feed->context);
    if (feed->running)
        pthread_join(feed->thread, NULL);
    wire_close(&feed->socket);
    if (feed->context)
        zmq_ctx_term(feed->context);
    buffer_free(&feed->summary);
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
    *pointer = NULL;
}

bool status_feed_last(struct status_feed *feed, struct buffer *out, int64_t *heard_ms)
{
    pthread_mutex_lock(&feed->mutex);
    bool heard = feed->summary.length > 0;
    *heard_ms = feed->heard_ms;
    buffer_append(out, feed->summary.data, feed->summary.length);
    pthread_mutex_unlock(&feed->mutex);
    return heard;
}
