#include "worker/session_work.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/resident.h"
#include "worker/session_join.h"
#include "worker/session_leave.h"

/* Digesting so much takes some milliseconds, a message some tenths of one: to the coordinator, to its queue
 * of those who wait, and through two threads of ZeroMQ on either side. */
#define READY_BEFORE_BYTES ((size_t)256 * 1024)

/* ---- results ---- */

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

void session_resend(struct session *session)
{
    /* A READY that went with a result may be lost as the result may be. */
    if (outbox_resend(&session->outbox) && !session_is_busy(session))
        session->credit = false;
}

void session_flush(struct session *session)
{
    if (session->state == STATE_JOINED)
        outbox_flush(&session->outbox, session->welcome.worker, send_result, session);
}

void session_acknowledged(struct session *session, const struct message_ack *ack)
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

/* ---- robots.txt ---- */

static void robots_done(void *context, const struct message_rules *rules)
{
    struct session *session = context;
    struct message message = {.type = MESSAGE_RULES, .rules = *rules};
    session->robots_told = true;
    session_tell(session, &message);
}

void session_robots(struct session *session)
{
    if (session->leave_by_ms || session->robots || job_lease(session->job))
        return;
    session->credit = false;
    session->robots = robots_fetch_open(session->loop, &session->welcome, robots_done, session);
}

void session_drop_robots(struct session *session)
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
        session_drop_robots(session);
    return sleep;
}

/* ---- jobs ---- */

bool session_is_busy(const struct session *session)
{
    return session->robots || (session->job && job_lease(session->job));
}

static void ask_page(void *context, uint64_t lease, uint64_t page)
{
    struct session *session = context;
    struct message message = {.type = MESSAGE_MORE, .page = {.lease = lease, .page = page}};
    if (session->foreign) {
        /* Nobody there knows this lease: the board is handed out anew. */
        log_debug("lease %llu is given up", (unsigned long long)lease);
        job_abandon(session->job);
        session->foreign = false;
    } else if (session->state == STATE_JOINED) {
        session_tell(session, &message); /* what does not arrive is asked for again after the next WELCOME */
    }
}

/* Whether another job is wanted after the one in hand. */
static bool wants_more(const struct session *session)
{
    struct retire after = session->retire;
    enum bye reason;
    after.jobs++;
    bool room = session->outbox.count + 1 < OUTBOX_COUNT_MOST && outbox_has_room(&session->outbox);
    return session->state == STATE_JOINED && !session->foreign && !session->leaving &&
           !session->asked_to_leave && !session->renewed && !session->credit && room &&
           !retire_is_due(&after, clock_monotonic_ms(), resident_read(session->resident_fd).all_kb, &reason);
}

static void job_done(void *context, const struct message_result *result, struct text rows, struct text detail)
{
    struct session *session = context;
    struct message_result sent = *result;
    sent.ready = wants_more(session);
    session->credit |= sent.ready;
    session->retire.jobs++;
    session->foreign = false;
    FAULT_POINT(WORKER_BEFORE_RESULT);
    outbox_add(&session->outbox, &sent, rows, detail);
    session_flush(session);
}

static void send_ready(struct session *session)
{
    struct message ready = {.type = MESSAGE_READY};
    session->credit = session_tell(session, &ready);
}

/* The next job may come while this one is digested: it is read when that is done. Of a small page RESULT is
 * there as soon as READY would be. */
static void job_fetched(void *context, size_t page_bytes)
{
    struct session *session = context;
    if (page_bytes >= READY_BEFORE_BYTES && wants_more(session))
        send_ready(session);
}

void session_open_job(struct session *session)
{
    struct job_events events = {
        .ask = ask_page, .fetched = job_fetched, .done = job_done, .context = session};
    if (session->job && !session->renewed)
        return;
    job_close(&session->job);
    session->job = job_open(session->loop, &session->welcome, &events);
    session->renewed = false;
}

void session_job(struct session *session, const struct message_job *message)
{
    if (session->leave_by_ms) {
        log_debug("job %llu came too late", (unsigned long long)message->lease);
        return;
    }
    if (session_is_busy(session)) {
        /* A READY was said twice, since a connection had broken. HELLO tells that this job was not taken. */
        log_info("job %llu came while another is in hand", (unsigned long long)message->lease);
        session_rejoin(session);
        return;
    }
    session->taken = message->lease;
    session->credit = false;
    session->refusals = 0;
    FAULT_TRACE("job_received", "lease=%" PRIu64, message->lease);
    FAULT_POINT(WORKER_JOB_RECEIVED);
    job_start(session->job, message);
}

void session_offer(struct session *session, int64_t now_ms)
{
    enum bye reason;
    if (session->state != STATE_JOINED || session->leaving || session_is_busy(session))
        return;
    if (session->asked_to_leave) {
        session_leave(session, BYE_ASKED, now_ms);
        return;
    }
    if (session->credit
            ? retire_age_left_ms(&session->retire, now_ms) == 0
            : retire_is_due(&session->retire, now_ms, resident_read(session->resident_fd).all_kb, &reason)) {
        session_leave(session, session->credit ? BYE_MAX_AGE : reason, now_ms);
        return;
    }
    if (session->credit || !outbox_has_room(&session->outbox))
        return;
    session_open_job(session);
    send_ready(session);
}

int64_t session_tick_work(struct session *session, int64_t now_ms)
{
    int64_t job_ms = session->job ? job_tick(session->job, now_ms) : LOOP_SLEEP_FOREVER;
    int64_t robots_ms = tick_robots(session, now_ms);
    return robots_ms < job_ms ? robots_ms : job_ms;
}
