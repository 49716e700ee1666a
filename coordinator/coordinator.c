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
#include "common/loop.h"
#include "common/notify.h"
#include "common/version.h"
#include "common/wire.h"
#include "coordinator/accept.h"
#include "coordinator/claims.h"
#include "coordinator/collect.h"
#include "coordinator/control.h"
#include "coordinator/crawl_times.h"
#include "coordinator/descriptors.h"
#include "coordinator/dispatch.h"
#include "coordinator/events.h"
#include "coordinator/holds.h"
#include "coordinator/local_pool.h"
#include "coordinator/pause.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/politeness_store.h"
#include "coordinator/publisher.h"
#include "coordinator/refresh_run.h"
#include "coordinator/reload.h"
#include "coordinator/sockets.h"
#include "coordinator/start_room.h"
#include "coordinator/status.h"
#include "coordinator/storage.h"
#include "coordinator/store.h"
#include "coordinator/trigger.h"

#define READER_CHECK_MS   60000
#define STOP_PATIENCE_MS  1500 /* how long a stop waits for the workers' last results */
#define PROGRESS_EVERY_MS 10000
#define LINE_EVERY_MS     5000

struct coordinator {
    struct settings *settings;
    const struct config *config;       /* of the settings */
    const struct catalogue *catalogue; /* likewise */
    bool once;
    struct sockets sockets;
    struct loop *loop;
    int signal_fd;
    struct refresh_policy policy;
    struct store *store;
    struct plan *plan;
    struct refresh_run *refresh;
    struct trigger *trigger; /* NULL with `once` */
    struct dispatch *dispatch;
    struct collect *collect;
    struct claims *claims;
    struct control *control;
    struct holds holds;
    struct politeness *politeness;
    struct storage storage;
    struct descriptors descriptors;
    struct local_pool *pool;
    struct publisher *publisher;
    struct events *events;
    struct status *status;
    struct crawl_times times;
    struct notify notify;
    int64_t next_reader_check_ms, next_progress_ms, next_line_ms;
    int64_t once_horizon_ms; /* `once` fetches what was due before this */
    bool draining;           /* hand out nothing more, publish, end */
    uint64_t drain_export;   /* the run that publishes the last of it; 0: not asked for yet */
    int64_t stop_by_ms;      /* 0: not stopping */
    int exit_code;
};

/* ---- setting up ---- */

static void open_store(struct coordinator *c)
{
    const struct config *config = c->config;
    c->policy = reload_policy(config);
    c->store = store_open(config->store.dir, (size_t)config->store.map_size_mb);
    reload_keep_catalogue(c->catalogue, c->store);
    claims_take_over(c->store, c->catalogue, clock_wall_ms());
    crawl_times_load(&c->times, c->store);
    c->plan = plan_open(c->catalogue);
    struct refresh_run_sources refreshing = {.plan = c->plan,
        .policy = &c->policy,
        .times = &c->times,
        .store = c->store,
        .daily_at_min = config->refresh.daily_at,
        .once = c->once};
    c->refresh = refresh_run_open(&refreshing, clock_monotonic_ms(), clock_wall_ms());
    pause_load(c->store, &c->holds, clock_monotonic_ms(), clock_wall_ms());
}

static void published(void *context)
{
    struct coordinator *c = context;
    status_flush(c->status, clock_monotonic_ms(), clock_wall_ms());
}

static void begin_drain(void *context)
{
    struct coordinator *c = context;
    if (c->draining || c->stop_by_ms)
        return;
    c->draining = true;
    log_info("draining: %u boards under way are finished and published", dispatch_leased(c->dispatch));
    holds_set(&c->holds, HOLD_DRAINING, HOLD_FOREVER, clock_monotonic_ms(),
        "an operator asked to finish what is under way and to end (r3ectl drain)");
}

static void open_control(struct coordinator *c)
{
    struct control_parts parts = {.catalogue = c->catalogue,
        .plan = c->plan,
        .store = c->store,
        .dispatch = c->dispatch,
        .collect = c->collect,
        .publisher = c->publisher,
        .refresh = c->refresh,
        .holds = &c->holds,
        .events = c->events,
        .drain = begin_drain,
        .context = c};
    c->control = control_open(c->sockets.control, &parts);
}

static uint64_t min_free_bytes(const struct config *config)
{
    return (uint64_t)config->store.min_free_mb * 1024 * 1024;
}

