#ifndef R3E_WORKER_SESSION_STATE_H
#define R3E_WORKER_SESSION_STATE_H
/* What a session is made of: for session.c, session_join.c, session_work.c and session_leave.c only. All
 * others know session.h. */
#include "common/loop.h"
#include "common/protocol.h"
#include "worker/connection.h"
#include "worker/job.h"
#include "worker/outbox.h"
#include "worker/retire.h"
#include "worker/robots_fetch.h"
#include "worker/session.h"

#define SEND_AGAIN_MS 2 /* a queue was full, or the connection is still being made */

enum session_state {
    STATE_SEEKING, /* HELLO goes out until WELCOME comes */
    STATE_JOINED
};

struct session {
    const struct session_options *options;
    struct loop *loop;
    struct connection *connection;
    int signal_fd, resident_fd;
    enum session_state state;
    struct message_welcome welcome; /* of the present connection; `worker` empty: none came yet */
    bool renewed;                   /* the welcome may differ from what `job` was opened with */
    struct job *job;                /* NULL before the first WELCOME */
    uint64_t process;               /* drawn at the start: which one of its host and pid it is */
    uint64_t taken;                 /* lease of the last JOB taken; 0: none */
    bool foreign;                   /* the coordinator does not know the lease in hand: it is another one */
    struct robots_fetch *robots;    /* robots.txt is being fetched; NULL: it is not */
    bool robots_told;               /* what came of it was sent: to be closed */
    struct outbox outbox;
    struct retire retire;
    bool credit;         /* a READY is out */
    bool asked_to_leave; /* RETIRE came: after the job in hand */
    bool leaving;
    enum bye reason;
    int64_t leave_after_ms; /* not before, even with nothing to do */
    int64_t leave_by_ms;    /* at the latest; 0: no such time */
    int64_t born_ms, last_heard_ms, next_hello_ms, next_beat_ms;
    int64_t send_again_ms;         /* pause after a refused send */
    uint64_t bad_frames, refusals; /* refusals: of the present seek */
    int64_t reopen_ms;             /* new sockets then; 0: the present ones will do */
    int64_t resend_ms;             /* unacknowledged results go out again then; 0: no need */
    struct reach_session reach;
    int exit_code;
};

/* Sends on the jobs socket; false if it could not be sent. */
bool session_tell(struct session *session, const struct message *message);

/* The jobs socket has messages; `context` is the session. */
void session_readable(void *context);

#endif
