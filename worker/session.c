#include "worker/session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/protocol.h"
#include "common/version.h"
#include "worker/connection.h"
#include "worker/job.h"
#include "worker/outbox.h"
#include "worker/retire.h"
#include "worker/robots_fetch.h"

#define FIRST_WELCOME_MS   10000
#define SILENT_BEATS       3
#define HELLO_AGAIN_MS     1000
#define SEND_AGAIN_MS      2 /* a queue was full, or the connection is still being made */
#define SEND_AGAIN_MOST_MS 50
#define LAST_JOB_MS        100 /* a JOB may have crossed our BYE */
#define SIGNAL_PATIENCE_MS 1500
#define MESSAGES_PER_ROUND 64
#define REJOIN_SPREAD_MS                                                                                     \
    250 /* a thousand workers that lost their connections at once do not come at once                        \
         */
#define REOPEN_MS       1000
#define RESEND_AFTER_MS 500
#define NICE_VALUE      5 /* 10 is no better */

enum state {
    STATE_SEEKING, /* HELLO goes out until WELCOME comes */
    STATE_JOINED
};

struct session {
    const struct session_options *options;
    struct loop *loop;
    struct connection *connection;
    int signal_fd, statm_fd;
    enum state state;
    struct message_welcome welcome; /* of the present connection; `worker` empty: none came yet */
    bool renewed;                   /* the welcome may differ from what `job` was opened with */
    struct job *job;                /* NULL before the first WELCOME */
    bool foreign;                   /* the job in hand is from before the present connection */
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
    int exit_code;
};

/* ---- sending ---- */

static bool tell(struct session *session, const struct message *message)
{
    if (connection_send_job(session->connection, message))
        return true;
    log_debug("%s could not be sent: %s", message_type_string(message->type), strerror(errno));
    return false;
}

static bool send_result(
    void *context, const struct message *message, const struct text *payloads, int payload_count)
{
    struct session *session = context;
    FAULT_POINT(WORKER_BEFORE_SEND);
    bool sent = connection_send_result(session->connection, message, payloads, payload_count);
    if (sent)
        FAULT_TRACE("result_sent", "lease=%" PRIu64, message->result.lease);
    FAULT_POINT(WORKER_AFTER_SEND);
    return sent;
}

static void flush_outbox(struct session *session)
{
    if (session->state == STATE_JOINED)
        outbox_flush(&session->outbox, session->welcome.worker, send_result, session);
}

static void say_hello(struct session *session, int64_t now_ms)
{
    struct message message = {
        .type = MESSAGE_HELLO, .hello = {.version = R3E_VERSION, .pid = (uint64_t)getpid()}};
    if (gethostname(message.hello.host, sizeof message.hello.host - 1) < 0 || !message.hello.host[0])
        memcpy(message.hello.host, "unknown", sizeof "unknown");
    if (tell(session, &message)) {
        FAULT_POINT(WORKER_HELLO_SENT);
        session->next_hello_ms = now_ms + HELLO_AGAIN_MS + random() % (HELLO_AGAIN_MS / 4);
        session->send_again_ms = SEND_AGAIN_MS;
        return;
    }
    session->next_hello_ms = now_ms + session->send_again_ms;
    if (session->send_again_ms < SEND_AGAIN_MOST_MS)
        session->send_again_ms *= 2;
}

static void beat(struct session *session, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_HEARTBEAT,
        .heartbeat = {.lease = job_lease(session->job),
            .page = job_page(session->job),
            .jobs = session->retire.jobs,
            .rss_kb = retire_rss_kb(session->statm_fd)}};
    tell(session, &message);
    session->next_beat_ms = now_ms + (int64_t)session->welcome.heartbeat_ms;
}

/* ---- robots.txt ---- */

static void robots_done(void *context, const struct message_rules *rules)
{
    struct session *session = context;
    struct message message = {.type = MESSAGE_RULES, .rules = *rules};
    session->robots_told = true;
    tell(session, &message);
}