static void open_parts(struct coordinator *c)
{
    int64_t now_ms = clock_monotonic_ms();
    struct dispatch_options dispatching = reload_dispatch_options(c->config);
    struct collect_options collecting = reload_collect_options(c->config);
    c->politeness = politeness_store_open(c->config, c->store, &c->holds, now_ms);
    c->dispatch = dispatch_open(c->sockets.jobs, c->catalogue, c->plan, c->store, &c->policy, &c->holds,
        c->politeness, &dispatching, now_ms);
    c->collect = collect_open(
        c->sockets.results, c->plan, c->store, c->dispatch, &c->policy, c->politeness, &collecting);
    c->events = events_open();
    dispatch_tell_events(c->dispatch, c->events);
    collect_tell_events(c->collect, c->events);
    struct disk_room room = disk_room_make(
        disk_probe_system, c->config->store.dir, c->config->publish.dir, min_free_bytes(c->config));
    c->storage = storage_make(c->store, &c->holds, c->loop, c->collect, c->sockets.results, &room);
    c->claims = claims_open(c->store, c->dispatch);
    collect_on_commit(c->collect, claims_put, c->claims);
    c->pool = local_pool_open(c->loop, c->config, c->dispatch, c->collect);
    struct publisher_sources publishing = {.loop = c->loop,
        .config = c->config,
        .plan = c->plan,
        .store = c->store,
        .collect = c->collect,
        .times = &c->times,
        .once = c->once};
    c->publisher = publisher_open(&publishing, published, c);
    if (!c->once)
        c->trigger = trigger_open(c->loop, c->config->refresh.trigger_file, c->refresh);
    open_control(c);
    struct status_sources sources = {.socket = c->sockets.status,
        .public_dir = c->config->publish.dir,
        .catalogue = c->catalogue,
        .plan = c->plan,
        .store = c->store,
        .policy = &c->policy,
        .dispatch = c->dispatch,
        .collect = c->collect,
        .control = c->control,
        .pool = c->pool,
        .exporter = publisher_run(c->publisher),
        .times = &c->times,
        .refresh = c->refresh,
        .trigger = c->trigger,
        .holds = &c->holds,
        .politeness = c->politeness,
        .access = c->sockets.access,
        .events = c->events};
    c->status = status_open(&sources, now_ms, clock_wall_ms());
    c->once_horizon_ms = now_ms;
    c->next_reader_check_ms = now_ms + READER_CHECK_MS;
    c->next_progress_ms = now_ms + PROGRESS_EVERY_MS;
}

/* ---- stopping ---- */

static void begin_stop(struct coordinator *c, int exit_code)
{
    if (c->stop_by_ms)
        return;
    c->exit_code = exit_code;
    int64_t now_ms = clock_monotonic_ms();
    c->stop_by_ms = now_ms + STOP_PATIENCE_MS;
    holds_set(&c->holds, HOLD_STOPPING, HOLD_FOREVER, now_ms, "the coordinator is stopping");
    notify_stopping(&c->notify);
    local_pool_stop(c->pool);
    status_set_state(c->status, exit_code == 1 ? STATUS_STOPPING : STATUS_DONE);
}

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
        begin_stop(c, c->once ? 1 : 0);
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

/* `once` ends also when the service does not let it: refused, or down for longer than the retries last. */
static void tick_no_hope(struct coordinator *c, bool busy, int64_t now_ms)
{
    enum failure reason;
    uint64_t http_status;
    if (!c->once || !busy || c->stop_by_ms)
        return;
    if (politeness_is_refused(c->politeness, now_ms)) {
        log_error("nothing could be fetched: %s", holds_get(&c->holds, HOLD_ROBOTS, now_ms)->text);
        begin_stop(c, 1);
    } else if (politeness_is_hopeless(c->politeness, c->policy.retries, &reason, &http_status)) {
        struct plan_failure failure = {
            .failure = (uint8_t)reason, .http_status = (uint16_t)http_status, .wall_ms = clock_wall_ms()};
        uint32_t count =
            plan_give_up_rest(c->plan, c->once_horizon_ms, now_ms + c->policy.max_age_ms, &failure);
        if (count)
            log_warn("the service is still down (%s) after %u tries; %u boards are given up until the next "
                     "refresh, what the store has stays",
                failure_string(reason), c->policy.retries + 1, count);
    }
}

static void tick_once(struct coordinator *c, bool busy)
{
    if (!c->once || busy || c->stop_by_ms || export_run_active(publisher_run(c->publisher)))
        return;
    if (publisher_failed(c->publisher)) {
        begin_stop(c, 1);
        return;
    }
    if (publisher_owes(c->publisher))
        return;
    struct plan_counts counts = plan_count_states(c->plan, clock_monotonic_ms());
    if (counts.failed)
        log_warn("%u of %u combinations failed; the rest is published, status.json lists them", counts.failed,
            counts.total);
    begin_stop(c, counts.failed ? 3 : 0);
}

/* Ends when everything under way has come back and is published, or cannot be. */
static void tick_drain(struct coordinator *c, bool busy)
{
    bool exporting = export_run_active(publisher_run(c->publisher));
    if (!c->draining || c->stop_by_ms || dispatch_leased(c->dispatch) || exporting)
        return;
    if (!c->drain_export && publisher_owes(c->publisher))
        c->drain_export = publisher_request(c->publisher);
    enum publisher_outcome outcome =
        c->drain_export ? publisher_outcome(c->publisher, c->drain_export) : PUBLISHER_DONE;
    if (outcome != PUBLISHER_PENDING)
        begin_stop(c, outcome == PUBLISHER_FAILED ? 1 : c->once && busy ? 3 : 0);
}

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

