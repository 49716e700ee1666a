#ifndef R3E_COORDINATOR_CTL_CONTROL_CLIENT_H
#define R3E_COORDINATOR_CTL_CONTROL_CLIENT_H
/* Asks a coordinator's control socket (common/control_message.h). Nothing waits for ever: who is not there
 * within CONTROL_CLIENT_CONNECT_MS, or does not answer within CONTROL_CLIENT_ANSWER_MS, is said to be so. */
#include <stdbool.h>

#include "common/control_message.h"
#include "coordinator/ctl/command.h"

#define CONTROL_CLIENT_CONNECT_MS 5000
#define CONTROL_CLIENT_ANSWER_MS  30000 /* it may have to wait for its disk */

struct control_client;

/* Connects to `where`'s control socket. NULL after saying what is wrong on standard error (`name` is the
 * command's); `*code` is the exit code then. */
struct control_client *control_client_open(const struct ctl_globals *where, const char *name, int *code);
void control_client_close(struct control_client **pointer);

/* Sends a request and waits for its answer, the text of which is printable. False after saying what is wrong;
 * exit with CTL_FAILED. */
bool control_client_ask(
    struct control_client *client, const struct control_request *request, struct control_reply *reply);

/* The same in two halves, for who does other things meanwhile: false if it cannot be sent now, or no (usable)
 * answer is there yet. Nothing is said. */
bool control_client_send(struct control_client *client, const struct control_request *request);
bool control_client_take(struct control_client *client, struct control_reply *reply);

/* The ZeroMQ socket, to wait for. */
void *control_client_socket(const struct control_client *client);

/* The last answer as it came, valid until the next request. */
struct text control_client_json(const struct control_client *client);

#endif
