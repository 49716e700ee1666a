#include "worker/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"
#include "common/supervisor.h"
#include "common/wire.h"

/* A worker that got SIGTERM waits 1.5 s for its results' acknowledgement. */
#define STOP_PATIENCE_MS 5000

struct pool {
    struct loop *loop;
    struct supervisor *workers;
    struct notify notify;
    int signal_fd;
    int64_t stop_by_ms; /* 0: not stopping */
};

static void on_signal(void *context)
{
    struct pool *pool = context;
    struct signalfd_siginfo info;
    while (read(pool->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (pool->stop_by_ms)
            continue;
        log_info("%s: stopping", strsignal((int)info.ssi_signo));
        pool->stop_by_ms = clock_monotonic_ms() + STOP_PATIENCE_MS;
        notify_stopping(&pool->notify);
        supervisor_stop(pool->workers, SIGTERM);
    }
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct pool *pool = context;
    int64_t sleep_ms = supervisor_tick(pool->workers, now_ms);
    int64_t sign_ms = notify_tick(&pool->notify, now_ms);
    sleep_ms = sign_ms < sleep_ms ? sign_ms : sleep_ms;
    if (!pool->stop_by_ms)
        return sleep_ms;
    if (supervisor_alive(pool->workers) == 0 || now_ms >= pool->stop_by_ms)
        loop_stop(pool->loop);
    return pool->stop_by_ms - now_ms;
}

/* What libraries do once in a process is done here once, and no worker does it again: libzmq asks the
 * system's name service for a protocol (55 files that are not there), OpenSSL reads its configuration and its
 * tables. The context is kept for that alone: it has neither sockets nor threads, and no child uses it. */
static void *warm_up(void)
{
    void *context = wire_context_open();
    if (!context)
        log_fatal("cannot start ZeroMQ: %s", zmq_strerror(errno));
    if (curl_global_init(CURL_GLOBAL_SSL) != CURLE_OK)
        log_fatal("cannot start libcurl: %s", strerror(errno));
    return context;
}

/* In the child. */
static int run_worker(void *context, atomic_bool *worked)
{
    struct session_options options = *(const struct session_options *)context;
    options.worked = worked;
    return session_run(&options);
}

int pool_run(const struct session_options *session, unsigned count)
{
    struct pool pool = {0};
    struct session_options shared = *session;
    struct supervisor_options options = {
        .kind = "worker", .run = run_worker, .run_context = &shared, .count = count};
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    pool.signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (pool.signal_fd < 0)
        log_fatal("cannot watch for signals: %s", strerror(errno));
    notify_open(&pool.notify);
    void *warm = warm_up();
    pool.loop = loop_open();
    pool.workers = supervisor_open(pool.loop, &options);
    loop_add_fd(pool.loop, pool.signal_fd, on_signal, &pool);
    notify_ready(&pool.notify);
    bool ok = loop_run(pool.loop, tick, &pool);
    if (!ok)
        log_error("cannot wait for events: %s", strerror(errno));
    supervisor_close(&pool.workers);
    loop_close(&pool.loop);
    curl_global_cleanup();
    zmq_ctx_term(warm);
    notify_close(&pool.notify);
    close(pool.signal_fd);
    return ok ? 0 : 1;
}
