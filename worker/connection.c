#include "worker/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/link_events.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"
#include "worker/outbox.h"

#define JOBS_HWM  1000
#define LINGER_MS 200

/* A socket, and what becomes of its connection. */
struct link {
    void *socket, *watch; /* owned; NULL: none */
    bool was_ready;       /* it had a connection before */
};

struct connection {
    void *context; /* owned */
    const char *endpoint;
    const struct client_keys *keys;
    struct link jobs, results;
    char results_endpoint[PROTOCOL_NAME_SIZE]; /* as announced; empty: none */
    struct loop *loop;
    struct connection_events events;
    const char *problem;
};

struct connection *connection_make(const char *endpoint, const struct client_keys *keys)
{
    struct connection *connection = memory_zalloc(1, sizeof *connection);
    connection->endpoint = endpoint;
    connection->keys = keys;
    connection->problem = "";
    connection->context = wire_context_open();
    if (!connection->context)
        log_fatal("cannot start ZeroMQ: %s", zmq_strerror(errno));
    return connection;
}

static void close_link(struct connection *connection, struct link *link)
{
    if (link->watch)
        loop_remove_socket(connection->loop, link->watch);
    link_events_close(&link->watch, link->socket);
    wire_close(&link->socket);
    link->was_ready = false;
}

static void close_sockets(struct connection *connection)
{
    if (connection->jobs.socket)
        loop_remove_socket(connection->loop, connection->jobs.socket);
    close_link(connection, &connection->jobs);
    close_link(connection, &connection->results);
    connection->results_endpoint[0] = 0;
}

void connection_close(struct connection **pointer)
{
    struct connection *connection = *pointer;
    if (!connection)
        return;
    close_sockets(connection);
    zmq_ctx_term(connection->context);
    free(connection);
    *pointer = NULL;
}

/* ---- what becomes of the connections ---- */

/* Returns true if a connection has taken the place of an earlier one; `failed` is set if one could not be
 * made. */
static bool take_events(struct connection *connection, struct link *link, bool *failed)
{
    struct link_event event;
    bool again = false;
    *failed = false;
    while (link->watch && link_events_next(link->watch, &event)) {
        if (event.kind == LINK_READY) {
            again |= link->was_ready;
            link->was_ready = true;
            *failed = false;
            connection->problem = "";
        } else if (event.kind == LINK_FAILED) {
            *failed = true;
            connection->problem = link_event_of_ours(&event, connection->keys->server_key[0] != 0);
        }
    }
    return again;
}

static void on_jobs_link(void *context)
{
    struct connection *connection = context;
    bool failed, again = take_events(connection, &connection->jobs, &failed);
    if (failed)
        connection->events.refused(connection->events.context);
    else if (again)
        connection->events.jobs_again(connection->events.context);
}

static void on_results_link(void *context)
{
    struct connection *connection = context;
    bool failed, again = take_events(connection, &connection->results, &failed);
    if (failed)
        connection->events.refused(connection->events.context);
    else if (again)
        connection->events.results_again(connection->events.context);
}

const char *connection_problem(const struct connection *connection)
{
    return connection->problem;
}

/* ---- opening ---- */

static void watch_link(struct connection *connection, struct link *link, loop_handler handler)
{
    link->watch = link_events_open(connection->context, link->socket);
    if (!link->watch)
        log_fatal("cannot watch a socket: %s", zmq_strerror(errno));
    loop_add_own_socket(connection->loop, link->watch, handler, connection);
}

/* Connects nothing yet. */
static void *open_socket(struct connection *connection, int type, const char *endpoint, int high_water_mark)
{
    const struct client_keys *keys = connection->keys;
    struct wire_options options = {
        .high_water_mark = high_water_mark, .max_frame_bytes = PROTOCOL_FRAME_MAX, .linger_ms = LINGER_MS};
    void *socket = wire_open(connection->context, type, &options);
    if (!socket)
        log_fatal("cannot open a socket: %s", zmq_strerror(errno));
    if (keys->server_key[0] && strncmp(endpoint, "tcp://", 6) == 0 && !wire_secure_client(socket, keys))
        log_fatal("cannot use the keys: %s", zmq_strerror(errno));
    return socket;
}

