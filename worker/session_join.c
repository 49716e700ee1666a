#include "worker/session_join.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/version.h"
#include "worker/session_leave.h"
#include "worker/session_work.h"

#define FIRST_WELCOME_MS   10000
#define HELLO_AGAIN_MS     1000
#define SEND_AGAIN_MOST_MS 50
#define REJOIN_SPREAD_MS   250 /* a thousand workers that lost their connections do not come at once */
#define REOPEN_MS          1000
#define RESEND_AFTER_MS    500

/* ---- the connection ---- */

/* HELLO goes out, with the sockets there are, at that time. */
static void seek(struct session *session, int64_t hello_ms)
{
    session->state = STATE_SEEKING;
    session->credit = false;
    session->send_again_ms = 1;
    session->next_hello_ms = hello_ms;
}

/* It broke and was made anew, by libzmq: nobody there knows it. */
static void on_jobs_again(void *context)
{
    struct session *session = context;
    if (session->state != STATE_JOINED)
        return;
    log_info("the connection to the coordinator was lost and is there again");
    seek(session, clock_monotonic_ms() + random() % REJOIN_SPREAD_MS);
}

void session_rejoin(struct session *session)
{
    seek(session, clock_monotonic_ms());
}

/* What was sent may be lost. If the coordinator itself was gone the other connection is made anew too, and
 * everything is sent again when it has told our new name. */
static void on_results_again(void *context)
{
    struct session *session = context;
    session->resend_ms = clock_monotonic_ms() + RESEND_AFTER_MS;
}

/* libzmq gives up for good when a key is refused, so new sockets are made after a pause. Logged at powers of
 * two: it goes on until the key is authorized or patience is over. */
static void on_refused(void *context)
{
    struct session *session = context;
    uint64_t count = ++session->refusals;
    if (!session->options->keys.server_key[0])
        log_debug("%s: %s", session->options->endpoint, connection_problem(session->connection));
    else if ((count & (count - 1)) == 0)
        log_error("cannot join %s: %s", session->options->endpoint, connection_problem(session->connection));
    if (!session->reopen_ms)
        session->reopen_ms = clock_monotonic_ms() + REOPEN_MS + random() % REOPEN_MS;
}

void session_connect(struct session *session, int64_t now_ms)
{
    const struct connection_events events = {.readable = session_readable,
        .jobs_again = on_jobs_again,
        .results_again = on_results_again,
        .refused = on_refused,
        .context = session};
    session->reopen_ms = 0;
    seek(session, now_ms);
    connection_open(session->connection, session->loop, &events);
    FAULT_POINT(WORKER_CONNECTED);
}

/* ---- HELLO ---- */

static void say_hello(struct session *session, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_HELLO,
        .hello = {.version = R3E_VERSION,
            .pid = (uint64_t)getpid(),
            .process = session->process,
            .job = session->taken}};
    if (gethostname(message.hello.host, sizeof message.hello.host - 1) < 0 || !message.hello.host[0])
        memcpy(message.hello.host, "unknown", sizeof "unknown");
    if (session_tell(session, &message)) {
        FAULT_POINT(WORKER_HELLO_SENT);
        session->next_hello_ms = now_ms + HELLO_AGAIN_MS + random() % (HELLO_AGAIN_MS / 4);
        session->send_again_ms = SEND_AGAIN_MS;
        return;
    }
    session->next_hello_ms = now_ms + session->send_again_ms;
    if (session->send_again_ms < SEND_AGAIN_MOST_MS)
        session->send_again_ms *= 2;
}

bool session_seek(struct session *session, int64_t now_ms)
{
    bool known = session->welcome.worker[0] != 0;
    int64_t patience_ms = known ? session->options->exit_deadline_ms : FIRST_WELCOME_MS;
    if (now_ms - (known ? session->last_heard_ms : session->born_ms) >= patience_ms) {
        const char *problem = connection_problem(session->connection);
        log_error("no answer from %s for %lld s%s%s", session->options->endpoint,
            (long long)patience_ms / 1000, problem[0] ? ": " : "; is r3e-coordinator running there?",
            problem);
        session_stop(session, 1);
        return true;
    }
    if (now_ms >= session->next_hello_ms)
        say_hello(session, now_ms);
    return false;
}

/* ---- WELCOME ---- */

/* False: it leads to where this process may not connect. */
static bool check_reach(struct session *session, const struct message_welcome *welcome)
{
    int shut = 0;
    enum reach_outcome outcome = reach_welcome(
        &session->reach, session->options->endpoint, welcome->results, welcome->base_url, &shut);
    if (outcome == REACH_CHANGED) {
        log_info("the coordinator's addresses have changed, and this worker has shut port %d; leaving", shut);
        session->asked_to_leave = true;
    } else if (outcome == REACH_SHUT) {
        log_error("the coordinator's welcome needs tcp port %d (results %s, upstream %s), which --tcp-ports "
                  "does not name",
            shut, welcome->results, welcome->base_url);
    }
    return outcome != REACH_SHUT;
}

void session_welcome(struct session *session, const struct message_welcome *welcome, int64_t now_ms)
{
    const char *problem;
    if (!check_reach(session, welcome)) {
        session_stop(session, 1);
        return;
    }
    if (!connection_open_results(
            session->connection, welcome->results, session->options->allow_insecure, &problem)) {
        log_error("the coordinator's results socket %s %s; change sockets.results there", welcome->results,
            problem);
        session_stop(session, 1);
        return;
    }
    bool first = !session->welcome.worker[0];
    if (first)
        session->retire.born_ms = session->born_ms;
    session->retire.max_jobs = welcome->max_jobs;
    session->retire.max_age_ms = welcome->max_age_ms;
    session->retire.max_rss_kb = welcome->max_rss_kb;
    session->welcome = *welcome;
    session->renewed = true;
    session->credit = false;
    session_drop_robots(session); /* asked for by whom we said HELLO to before */
    if (session->state == STATE_SEEKING)
        session_resend(session);
    session->state = STATE_JOINED;
    session->reopen_ms = session->resend_ms = 0;
    session->next_beat_ms = now_ms + (int64_t)welcome->heartbeat_ms;
    if (first)
        session_open_job(session);
    session->foreign = job_lease(session->job) && job_lease(session->job) != welcome->lease;
    if (job_is_asking(session->job))
        job_ask_again(session->job);
    log_debug("welcomed as %s", welcome->worker);
    FAULT_POINT(WORKER_WELCOMED);
    session_flush(session);
    if (session->leaving)
        session_leave(session, session->reason, now_ms);
}
