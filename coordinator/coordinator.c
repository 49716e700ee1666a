#include "coordinator/coordinator.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/version.h"
#include "common/wire.h"
#include "coordinator/coordinator_ending.h"
#include "coordinator/coordinator_parts.h"
#include "coordinator/politeness_store.h"
#include "coordinator/reload.h"
#include "coordinator/start_room.h"

#define READER_CHECK_MS   60000
#define PROGRESS_EVERY_MS 10000
#define LINE_EVERY_MS     5000

/* At the start what the store has is published, then the rest is fetched: the workers' start would take the
 * processors from the exporter. For no longer than this: an export may take as long as its disk likes. */
#define WORKERS_WAIT_MS 3000

/* ---- signals ---- */

static void reload_settings(struct coordinator *c)
{
    const struct reload_parts parts = {.settings = c->settings,
        .policy = &c->policy,
        .store = c->store,
        .plan = c->plan,
        .refresh = c->refresh,
        .politeness = c->politeness,
        .dispatch = c->dispatch,
        .collect = c->collect,
        .pool = c->pool,
        .publisher = c->publisher};
    if (c->stop_by_ms)
        return;
    notify_reloading(&c->notify);
    reload(&parts, clock_monotonic_ms(), clock_wall_ms());
    notify_ready(&c->notify);
}

static void on_signal(void *context)
{
    struct coordinator *c = context;
    struct signalfd_siginfo info;
    while (read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            reload_settings(c);
            continue;
        }
        log_info("%s: stopping", strsignal((int)info.ssi_signo));
        coordinator_stop(c, c->once ? 1 : 0, STATUS_STOPPING);
    }
}

static void open_signals(struct coordinator *c)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file over its limit is a failed write */
    c->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (c->signal_fd < 0)
        log_fatal("cannot watch for signals: %s", strerror(errno));
}

/* ---- running ---- */

static void tick_state(struct coordinator *c, bool busy)
{
    if (c->stop_by_ms)
        return;
    bool exporting = export_run_active(publisher_run(c->publisher));
    enum status_state state = c->draining ? STATUS_DRAINING
                              : busy      ? STATUS_FETCHING
                              : exporting ? STATUS_EXPORTING
                                          : STATUS_WAITING;
    status_set_state(c->status, state);
}

static void tick_upkeep(struct coordinator *c, bool busy, int64_t now_ms)
{
    if (now_ms >= c->next_reader_check_ms) {
        store_check_readers(c->store);
        c->next_reader_check_ms = now_ms + READER_CHECK_MS;
    }
    if (busy && now_ms >= c->next_progress_ms) {
        struct plan_counts counts = plan_count_states(c->plan, now_ms);
        const struct collect_counters *collected = collect_counters(c->collect);
        log_info("%llu boards fetched, %u left, %llu entries, %u failed, %llu MB in all processes",
            (unsigned long long)(collected->stored + collected->unchanged),
            counts.due + counts.leased + counts.retrying, (unsigned long long)collected->entries,
            counts.failed, (unsigned long long)status_tree_pss_kb(c->status) / 1024);
        c->next_progress_ms = now_ms + PROGRESS_EVERY_MS;
    }
}

/* For `systemctl status`: the sentence that `r3ectl status` shows. */
static int64_t tick_line(struct coordinator *c, int64_t now_ms)
{
    if (now_ms < c->next_line_ms)
        return c->next_line_ms - now_ms;
    notify_status(&c->notify, status_last_reason(c->status));
    c->next_line_ms = now_ms + LINE_EVERY_MS;
    return LINE_EVERY_MS;
}

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t tick_refresh(struct coordinator *c, int64_t now_ms)
{
    int64_t sleep_ms = refresh_run_tick(c->refresh, now_ms, clock_wall_ms());
    if (c->trigger && !c->stop_by_ms)
        sleep_ms = least(sleep_ms, trigger_tick(c->trigger, now_ms));
    if (refresh_run_take_targeted_done(c->refresh))
        publisher_hurry(c->publisher);
    return sleep_ms;
}

static int64_t tick_storage(struct coordinator *c, int64_t now_ms)
{
    int64_t sleep_ms = storage_tick(&c->storage, now_ms);
    if (storage_has_failed(&c->storage) && !c->stop_by_ms)
        coordinator_stop(c, 1, STATUS_STOPPING);
    return sleep_ms;
}

static bool may_not_export(const struct coordinator *c, int64_t now_ms)
{
    return c->stop_by_ms || holds_get(&c->holds, HOLD_DISK_FULL, now_ms);
}