static void on_robots(struct session *session)
{
    if (session->leave_by_ms || session->robots || job_lease(session->job))
        return;
    session->credit = false;
    session->robots = robots_fetch_open(session->loop, &session->welcome, robots_done, session);
}

/* Whoever asked is told, or gone. */
static void drop_robots(struct session *session)
{
    robots_fetch_close(&session->robots);
    session->robots_told = false;
}

static int64_t tick_robots(struct session *session, int64_t now_ms)
{
    if (!session->robots)
        return LOOP_SLEEP_FOREVER;
    int64_t sleep = robots_fetch_tick(session->robots, now_ms);
    if (session->robots_told || session->state != STATE_JOINED)
        drop_robots(session);
    return sleep;
}

static bool is_busy(const struct session *session)
{
    return session->robots || (session->job && job_lease(session->job));
}

/* ---- leaving ---- */

static void leave(struct session *session, enum bye reason, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_BYE, .bye = {.reason = reason}};
    if (!session->leaving)
        session->leave_after_ms = session->credit ? now_ms + LAST_JOB_MS : now_ms;
    session->leaving = true;
    session->reason = reason;
    FAULT_TRACE("leaving", "reason=%s jobs=%" PRIu64 " rss_kb=%" PRIu64, bye_string(reason),
        session->retire.jobs, retire_rss_kb(session->statm_fd));
    FAULT_POINT(WORKER_LEAVING);
    log_debug("leaving: %s, after %llu jobs", bye_string(reason), (unsigned long long)session->retire.jobs);
    if (session->state == STATE_JOINED)
        tell(session, &message);
}

static void stop(struct session *session, int exit_code)
{
    session->exit_code = exit_code;
    loop_stop(session->loop);
}

