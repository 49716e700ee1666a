#include "worker/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"
#include "worker/outbox.h"

#define JOBS_HWM  1000
#define LINGER_MS 200

struct connection {
    void *context; /* owned */
    const char *endpoint;
    void *jobs, *results;                      /* owned; NULL: none */
    char results_endpoint[PROTOCOL_NAME_SIZE]; /* as announced; empty: none */
    struct loop *loop;
};

struct connection *connection_make(const char *endpoint)
{
    struct connection *connection = memory_zalloc(1, sizeof *connection);
    connection->endpoint = endpoint;
    connection->context = zmq_ctx_new();
    if (!connection->context)
        log_fatal("cannot start ZeroMQ: %s", zmq_strerror(errno));
    return connection;
}

static void close_sockets(struct connection *connection)
{
    if (connection->jobs)
        loop_remove_socket(connection->loop, connection->jobs);
    wire_close(&connection->jobs);
    wire_close(&connection->results);
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

static void *open_socket(struct connection *connection, int type, const char *endpoint, int high_water_mark)
{
    struct wire_options options = {
        .high_water_mark = high_water_mark, .max_frame_bytes = PROTOCOL_FRAME_MAX, .linger_ms = LINGER_MS};
    void *socket = wire_open(connection->context, type, &options);
    if (!socket)
        log_fatal("cannot open a socket: %s", zmq_strerror(errno));
    if (!wire_connect(socket, endpoint))
        log_fatal("cannot connect to %s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

void connection_open(struct connection *connection, struct loop *loop, loop_handler readable, void *context)
{
    close_sockets(connection);
    connection->loop = loop;
    connection->jobs = open_socket(connection, ZMQ_DEALER, connection->endpoint, JOBS_HWM);
    loop_add_socket(loop, connection->jobs, readable, context);
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
    if (endpoint.loopback || allow_insecure)
        return true;
    *problem = "leads beyond this host in plain text (--allow-insecure allows it)";
    return false;
}

bool connection_open_results(
    struct connection *connection, const char *endpoint, bool allow_insecure, const char **problem)
{
    char target[PROTOCOL_NAME_SIZE];
    if (connection->results && strcmp(connection->results_endpoint, endpoint) == 0)
        return true;
    if (!resolve(connection, endpoint, allow_insecure, target, problem))
        return false;
    wire_close(&connection->results);
    connection->results = open_socket(connection, ZMQ_PUSH, target, (int)OUTBOX_COUNT_MOST);
    memcpy(connection->results_endpoint, endpoint, strlen(endpoint) + 1);
    return true;
}

bool connection_send_job(struct connection *connection, const struct message *message)
{
    return wire_send(connection->jobs, NULL, message, NULL, 0);
}

bool connection_send_result(struct connection *connection, const struct message *message,
    const struct text *payloads, int payload_count)
{
    return connection->results && wire_send(connection->results, NULL, message, payloads, payload_count);
}

int connection_receive(
    struct connection *connection, struct message *message, char problem[static PROTOCOL_PROBLEM_SIZE])
{
    struct wire_message frames;
    int received = connection->jobs ? wire_receive(connection->jobs, &frames) : 0;
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