static int64_t tick_publisher(struct coordinator *c, bool busy, int64_t now_ms)
{
    bool held = may_not_export(c, now_ms);
    if (c->draining)
        return publisher_tick(c->publisher, dispatch_leased(c->dispatch) > 0, INT64_MAX, held, now_ms);
    return publisher_tick(c->publisher, busy, plan_next_due_ms(c->plan), held, now_ms);
}

static int64_t tick_pool(struct coordinator *c, int64_t now_ms)
{
    const struct export_run *run = publisher_run(c->publisher);
    bool first = export_run_active(run) && export_run_count(run) == 0;
    if (first && now_ms < c->workers_by_ms)
        return c->workers_by_ms - now_ms;
    return local_pool_tick(c->pool, now_ms);
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct coordinator *c = context;
    int64_t sleep_ms = tick_refresh(c, now_ms);
    bool busy = plan_busy(c->plan, c->once ? c->once_horizon_ms : now_ms);
    sleep_ms = least(sleep_ms, tick_storage(c, now_ms));
    sleep_ms = least(sleep_ms, descriptors_tick(&c->descriptors, now_ms));
    sleep_ms = least(sleep_ms, access_tick(c->sockets.access, now_ms));
    sleep_ms = least(sleep_ms, dispatch_tick(c->dispatch, now_ms));
    int64_t claims_ms = claims_tick(c->claims, now_ms);
    if (claims_ms == 0)
        collect_flush(c->collect);
    else
        sleep_ms = least(sleep_ms, claims_ms);
    sleep_ms = least(sleep_ms, collect_tick(c->collect, now_ms));
    sleep_ms = least(sleep_ms, tick_publisher(c, busy, now_ms));
    sleep_ms = least(sleep_ms, tick_pool(c, now_ms));
    control_tick(c->control);
    if (politeness_store_keep(c->politeness, c->store, now_ms))
        collect_flush(c->collect); /* at once: the service's wish must be known after kill -9 too */
    coordinator_tick_ending(c, busy, now_ms);
    tick_state(c, busy);
    tick_upkeep(c, busy, now_ms);
    sleep_ms = least(sleep_ms, status_tick(c->status, now_ms, clock_wall_ms()));
    sleep_ms = least(sleep_ms, tick_line(c, now_ms));
    sleep_ms = least(sleep_ms, notify_tick(&c->notify, now_ms));
    if (c->stop_by_ms) {
        if (local_pool_is_gone(c->pool) || now_ms >= c->stop_by_ms)
            loop_stop(c->loop);
        sleep_ms = least(sleep_ms, c->stop_by_ms - now_ms);
    }
    return sleep_ms;
}

int coordinator_run(struct settings *settings, bool once)
{
    struct coordinator c = {
        .settings = settings, .config = &settings->config, .catalogue = &settings->catalogue, .once = once};
    srandom((unsigned)clock_monotonic_us() ^ (unsigned)getpid());
    notify_open(&c.notify);
    open_signals(&c);
    c.descriptors = descriptors_make(c.config->workers.local);
    if (!start_room_wait(c.config->store.dir, coordinator_min_free_bytes(c.config), c.signal_fd, &c.notify))
        return once;
    coordinator_open_store(&c);
    c.loop = loop_open();
    sockets_open(&c.sockets, c.config, c.loop);
    FAULT_POINT(START_SOCKETS_BOUND);
    coordinator_open_parts(&c);
    c.next_reader_check_ms = clock_monotonic_ms() + READER_CHECK_MS;
    c.next_progress_ms = clock_monotonic_ms() + PROGRESS_EVERY_MS;
    c.workers_by_ms = clock_monotonic_ms() + WORKERS_WAIT_MS;
    loop_add_fd(c.loop, c.signal_fd, on_signal, &c);
    loop_add_fd(c.loop, store_event_fd(c.store), collect_committed, c.collect);
    loop_add_own_socket(c.loop, c.sockets.results, collect_readable, c.collect);
    loop_add_socket(c.loop, c.sockets.jobs, dispatch_readable, c.dispatch);
    loop_add_socket(c.loop, c.sockets.status, status_readable, c.status);
    loop_add_socket(c.loop, c.sockets.control, control_readable, c.control);
    log_info("version " R3E_VERSION ": %u combinations in the catalogue, %u not fetched yet, epoch %u",
        plan_count(c.plan), plan_missing(c.plan), store_epoch(c.store));
    notify_ready(&c.notify);
    if (!loop_run(c.loop, tick, &c)) {
        log_error("waiting for events: %s", zmq_strerror(errno));
        c.exit_code = 1;
    }
    coordinator_close(&c);
    return c.exit_code;
}