/* For `systemctl status`. */
static int64_t tick_line(struct coordinator *c, bool busy, int64_t now_ms)
{
    if (now_ms < c->next_line_ms)
        return c->next_line_ms - now_ms;
    char line[NOTIFY_STATUS_SIZE];
    struct plan_counts counts = plan_count_states(c->plan, now_ms);
    enum hold_kind first = holds_first(&c->holds, now_ms);
    const struct hold *hold = first < HOLD_KINDS ? holds_get(&c->holds, first, now_ms) : NULL;
    uint32_t left = counts.due + counts.leased + counts.retrying;
    int length = hold
                     ? snprintf(line, sizeof line, "%u of %u boards left; %s", left, counts.total, hold->text)
                 : busy ? snprintf(line, sizeof line, "fetching: %u of %u boards left", left, counts.total)
                        : snprintf(line, sizeof line, "waiting: %u boards are up to date", counts.total);
    if (length > 0)
        notify_status(&c->notify, line);
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
        begin_stop(c, 1);
    return sleep_ms;
}

static bool may_not_export(const struct coordinator *c, int64_t now_ms)
{
    return c->stop_by_ms || holds_get(&c->holds, HOLD_DISK_FULL, now_ms);
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
    sleep_ms = least(sleep_ms, local_pool_tick(c->pool, now_ms));
    bool fetching = c->draining ? dispatch_leased(c->dispatch) > 0 : busy;
    sleep_ms = least(sleep_ms, publisher_tick(c->publisher, fetching, may_not_export(c, now_ms), now_ms));
    control_tick(c->control);
    if (politeness_store_keep(c->politeness, c->store, now_ms))
        collect_flush(c->collect); /* at once: the service's wish must be known after kill -9 too */
    tick_no_hope(c, busy, now_ms);
    tick_once(c, busy);
    tick_drain(c, busy);
    tick_state(c, busy);
    tick_upkeep(c, busy, now_ms);
    sleep_ms = least(sleep_ms, status_tick(c->status, now_ms, clock_wall_ms()));
    sleep_ms = least(sleep_ms, tick_line(c, busy, now_ms));
    sleep_ms = least(sleep_ms, notify_tick(&c->notify, now_ms));
    if (c->stop_by_ms) {
        if (local_pool_is_gone(c->pool) || now_ms >= c->stop_by_ms)
            loop_stop(c->loop);
        sleep_ms = least(sleep_ms, c->stop_by_ms - now_ms);
    }
    return sleep_ms;
}

static void say_what_was_done(const struct coordinator *c)
{
    const struct collect_counters *collected = collect_counters(c->collect);
    struct store_usage usage = store_usage(c->store);
    log_info("%llu results with %llu requests; %llu commits in %lld ms, the longest %lld ms",
        (unsigned long long)collected->results, (unsigned long long)collected->requests,
        (unsigned long long)usage.commits, (long long)usage.commit_us_total / 1000,
        (long long)usage.commit_us_max / 1000);
}

static void close_all(struct coordinator *c)
{
    FAULT_POINT(STOP_BEFORE_SETTLE);
    collect_readable(c->collect);
    politeness_store_keep(c->politeness, c->store, clock_monotonic_ms());
    collect_on_commit(c->collect, NULL, NULL);
    claims_close(&c->claims);
    if (!collect_settle(c->collect)) {
        log_error("the last results could not be saved; they were not acknowledged and are fetched again");
        c->exit_code = 1;
    }
    control_tick(c->control);
    FAULT_POINT(STOP_BEFORE_CLOSE);
    say_what_was_done(c);
    status_flush(c->status, clock_monotonic_ms(), clock_wall_ms());
    status_close(&c->status);
    control_close(&c->control);
    publisher_close(&c->publisher);
    local_pool_close(&c->pool);
    collect_close(&c->collect);
    dispatch_close(&c->dispatch);
    events_close(&c->events);
    politeness_close(&c->politeness);
    trigger_close(&c->trigger);
    refresh_run_close(&c->refresh);
    plan_close(&c->plan);
    store_close(&c->store);
    sockets_close(&c->sockets);
    loop_close(&c->loop);
    notify_close(&c->notify);
    close(c->signal_fd);
}

int coordinator_run(struct settings *settings, bool once)
{
    struct coordinator c = {
        .settings = settings, .config = &settings->config, .catalogue = &settings->catalogue, .once = once};
    srandom((unsigned)clock_monotonic_us() ^ (unsigned)getpid());
    notify_open(&c.notify);
    open_signals(&c);
    c.descriptors = descriptors_make(c.config->workers.local);
    if (!start_room_wait(c.config->store.dir, min_free_bytes(c.config), c.signal_fd, &c.notify))
        return once;
    open_store(&c);
    c.loop = loop_open();
    sockets_open(&c.sockets, c.config, c.loop);
    FAULT_POINT(START_SOCKETS_BOUND);
    open_parts(&c);
    loop_add_fd(c.loop, c.signal_fd, on_signal, &c);
    loop_add_fd(c.loop, store_event_fd(c.store), collect_committed, c.collect);
    loop_add_socket(c.loop, c.sockets.results, collect_readable, c.collect);
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
    close_all(&c);
    return c.exit_code;
}
