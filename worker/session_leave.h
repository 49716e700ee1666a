#ifndef R3E_WORKER_SESSION_LEAVE_H
#define R3E_WORKER_SESSION_LEAVE_H
/* How a session ends: BYE and what is still awaited, signals, at once. */
#include "worker/session_state.h"

/* SIGTERM and SIGINT are blocked and can be read from `signal_fd` from now on. */
void session_watch_signals(struct session *session);

/* They have come: drops the work in hand and leaves soon. For the loop; `context` is the session. */
void session_signalled(void *context);

/* Says BYE; the session ends when results are acknowledged and a last job that crossed the BYE is done. */
void session_leave(struct session *session, enum bye reason, int64_t now_ms);

/* Ends it now. */
void session_stop(struct session *session, int exit_code);

/* True if it was leaving and there is nothing left to wait for: the loop has been told to stop. */
bool session_has_left(struct session *session, int64_t now_ms);

#endif
