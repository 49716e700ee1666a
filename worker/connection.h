#ifndef R3E_WORKER_CONNECTION_H
#define R3E_WORKER_CONNECTION_H
/* The two sockets that lead to the coordinator: DEALER for messages, PUSH for results. */
#include <stdbool.h>

#include "common/loop.h"
#include "common/pack_reader.h"
#include "common/protocol.h"

struct connection;

/* `endpoint` (of the jobs socket) must outlive it. Opens nothing yet. */
struct connection *connection_make(const char *endpoint);

/* Waits a moment for what was sent to leave. */
void connection_close(struct connection **pointer);

/* Makes a new DEALER socket in place of the present sockets. `readable` is called while there is something to
 * receive. */
void connection_open(struct connection *connection, struct loop *loop, loop_handler readable, void *context);

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
