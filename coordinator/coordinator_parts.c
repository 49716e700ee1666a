#include "coordinator/coordinator_parts.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "coordinator/coordinator_ending.h"
#include "coordinator/pause.h"
#include "coordinator/politeness_store.h"
#include "coordinator/reload.h"

void coordinator_open_store(struct coordinator *c)
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
        .drain = coordinator_drain,
        .context = c};
    c->control = control_open(c->sockets.control, &parts);
}

uint64_t coordinator_min_free_bytes(const struct config *config)
{
    return (uint64_t)config->store.min_free_mb * 1024 * 1024;
}

void coordinator_open_parts(struct coordinator *c)
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
    dispatch_tell_access(c->dispatch, c->sockets.access);
    collect_tell_events(c->collect, c->events);
    struct disk_room room = disk_room_make(disk_probe_system, c->config->store.dir, c->config->publish.dir,
        coordinator_min_free_bytes(c->config));
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

void coordinator_close(struct coordinator *c)
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
