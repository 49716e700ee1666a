#include "exporter/httpd/connections.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <utlist.h>

#include "common/memory.h"

struct connection {
    struct connection *prev, *next; /* in `waiting` or `answering`; in neither once it was ended */
    struct connection **list;
    int fd;
    int64_t deadline_ms;
};

struct connections {
    pthread_mutex_t mutex;
    unsigned crowded, wanted;
    unsigned live;              /* that were not ended */
    struct connection *waiting; /* for a request, the longest first */
    struct connection *answering;
    struct connections_figures figures;
};

struct connections *connections_open(unsigned crowded, unsigned wanted)
{
    struct connections *connections = memory_zalloc(1, sizeof *connections);
    pthread_mutex_init(&connections->mutex, NULL);
    connections->crowded = crowded;
    connections->wanted = wanted;
    return connections;
}

void connections_close(struct connections **pointer)
{
    if (*pointer)
        pthread_mutex_destroy(&(*pointer)->mutex);
    free(*pointer);
    *pointer = NULL;
}

/* ---- with the mutex held ---- */

static void put_in(struct connection *connection, struct connection **list)
{
    connection->list = list;
    DL_APPEND(*list, connection);
}

static void take_out(struct connection *connection)
{
    if (connection->list)
        DL_DELETE(*connection->list, connection);
    connection->list = NULL;
}

static void end(struct connections *connections, struct connection *connection)
{
    take_out(connection);
    connections->live--;
    shutdown(connection->fd, SHUT_RDWR);
}

/* Ends the one that has waited longest. False: nobody has waited long enough. */
static bool make_room(struct connections *connections, int64_t now_ms)
{
    struct connection *first = connections->waiting;
    if (!first || first->deadline_ms - CONNECTIONS_REQUEST_MS + CONNECTIONS_GRACE_MS > now_ms)
        return false;
    connections->figures.ended_early++;
    end(connections, first);
    return true;
}

/* ---- for all ---- */

struct connection *connections_add(struct connections *connections, int fd, int64_t now_ms)
{
    struct connection *connection = memory_zalloc(1, sizeof *connection);
    connection->fd = fd;
    connection->deadline_ms = now_ms + CONNECTIONS_REQUEST_MS;
    pthread_mutex_lock(&connections->mutex);
    connections->figures.accepted++;
    connections->figures.open++;
    if (++connections->live > connections->crowded)
        make_room(connections, now_ms);
    put_in(connection, &connections->waiting);
    pthread_mutex_unlock(&connections->mutex);
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->mutex);
    connections->figures.open--;
    if (connection->list)
        connections->live--;
    take_out(connection);
    pthread_mutex_unlock(&connections->mutex);
    free(connection);
}

/* One that was ended stays so. */
static void move(struct connections *connections, struct connection *connection, struct connection **list,
    int64_t deadline_ms)
{
    pthread_mutex_lock(&connections->mutex);
    if (connection->list) {
        connection->deadline_ms = deadline_ms;
        take_out(connection);
        put_in(connection, list);
    }
    pthread_mutex_unlock(&connections->mutex);
}

void connections_answering(
    struct connections *connections, struct connection *connection, uint64_t bytes, int64_t now_ms)
{
    uint64_t more_ms = bytes / CONNECTIONS_BYTES_EACH_MS;
    int64_t allowed_ms = CONNECTIONS_ANSWER_MS + (more_ms < INT32_MAX ? (int64_t)more_ms : INT32_MAX);
    move(connections, connection, &connections->answering, now_ms + allowed_ms);
}

void connections_waiting(struct connections *connections, struct connection *connection, int64_t now_ms)
{
    move(connections, connection, &connections->waiting, now_ms + CONNECTIONS_REQUEST_MS);
}

static void sweep(struct connections *connections, struct connection *list, int64_t now_ms)
{
    struct connection *next;
    for (struct connection *connection = list; connection; connection = next) {
        next = connection->next;
        if (connection->deadline_ms <= now_ms) {
            connections->figures.ended_late++;
            end(connections, connection);
        }
    }
}

void connections_sweep(struct connections *connections, int64_t now_ms)
{
    pthread_mutex_lock(&connections->mutex);
    sweep(connections, connections->waiting, now_ms);
    sweep(connections, connections->answering, now_ms);
    if (connections->live > connections->crowded)
        while (connections->live > connections->wanted && make_room(connections, now_ms))
            continue;
    pthread_mutex_unlock(&connections->mutex);
}

struct connections_figures connections_figures(struct connections *connections)
{
    pthread_mutex_lock(&connections->mutex);
    struct connections_figures figures = connections->figures;
    pthread_mutex_unlock(&connections->mutex);
    return figures;
}
