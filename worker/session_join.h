#ifndef R3E_WORKER_SESSION_JOIN_H
#define R3E_WORKER_SESSION_JOIN_H
/* How a worker comes to its coordinator, and comes back after it lost it: connections, HELLO, WELCOME. */
#include "worker/session_state.h"

/* Makes new sockets in place of those there were, and begins to look for the coordinator. */
void session_connect(struct session *session, int64_t now_ms);

/* Says HELLO again with the sockets there are: the coordinator takes something for granted that is not so. No
 * job is taken until it has answered. */
void session_rejoin(struct session *session);

/* Looks for the coordinator; true if it has been away for too long: the session is over. */
bool session_seek(struct session *session, int64_t now_ms);

/* WELCOME came, the first one or another one. */
void session_welcome(struct session *session, const struct message_welcome *welcome, int64_t now_ms);

#endif
