#ifndef R3E_WORKER_SESSION_WORK_H
#define R3E_WORKER_SESSION_WORK_H
/* What a worker does for its coordinator: jobs, results until they are acknowledged, robots.txt. */
#include "worker/session_state.h"

/* JOB, ROBOTS and ACK came. */
void session_job(struct session *session, const struct message_job *message);
void session_robots(struct session *session);
void session_acknowledged(struct session *session, const struct message_ack *ack);

/* Sends what is in the outbox and not sent yet, if the session is joined. */
void session_flush(struct session *session);

/* The connection that results went over is a new one: those not acknowledged are to be sent again. */
void session_resend(struct session *session);

/* Has a job that goes by the present welcome. */
void session_open_job(struct session *session);

/* Retires or offers itself for another job, if it has none. */
void session_offer(struct session *session, int64_t now_ms);

/* A job or robots.txt is in hand. */
bool session_is_busy(const struct session *session);

/* Lets go of robots.txt: whoever asked is told, or gone. */
void session_drop_robots(struct session *session);

/* The time of what is in hand; milliseconds until it wants to be called again. */
int64_t session_tick_work(struct session *session, int64_t now_ms);

#endif
