#include "worker/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/resident.h"
#include "worker/session_join.h"
#include "worker/session_leave.h"
#include "worker/session_work.h"
#include "worker/worker_heap.h"

#define SILENT_BEATS       3
#define MESSAGES_PER_ROUND 64
#define NICE_VALUE         5 /* 10 is no better */

/* ---- messages ---- */

bool session_tell(struct session *session, const struct message *message)
{
    if (connection_send_job(session->connection, message))
        return true;
    log_debug("%s could not be sent: %s", message_type_string(message->type), strerror(errno));
    return false;
}

static void on_message(struct session *session, const struct message *message)
{
    int64_t now_ms = clock_monotonic_ms();
    session->last_heard_ms = now_ms;
    if (message->type == MESSAGE_REFUSE) {
        log_error("the coordinator refuses this worker: %s", message->refuse.reason);
        session_stop(session, 1);
        return;
    }
    if (message->type == MESSAGE_WELCOME) {
        session_welcome(session, &message->welcome, now_ms);
        return;
    }
    if (session->state != STATE_JOINED)
        return;
    switch (message->type) {
    case MESSAGE_JOB:
        session_job(session, &message->job);
        break;
    case MESSAGE_ROBOTS:
        session_robots(session);
        break;
    case MESSAGE_GRANT:
        job_granted(session->job, message->page.lease, message->page.page);
        break;
    case MESSAGE_ACK:
        session_acknowledged(session, &message->ack);
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

void session_readable(void *context)
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

/* ---- time ---- */

static void beat(struct session *session, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_HEARTBEAT,
        .heartbeat = {.lease = job_lease(session->job),
            .page = job_page(session->job),
            .jobs = session->retire.jobs,
            .rss_kb = resident_read(session->resident_fd).all_kb}};
    session_tell(session, &message);
    session->next_beat_ms = now_ms + (int64_t)session->welcome.heartbeat_ms;
}

static void tick_joined(struct session *session, int64_t now_ms)
{
    int64_t silent_ms = now_ms - session->last_heard_ms;
    if (silent_ms > SILENT_BEATS * (int64_t)session->welcome.heartbeat_ms) {
        log_warn("the coordinator has been silent for %lld ms; looking for it again", (long long)silent_ms);
        session_connect(session, now_ms);
        return;
    }
    if (now_ms >= session->next_beat_ms)
        beat(session, now_ms);
    if (session->resend_ms && now_ms >= session->resend_ms) {
        session->resend_ms = 0;
        session_resend(session);
    }
    session_flush(session);
    session_offer(session, now_ms);
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
    bool ready_owed = !session->credit && !session->leaving && !session_is_busy(session) &&
                      outbox_has_room(&session->outbox);
    if (session->resend_ms)
        sleep = least(sleep, session->resend_ms - now_ms);
    if (session->outbox.unsent || ready_owed)
        sleep = least(sleep, SEND_AGAIN_MS);
    if (!session->leaving && !session_is_busy(session))
        sleep = least(sleep, retire_age_left_ms(&session->retire, now_ms));
    return sleep;
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct session *session = context;
    int64_t sleep = session_tick_work(session, now_ms);
    if (session->reopen_ms && now_ms >= session->reopen_ms)
        session_connect(session, now_ms);
    if (session->state == STATE_JOINED)
        tick_joined(session, now_ms);
    if (session->state == STATE_SEEKING && session_seek(session, now_ms))
        return 0;
    if (session_has_left(session, now_ms))
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
    struct session session = {
        .options = options, .reach = {.reach = options->reach}, .born_ms = now_ms, .last_heard_ms = now_ms};
    worker_heap_grow();
    srandom((unsigned)getpid() ^ (unsigned)clock_monotonic_us());
    session.process =
        (uint64_t)random() << 22 ^ (uint64_t)random(); /* below 2^53, as all numbers of the protocol */
    outbox_open(&session.outbox);
    session_watch_signals(&session);
    session.resident_fd = resident_open();
    session.loop = loop_open();
    session.connection = connection_make(options->endpoint, &options->keys);
    loop_add_fd(session.loop, session.signal_fd, session_signalled, &session);
    session_connect(&session, now_ms);
    step_back();
    if (!loop_run(session.loop, tick, &session)) {
        log_error("cannot wait for events: %s", strerror(errno));
        session.exit_code = 1;
    }
    job_close(&session.job);
    session_drop_robots(&session);
    connection_close(&session.connection);
    loop_close(&session.loop);
    outbox_free(&session.outbox);
    close(session.signal_fd);
    if (session.resident_fd >= 0)
        close(session.resident_fd);
    return session.exit_code;
}
