#ifndef R3E_WORKER_CONNECTION_H
#define R3E_WORKER_CONNECTION_H
/* The two sockets that lead to the coordinator: DEALER for messages, PUSH for results. A tcp socket is
 * encrypted if there are keys. */
#include <stdbool.h>

#include "common/client_keys.h"
#include "common/loop.h"
#include "common/pack_reader.h"
#include "common/protocol.h"

struct connection;

/* What the owner is told of its connections, from the event loop. */
struct connection_events {
    loop_handler readable;      /* there is something to receive */
    loop_handler jobs_again;    /* the jobs socket has another connection than before */
    loop_handler results_again; /* so has the results socket: what was sent may be lost */
    loop_handler refused;       /* it cannot be joined: connection_problem says why */
    void *context;
};

/* `endpoint` (of the jobs socket) and `keys` must outlive it. Opens nothing yet. */
struct connection *connection_make(const char *endpoint, const struct client_keys *keys);

/* Waits a moment for what was sent to leave. */
void connection_close(struct connection **pointer);

/* Makes a new DEALER socket in place of the present sockets. */
void connection_open(
    struct connection *connection, struct loop *loop, const struct connection_events *events);

/* Why the last attempt to connect failed, for people; "" if none did since the last success. */
const char *connection_problem(const struct connection *connection);

/* Connects the results socket, unless it is connected there already. An address that stands for all of the
 * coordinator's is replaced by the host of the jobs socket. False: `*problem` says what is wrong with
 * `endpoint`. */
bool connection_open_results(
    struct connection *connection, const char *endpoint, bool allow_insecure, const char **problem);

/* False: not now (errno EAGAIN: not connected, or the queue is full). */
bool connection_send_job(struct connection *connection, const struct message *message);
bool connection_send_result(struct connection *connection, const struct message *message,
    const struct text *payloads, int payload_count);

/* 1: received; 0: nothing there; -1: something that cannot be used, `problem` says why. */
int connection_receive(
    struct connection *connection, struct message *message, char problem[static PROTOCOL_PROBLEM_SIZE]);

#endif
