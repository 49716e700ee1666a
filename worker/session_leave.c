#include "worker/session_leave.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/resident.h"
#include "worker/session_work.h"

#define LAST_JOB_MS        100 /* a JOB may have crossed our BYE */
#define SIGNAL_PATIENCE_MS 1500

void session_stop(struct session *session, int exit_code)
{
    session->exit_code = exit_code;
    loop_stop(session->loop);
}

void session_leave(struct session *session, enum bye reason, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_BYE, .bye = {.reason = reason}};
    if (!session->leaving)
        session->leave_after_ms = session->credit ? now_ms + LAST_JOB_MS : now_ms;
    session->leaving = true;
    session->reason = reason;
    FAULT_TRACE("leaving", "reason=%s jobs=%" PRIu64 " rss_kb=%" PRIu64, bye_string(reason),
        session->retire.jobs, resident_read(session->resident_fd).all_kb);
    FAULT_POINT(WORKER_LEAVING);
    log_debug("leaving: %s, after %llu jobs", bye_string(reason), (unsigned long long)session->retire.jobs);
    if (session->state == STATE_JOINED)
        session_tell(session, &message);
}

void session_signalled(void *context)
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
        session_drop_robots(session);
        session->credit = false;
        session->leave_by_ms = now_ms + SIGNAL_PATIENCE_MS;
        session_leave(session, BYE_SIGNAL, now_ms);
        session->leave_after_ms = now_ms;
    }
}

void session_watch_signals(struct session *session)
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

bool session_has_left(struct session *session, int64_t now_ms)
{
    if (!session->leaving)
        return false;
    bool empty = session->outbox.count == 0 && !session_is_busy(session);
    if (empty && now_ms >= session->leave_after_ms) {
        session_stop(session, 0);
        return true;
    }
    if (session->leave_by_ms && now_ms >= session->leave_by_ms) {
        if (session->outbox.count)
            log_warn("leaving with %u results unacknowledged; their boards will be fetched again",
                session->outbox.count);
        session_stop(session, 0);
        return true;
    }
    return false;
}