static void connect_socket(void *socket, const char *endpoint)
{
    if (!wire_connect(socket, endpoint))
        log_fatal("cannot connect to %s: %s", endpoint, zmq_strerror(errno));
}

void connection_open(struct connection *connection, struct loop *loop, const struct connection_events *events)
{
    close_sockets(connection);
    connection->loop = loop;
    connection->events = *events;
    connection->jobs.socket = open_socket(connection, ZMQ_DEALER, connection->endpoint, JOBS_HWM);
    watch_link(connection, &connection->jobs, on_jobs_link);
    connect_socket(connection->jobs.socket, connection->endpoint);
    loop_add_socket(loop, connection->jobs.socket, events->readable, events->context);
}

static bool is_wildcard(const struct endpoint *endpoint)
{
    return endpoint->kind == ENDPOINT_TCP &&
           (strcmp(endpoint->host, "*") == 0 || strcmp(endpoint->host, "0.0.0.0") == 0 ||
               strcmp(endpoint->host, "::") == 0);
}

/* Where to connect for what the coordinator announces. False with `*problem`. */
static bool resolve(const struct connection *connection, const char *announced, bool allow_insecure,
    char target[static PROTOCOL_NAME_SIZE], const char **problem)
{
    struct endpoint endpoint, own;
    if (!endpoint_parse(announced, &endpoint, problem))
        return false;
    bool own_is_right = endpoint_parse(connection->endpoint, &own, problem);
    if (is_wildcard(&endpoint) && own_is_right && own.kind == ENDPOINT_TCP) {
        bool brackets = strchr(own.host, ':') != NULL;
        int length = snprintf(
            target, PROTOCOL_NAME_SIZE, brackets ? "tcp://[%s]:%d" : "tcp://%s:%d", own.host, endpoint.port);
        if (length < 0 || length >= PROTOCOL_NAME_SIZE)
            return false;
        endpoint.loopback = own.loopback;
    } else {
        memcpy(target, announced, strlen(announced) + 1);
    }
    if (endpoint.loopback || allow_insecure || connection->keys->server_key[0])
        return true;
    *problem = "leads beyond this host in plain text (give --key and --server-key, or --allow-insecure)";
    return false;
}

bool connection_open_results(
    struct connection *connection, const char *endpoint, bool allow_insecure, const char **problem)
{
    char target[PROTOCOL_NAME_SIZE];
    if (connection->results.socket && strcmp(connection->results_endpoint, endpoint) == 0)
        return true;
    if (!resolve(connection, endpoint, allow_insecure, target, problem))
        return false;
    close_link(connection, &connection->results);
    connection->results.socket = open_socket(connection, ZMQ_PUSH, target, (int)OUTBOX_COUNT_MOST);
    watch_link(connection, &connection->results, on_results_link);
    connect_socket(connection->results.socket, target);
    memcpy(connection->results_endpoint, endpoint, strlen(endpoint) + 1);
    return true;
}

bool connection_send_job(struct connection *connection, const struct message *message)
{
    return wire_send(connection->jobs.socket, NULL, message, NULL, 0);
}

bool connection_send_result(struct connection *connection, const struct message *message,
    const struct text *payloads, int payload_count)
{
    return connection->results.socket &&
           wire_send(connection->results.socket, NULL, message, payloads, payload_count);
}

int connection_receive(
    struct connection *connection, struct message *message, char problem[static PROTOCOL_PROBLEM_SIZE])
{
    struct wire_message frames;
    int received = connection->jobs.socket ? wire_receive(connection->jobs.socket, &frames) : 0;
    if (received <= 0)
        return 0;
    bool ok = false;
    if (frames.excess || frames.count != 1)
        memcpy(problem, "it has several frames", sizeof "it has several frames");
    else
        ok = protocol_decode(wire_frame(&frames, 0), wire_frame_size(&frames, 0), message, problem);
    wire_message_free(&frames);
    return ok ? 1 : -1;
}