static void on_signal(void *context)
{
    struct session *session = context;
    struct signalfd_siginfo info;
    while (read(session->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        int64_t now_ms = clock_monotonic_ms();
        if (session->leave_by_ms)
            continue;
        log_debug("%s", strsignal((int)info.ssi_signo));
        if (session->job)
            job_abandon(session->job);
        drop_robots(session);
        session->credit = false;
        session->leave_by_ms = now_ms + SIGNAL_PATIENCE_MS;
        leave(session, BYE_SIGNAL, now_ms);
        session->leave_after_ms = now_ms;
    }
}

/* True if the session is over. */
static bool check_left(struct session *session, int64_t now_ms)
{
    if (!session->leaving)
        return false;
    bool empty = session->outbox.count == 0 && !is_busy(session);
    if (empty && now_ms >= session->leave_after_ms) {
        stop(session, 0);
        return true;
    }
    if (session->leave_by_ms && now_ms >= session->leave_by_ms) {
        if (session->outbox.count)
            log_warn("leaving with %u results unacknowledged; their boards will be fetched again",
                session->outbox.count);
        stop(session, 0);
        return true;
    }
    return false;
}

/* ---- jobs ---- */

static void ask_page(void *context, uint64_t lease, uint64_t page)
{
    struct session *session = context;
    struct message message = {.type = MESSAGE_MORE, .page = {.lease = lease, .page = page}};
    if (session->foreign || session->state != STATE_JOINED || !tell(session, &message)) {
        /* Nobody there knows this lease: it expires, and the board is handed out anew. */
        log_debug("lease %llu is given up", (unsigned long long)lease);
        job_abandon(session->job);
    }
}

static void job_done(void *context, const struct message_result *result, struct text rows, struct text detail)
{
    struct session *session = context;
    session->retire.jobs++;
    session->foreign = false;
    FAULT_POINT(WORKER_BEFORE_RESULT);
    outbox_add(&session->outbox, result, rows, detail);
    flush_outbox(session);
}

static void send_ready(struct session *session)
{
    struct message ready = {.type = MESSAGE_READY};
    session->credit = tell(session, &ready);
}

/* The next job may come while this one is digested: it is read when that is done. */
static void job_fetched(void *context)
{
    struct session *session = context;
    struct retire after = session->retire;
    enum bye reason;
    after.jobs++;
    bool room = session->outbox.count + 1 < OUTBOX_COUNT_MOST && outbox_has_room(&session->outbox);
    if (session->state == STATE_JOINED && !session->foreign && !session->leaving &&
        !session->asked_to_leave && !session->renewed && !session->credit && room &&
        !retire_is_due(&after, clock_monotonic_ms(), retire_rss_kb(session->statm_fd), &reason))
        send_ready(session);
}

static void open_job(struct session *session)
{
    struct job_events events = {
        .ask = ask_page, .fetched = job_fetched, .done = job_done, .context = session};
    if (session->job && !session->renewed)
        return;
    job_close(&session->job);
    session->job = job_open(session->loop, &session->welcome, &events);
    session->renewed = false;
}

/* Retires or offers itself for another job, if it has none. */
static void offer(struct session *session, int64_t now_ms)
{
    enum bye reason;
    if (session->state != STATE_JOINED || session->leaving || is_busy(session))
        return;
    if (session->asked_to_leave) {
        leave(session, BYE_ASKED, now_ms);
        return;
    }
    if (session->credit
            ? retire_age_left_ms(&session->retire, now_ms) == 0
            : retire_is_due(&session->retire, now_ms, retire_rss_kb(session->statm_fd), &reason)) {
        leave(session, session->credit ? BYE_MAX_AGE : reason, now_ms);
        return;
    }
    if (session->credit || !outbox_has_room(&session->outbox))
        return;
    open_job(session);
    send_ready(session);
}

/* ---- messages ---- */

static void on_welcome(struct session *session, const struct message_welcome *welcome, int64_t now_ms)
{
    const char *problem;
    if (!connection_open_results(
            session->connection, welcome->results, session->options->allow_insecure, &problem)) {
        log_error("the coordinator's results socket %s %s; change sockets.results there", welcome->results,
            problem);
        stop(session, 1);
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
    drop_robots(session); /* asked for by whom we said HELLO to before */
    if (session->state == STATE_SEEKING)
        outbox_resend(&session->outbox);
    session->state = STATE_JOINED;
    session->reopen_ms = session->resend_ms = 0;
    session->next_beat_ms = now_ms + (int64_t)welcome->heartbeat_ms;
    if (first)
        open_job(session);
    else if (job_is_asking(session->job))
        job_abandon(session->job);
    session->foreign = job_lease(session->job) != 0;
    log_debug("welcomed as %s", welcome->worker);
    FAULT_POINT(WORKER_WELCOMED);
    flush_outbox(session);
    if (session->leaving)
        leave(session, session->reason, now_ms);
}

static void on_job(struct session *session, const struct message_job *message)
{
    if (session->leave_by_ms || is_busy(session)) {
        log_debug("job %llu came too late", (unsigned long long)message->lease);
        return;
    }
    session->credit = false;
    session->refusals = 0;
    FAULT_TRACE("job_received", "lease=%" PRIu64, message->lease);
    FAULT_POINT(WORKER_JOB_RECEIVED);
    job_start(session->job, message);
}

static void on_ack(struct session *session, const struct message_ack *ack)
{
    if (session->options->worked)
        atomic_store(session->options->worked, true);
    for (uint32_t i = 0; i < ack->leases.count; i++) {
        unsigned long long lease = ack->leases.ids[i];
        FAULT_TRACE("acknowledged", "lease=%llu verdict=%s", lease, verdict_string(ack->verdict));
        FAULT_POINT(WORKER_ACKNOWLEDGED);
        if (!outbox_acknowledge(&session->outbox, lease))
            log_debug("lease %llu was acknowledged before", lease);
        if (ack->verdict == VERDICT_INVALID)
            log_error("the coordinator found the result of lease %llu invalid; its log says why", lease);
    }
}

static void on_message(struct session *session, const struct message *message)
{
    int64_t now_ms = clock_monotonic_ms();
    session->last_heard_ms = now_ms;
    if (message->type == MESSAGE_REFUSE) {
        log_error("the coordinator refuses this worker: %s", message->refuse.reason);
        stop(session, 1);
        return;
    }
    if (message->type == MESSAGE_WELCOME) {
        on_welcome(session, &message->welcome, now_ms);
        return;
    }
    if (session->state != STATE_JOINED)
        return;
    switch (message->type) {
    case MESSAGE_JOB:
        on_job(session, &message->job);
        break;
    case MESSAGE_ROBOTS:
        on_robots(session);
        break;
    case MESSAGE_GRANT:
        job_granted(session->job, message->page.lease, message->page.page);
        break;
    case MESSAGE_ACK:
        on_ack(session, &message->ack);
        break;
    case MESSAGE_HEARTBEAT:
        break;
    case MESSAGE_RETIRE:
        log_info("asked to leave: %s", message->retire.reason);
        session->asked_to_leave = true;
        break;
    default:
        log_warn("the coordinator sent %s, which only a worker sends", message_type_string(message->type));
    }
}

static void on_readable(void *context)
{
    struct session *session = context;
    for (int i = 0; i < MESSAGES_PER_ROUND; i++) {
        struct message message;
        char problem[PROTOCOL_PROBLEM_SIZE];
        int received = connection_receive(session->connection, &message, problem);
        if (received == 0)
            return;
        if (received > 0) {
            on_message(session, &message);
            continue;
        }
        /* Logged at powers of two: a broken peer must not fill the log. */
        uint64_t count = ++session->bad_frames;
        if ((count & (count - 1)) == 0)
            log_warn("message %llu from the coordinator that cannot be used: %s", (unsigned long long)count,
                problem);
    }
}

/* ---- the connection ---- */

/* It broke and was made anew, by libzmq: nobody there knows it. */
static void on_jobs_again(void *context)
{
    struct session *session = context;
    int64_t now_ms = clock_monotonic_ms();
    if (session->state != STATE_JOINED)
        return;
    log_info("the connection to the coordinator was lost and is there again");
    session->state = STATE_SEEKING;
    session->credit = false;
    session->send_again_ms = 1;
    session->next_hello_ms = now_ms + random() % REJOIN_SPREAD_MS;
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

/* ---- time ---- */

static void connect_to(struct session *session, int64_t now_ms)
{
    const struct connection_events events = {.readable = on_readable,
        .jobs_again = on_jobs_again,
        .results_again = on_results_again,
        .refused = on_refused,
        .context = session};
    session->reopen_ms = 0;
    session->state = STATE_SEEKING;
    session->credit = false;
    session->send_again_ms = 1;
    session->next_hello_ms = now_ms;
    connection_open(session->connection, session->loop, &events);
    FAULT_POINT(WORKER_CONNECTED);
}

/* Looks for the coordinator; true if it has been away for too long. */
static bool seek(struct session *session, int64_t now_ms)
{
    bool known = session->welcome.worker[0] != 0;
    int64_t patience_ms = known ? session->options->exit_deadline_ms : FIRST_WELCOME_MS;
    if (now_ms - (known ? session->last_heard_ms : session->born_ms) >= patience_ms) {
        const char *problem = connection_problem(session->connection);
        log_error("no answer from %s for %lld s%s%s", session->options->endpoint,
            (long long)patience_ms / 1000, problem[0] ? ": " : "; is r3e-coordinator running there?",
            problem);
        stop(session, 1);
        return true;
    }
    if (now_ms >= session->next_hello_ms)
        say_hello(session, now_ms);
    return false;
}

static void tick_joined(struct session *session, int64_t now_ms)
{
    int64_t silent_ms = now_ms - session->last_heard_ms;
    if (silent_ms > SILENT_BEATS * (int64_t)session->welcome.heartbeat_ms) {
        log_warn("the coordinator has been silent for %lld ms; looking for it again", (long long)silent_ms);
        connect_to(session, now_ms);
        return;
    }
    if (now_ms >= session->next_beat_ms)
        beat(session, now_ms);
    if (session->resend_ms && now_ms >= session->resend_ms) {
        session->resend_ms = 0;
        outbox_resend(&session->outbox);
    }
    flush_outbox(session);
    offer(session, now_ms);
}

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t sleep_ms(const struct session *session, int64_t now_ms)
{
    if (session->state == STATE_SEEKING)
        return session->next_hello_ms - now_ms;
    int64_t sleep = session->next_beat_ms - now_ms;
    bool ready_owed =
        !session->credit && !session->leaving && !is_busy(session) && outbox_has_room(&session->outbox);
    if (session->resend_ms)
        sleep = least(sleep, session->resend_ms - now_ms);
    if (session->outbox.unsent || ready_owed)
        sleep = least(sleep, SEND_AGAIN_MS);
    if (!session->leaving && !is_busy(session))
        sleep = least(sleep, retire_age_left_ms(&session->retire, now_ms));
    return sleep;
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct session *session = context;
    int64_t sleep = session->job ? job_tick(session->job, now_ms) : LOOP_SLEEP_FOREVER;
    sleep = least(sleep, tick_robots(session, now_ms));
    if (session->reopen_ms && now_ms >= session->reopen_ms)
        connect_to(session, now_ms);
    if (session->state == STATE_JOINED)
        tick_joined(session, now_ms);
    if (session->state == STATE_SEEKING && seek(session, now_ms))
        return 0;
    if (check_left(session, now_ms))
        return 0;
    sleep = least(sleep, sleep_ms(session, now_ms));
    if (session->reopen_ms)
        sleep = least(sleep, session->reopen_ms - now_ms);
    if (session->leaving && session->leave_after_ms > now_ms)
        sleep = least(sleep, session->leave_after_ms - now_ms);
    if (session->leave_by_ms)
        sleep = least(sleep, session->leave_by_ms - now_ms);
    return sleep;
}

/* ---- life ---- */

static void open_signals(struct session *session)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    session->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (session->signal_fd < 0)
        log_fatal("cannot watch for signals: %s", strerror(errno));
}

/* Parsing and compressing is never urgent: messages, the coordinator and whatever else runs on this host go
 * first. On Linux this is for the calling thread only, so ZeroMQ's, which exists by now, goes on moving
 * messages. A crawl without a rate limit takes a twelfth less time, since jobs no longer wait for a processor
 * to be handed out. */
static void step_back(void)
{
    if (setpriority(PRIO_PROCESS, 0, NICE_VALUE) < 0)
        log_debug("cannot lower the priority: %s", strerror(errno));
}

int session_run(const struct session_options *options)
{
    int64_t now_ms = clock_monotonic_ms();
    struct session session = {.options = options, .born_ms = now_ms, .last_heard_ms = now_ms};
    srandom((unsigned)getpid() ^ (unsigned)clock_monotonic_us());
    outbox_open(&session.outbox);
    open_signals(&session);
    session.statm_fd = retire_open_statm();
    session.loop = loop_open();
    session.connection = connection_make(options->endpoint, &options->keys);
    loop_add_fd(session.loop, session.signal_fd, on_signal, &session);
    connect_to(&session, now_ms);
    step_back();
    if (!loop_run(session.loop, tick, &session)) {
        log_error("cannot wait for events: %s", strerror(errno));
        session.exit_code = 1;
    }
    job_close(&session.job);
    drop_robots(&session);
    connection_close(&session.connection);
    loop_close(&session.loop);
    outbox_free(&session.outbox);
    close(session.signal_fd);
    if (session.statm_fd >= 0)
        close(session.statm_fd);
    return session.exit_code;
}
