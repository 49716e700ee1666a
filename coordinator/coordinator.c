#include "coordinator/coordinator.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/process.h"
#include "common/supervisor.h"
#include "common/version.h"
#include "common/wire.h"
#include "coordinator/collect.h"
#include "coordinator/crawl_times.h"
#include "coordinator/dispatch.h"
#include "coordinator/export_run.h"
#include "coordinator/plan.h"
#include "coordinator/status.h"
#include "coordinator/store.h"
#include "coordinator/watch.h"

#define HEARTBEAT_MS      2000
#define LEASE_MS          20000 /* renewed by each heartbeat, so it need not cover a whole fetch */
#define BACKOFF_MOST_MS   ((int64_t)3600 * 1000)
#define READER_CHECK_MS   60000
#define STOP_PATIENCE_MS  1500 /* how long a stop waits for the workers' last results */
#define PROGRESS_EVERY_MS 10000
#define JOBS_HWM          10000
#define RESULTS_HWM       16 /* results held in memory for each worker connection */
#define STATUS_HWM        16

struct coordinator {
    const struct config *config;
    const struct catalogue *catalogue;
    bool once;
    void *context;
    void *jobs, *results, *status_socket;
    struct loop *loop;
    int signal_fd;
    struct refresh_policy policy;
    struct store *store;
    struct plan *plan;
    struct dispatch *dispatch;
    struct collect *collect;
    struct supervisor *pool;
    struct watch *watch;
    struct export_run *exporter;
    struct status *status;
    struct crawl_times times;
    bool exported;            /* an export was started */
    uint64_t exported_stored; /* boards stored before it */
    int64_t exported_at_ms;   /* monotonic */
    const char *pool_arguments[10];
    char pool_size[24];
    int64_t next_reader_check_ms, next_progress_ms;
    int64_t once_horizon_ms; /* `once` fetches what was due before this */
    int64_t stop_by_ms;      /* 0: not stopping */
    bool export_failed;
    int exit_code;
};

/* ---- setting up ---- */

static void *open_socket(
    struct coordinator *c, int type, const char *endpoint, int high_water_mark, size_t max_frame_bytes)
{
    struct wire_options options = {
        .high_water_mark = high_water_mark, .max_frame_bytes = max_frame_bytes, .linger_ms = 200};
    void *socket = wire_open(c->context, type, &options);
    if (!socket)
        log_fatal("cannot open a socket: %s", zmq_strerror(errno));
    if (!wire_bind(socket, endpoint))
        log_fatal("cannot listen on %s: %s; change it under `sockets`", endpoint, zmq_strerror(errno));
    return socket;
}

static void open_sockets(struct coordinator *c)
{
    c->context = zmq_ctx_new();
    if (!c->context)
        log_fatal("cannot start ZeroMQ: %s", zmq_strerror(errno));
    c->jobs = open_socket(c, ZMQ_ROUTER, c->config->sockets.jobs, JOBS_HWM, PROTOCOL_FRAME_MAX);
    c->results = open_socket(c, ZMQ_PULL, c->config->sockets.results, RESULTS_HWM, PROTOCOL_PAYLOAD_MAX);
    c->status_socket = open_socket(c, ZMQ_XPUB, c->config->sockets.status, STATUS_HWM, PROTOCOL_FRAME_MAX);
    int verbose = 1; /* a second subscriber wants its first message too */
    zmq_setsockopt(c->status_socket, ZMQ_XPUB_VERBOSE, &verbose, sizeof verbose);
}

static void copy_string(char *out, size_t size, const char *string, const char *key)
{
    size_t length = strlen(string);
    if (length >= size)
        log_fatal("%s is longer than %zu bytes", key, size - 1);
    memcpy(out, string, length + 1);
}

static struct dispatch_options dispatch_options_make(const struct config *config)
{
    struct dispatch_options options = {
        .heartbeat_ms = HEARTBEAT_MS,
        .lease_ms = LEASE_MS,
        .max_in_flight = (unsigned)config->politeness.max_in_flight,
        .rate_per_s = config->politeness.rate_per_s,
        .burst = (double)config->politeness.burst,
    };
    struct message_welcome *welcome = &options.welcome;
    copy_string(welcome->version, sizeof welcome->version, R3E_VERSION, "version");
    copy_string(welcome->results, sizeof welcome->results, config->sockets.results, "sockets.results");
    copy_string(welcome->base_url, sizeof welcome->base_url, config->upstream.base_url, "upstream.base_url");
    copy_string(
        welcome->user_agent, sizeof welcome->user_agent, config->upstream.user_agent, "upstream.user_agent");
    welcome->page_size = (uint64_t)config->upstream.page_size;
    welcome->max_pages = (uint64_t)config->upstream.max_pages;
    welcome->connect_timeout_ms = (uint64_t)config->upstream.connect_timeout_s * 1000;
    welcome->timeout_ms = (uint64_t)config->upstream.timeout_s * 1000;
    welcome->max_response_bytes = (uint64_t)config->upstream.max_response_mb * 1024 * 1024;
    welcome->session = config->upstream.session;
    welcome->heartbeat_ms = HEARTBEAT_MS;
    welcome->max_jobs = (uint64_t)config->workers.max_jobs;
    welcome->max_age_ms = (uint64_t)config->workers.max_age_s * 1000;
    welcome->max_rss_kb = (uint64_t)config->workers.max_rss_mb * 1024;
    return options;
}

static void learn_board(
    void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct coordinator *c = context;
    uint32_t place = plan_find(c->plan, track_id, class_id);
    if (place == PLAN_NONE)
        return; /* the catalogue has lost it; what the store has stays */
    /* Wall clock only to carry the age over the restart; one in the future counts as fetched now. */
    int64_t age_ms = clock_wall_ms() - record->fetched_at_ms;
    if (record->fetched_at_ms > 0)
        plan_known(c->plan, place, clock_monotonic_ms() + c->policy.max_age_ms - (age_ms > 0 ? age_ms : 0));
}

static void keep_catalogue(struct coordinator *c)
{
    struct buffer now = buffer_make(CATALOGUE_ENCODED_MAX), kept = buffer_make(CATALOGUE_ENCODED_MAX);
    catalogue_encode(c->catalogue, &now);
    bool known = store_get_meta(c->store, RECORD_META_CATALOGUE, &kept);
    if (!known || kept.length != now.length || memcmp(kept.data, now.data, now.length) != 0) {
        store_put_meta(c->store, RECORD_META_CATALOGUE, now.data, now.length);
        store_commit(c->store);
    }
    buffer_free(&now);
    buffer_free(&kept);
}

static void open_store(struct coordinator *c)
{
    const struct config *config = c->config;
    c->policy = (struct refresh_policy){
        .max_age_ms = config->refresh.max_age_h * 3600 * 1000,
        .retries = (uint32_t)config->refresh.retries,
        .backoff_ms = config->refresh.backoff_s * 1000,
        .backoff_most_ms = BACKOFF_MOST_MS,
        .confirm_shrink = (uint32_t)config->refresh.confirm_shrink,
    };
    c->store = store_open(config->store.dir, (size_t)config->store.map_size_mb);
    keep_catalogue(c);
    crawl_times_load(&c->times, c->store);
    c->plan = plan_open(c->catalogue);
    store_each_board(c->store, learn_board, c);
}

static void worker_joined(void *context, pid_t pid)
{
    struct coordinator *c = context;
    watch_add(c->watch, pid);
}

static void worker_left(void *context, pid_t pid)
{
    struct coordinator *c = context;
    watch_remove(c->watch, pid);
}

static void worker_worked(void *context)
{
    struct coordinator *c = context;
    pid_t pool;
    if (supervisor_pids(c->pool, &pool, 1))
        supervisor_worked(c->pool, pool);
}

static void worker_ended(void *context, pid_t pid)
{
    struct coordinator *c = context;
    /* What it sent before it ended may still wait in the socket. */
    collect_readable(c->collect);
    dispatch_process_ended(c->dispatch, pid);
}

static void export_done(void *context, bool ok)
{
    struct coordinator *c = context;
    c->export_failed = !ok;
    if (!ok)
        return;
    struct text json = export_run_json(c->exporter);
    c->times.refresh.indexed_ms = clock_wall_ms();
    store_put_meta(c->store, RECORD_META_EXPORT, json.data, json.length);
    crawl_times_save(&c->times, c->store);
    collect_flush(c->collect);
    const struct export_report *report = export_run_report(c->exporter);
    log_info("index published: %llu entries by %llu drivers in %llu combinations, %llu files written, %llu "
             "left alone, "
             "%llu ms, %llu MB",
        (unsigned long long)report->total_entries, (unsigned long long)report->total_drivers,
        (unsigned long long)report->total_fetched_combinations, (unsigned long long)report->files_written,
        (unsigned long long)report->files_unchanged, (unsigned long long)report->index_build_time_ms,
        (unsigned long long)report->peak_rss_kb / 1024);
    status_flush(c->status, clock_monotonic_ms());
}

static void open_exporter(struct coordinator *c)
{
    static const char *const layouts[] = {[CONFIG_LAYOUT_FLAT] = "flat",
        [CONFIG_LAYOUT_SHARDED] = "sharded",
        [CONFIG_LAYOUT_FLAT | CONFIG_LAYOUT_SHARDED] = "flat,sharded"};
    struct export_run_options options = {
        .store_dir = c->config->store.dir,
        .public_dir = c->config->publish.dir,
        .layouts = layouts[c->config->publish.layouts],
        .max_rss_mb = c->config->exporter.max_rss_mb,
        .timeout_s = c->config->exporter.timeout_s,
    };
    c->exporter = export_run_open(c->loop, &options, export_done, c);
    struct buffer json = buffer_make(EXPORT_REPORT_MAX);
    if (store_get_meta(c->store, RECORD_META_EXPORT, &json))
        export_run_restore(c->exporter, (struct text){(const char *)json.data, (uint32_t)json.length});
    buffer_free(&json);
}

/* One process that keeps the workers alive; it starts them faster than we could. */
static void open_pool(struct coordinator *c, const char *program)
{
    int length = snprintf(c->pool_size, sizeof c->pool_size, "%lld", (long long)c->config->workers.local);
    if (length < 0 || (size_t)length >= sizeof c->pool_size)
        log_bug("a pool of %lld workers", (long long)c->config->workers.local);
    const char *arguments[] = {program, "--connect", c->config->sockets.jobs, "--pool", c->pool_size,
        "--log-level", log_level_string(c->config->log.level), "--log-format",
        log_format_string(c->config->log.format), NULL};
    _Static_assert(sizeof arguments == sizeof c->pool_arguments, "all of them");
    memcpy(c->pool_arguments, arguments, sizeof arguments);
    struct supervisor_options options = {
        .kind = "worker pool", .arguments = c->pool_arguments, .count = c->config->workers.local > 0};
    c->pool = supervisor_open(c->loop, &options);
    c->watch = watch_open(c->loop, worker_ended, c);
    struct dispatch_events events = {
        .joined = worker_joined, .left = worker_left, .worked = worker_worked, .context = c};
    dispatch_on_local(c->dispatch, &events);
}

static void open_parts(struct coordinator *c, const char *worker_program)
{
    int64_t now_ms = clock_monotonic_ms();
    struct dispatch_options dispatching = dispatch_options_make(c->config);
    struct collect_options collecting = {
        .commit_ms = c->config->store.commit_ms,
        .commit_results = (unsigned)c->config->store.commit_results,
        .respect_retry_after = c->config->politeness.respect_retry_after,
    };
    c->dispatch = dispatch_open(c->jobs, c->catalogue, c->plan, c->store, &c->policy, &dispatching, now_ms);
    c->collect = collect_open(c->results, c->plan, c->store, c->dispatch, &c->policy, &collecting);
    open_pool(c, worker_program);
    open_exporter(c);
    struct status_sources sources = {.socket = c->status_socket,
        .public_dir = c->config->publish.dir,
        .catalogue = c->catalogue,
        .plan = c->plan,
        .store = c->store,
        .dispatch = c->dispatch,
        .collect = c->collect,
        .pool = c->pool,
        .exporter = c->exporter,
        .refresh = &c->times.refresh};
    c->status = status_open(&sources, now_ms);
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
    c->stop_by_ms = clock_monotonic_ms() + STOP_PATIENCE_MS;
    dispatch_set_running(c->dispatch, false);
    supervisor_stop(c->pool, SIGTERM);
    status_set_state(c->status, exit_code == 1 ? STATUS_STOPPING : STATUS_DONE);
}

static void on_signal(void *context)
{
    struct coordinator *c = context;
    struct signalfd_siginfo info;
    while (read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
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
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    c->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (c->signal_fd < 0)
        log_fatal("cannot watch for signals: %s", strerror(errno));
}

/* ---- running ---- */

/* Written results wait to be published, or nothing was published by this process yet. A store without a
 * single board is never published: it would empty a public folder that an earlier store filled. */
static bool unpublished(const struct coordinator *c)
{
    if (plan_missing(c->plan) == plan_count(c->plan))
        return false;
    return !c->exported || collect_counters(c->collect)->stored > c->exported_stored;
}

static void start_export(struct coordinator *c, int64_t now_ms)
{
    collect_settle(c->collect);
    c->exported_at_ms = now_ms;
    c->exported = true;
    c->exported_stored = collect_counters(c->collect)->stored;
    c->export_failed = !export_run_start(c->exporter, now_ms);
}

static void tick_export(struct coordinator *c, bool busy, int64_t now_ms)
{
    if (export_run_active(c->exporter) || c->stop_by_ms || !unpublished(c))
        return;
    int64_t every_ms = c->config->refresh.index_every_min * 60 * 1000;
    bool late = c->exported && now_ms - c->exported_at_ms >= every_ms;
    /* What an earlier life left unpublished comes out at once. */
    bool first = !c->exported && !c->once && c->times.refresh.indexed_ms > 0;
    bool worth_trying = !c->export_failed || collect_counters(c->collect)->stored > c->exported_stored;
    if (first || late || (!busy && worth_trying))
        start_export(c, now_ms);
}

static void tick_once(struct coordinator *c, bool busy)
{
    if (!c->once || busy || c->stop_by_ms || export_run_active(c->exporter))
        return;
    if (c->export_failed) {
        begin_stop(c, 1);
        return;
    }
    if (unpublished(c))
        return;
    struct plan_counts counts = plan_count_states(c->plan, clock_monotonic_ms());
    if (counts.failed)
        log_warn("%u of %u combinations failed; the rest is published, status.json lists them", counts.failed,
            counts.total);
    begin_stop(c, counts.failed ? 3 : 0);
}

static void tick_state(struct coordinator *c, bool busy)
{
    if (c->stop_by_ms)
        return;
    enum status_state state = busy                             ? STATUS_FETCHING
                              : export_run_active(c->exporter) ? STATUS_EXPORTING
                                                               : STATUS_WAITING;
    if (crawl_times_note(&c->times, busy))
        crawl_times_save(&c->times, c->store);
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

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct coordinator *c = context;
    bool busy = plan_busy(c->plan, c->once ? c->once_horizon_ms : now_ms);
    int64_t sleep_ms = dispatch_tick(c->dispatch, now_ms);
    sleep_ms = least(sleep_ms, collect_tick(c->collect, now_ms));
    sleep_ms = least(sleep_ms, supervisor_tick(c->pool, now_ms));
    tick_export(c, busy, now_ms);
    sleep_ms = least(sleep_ms, export_run_tick(c->exporter, now_ms));
    tick_once(c, busy);
    tick_state(c, busy);
    tick_upkeep(c, busy, now_ms);
    sleep_ms = least(sleep_ms, status_tick(c->status, now_ms));
    if (c->stop_by_ms) {
        if (supervisor_alive(c->pool) == 0 || now_ms >= c->stop_by_ms)
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
    collect_readable(c->collect);
    collect_settle(c->collect);
    say_what_was_done(c);
    status_flush(c->status, clock_monotonic_ms());
    status_close(&c->status);
    export_run_close(&c->exporter);
    supervisor_close(&c->pool);
    watch_close(&c->watch);
    collect_close(&c->collect);
    dispatch_close(&c->dispatch);
    plan_close(&c->plan);
    store_close(&c->store);
    loop_close(&c->loop);
    wire_close(&c->jobs);
    wire_close(&c->results);
    wire_close(&c->status_socket);
    zmq_ctx_term(c->context);
    close(c->signal_fd);
}

int coordinator_run(const struct config *config, const struct catalogue *catalogue, bool once)
{
    struct coordinator c = {.config = config, .catalogue = catalogue, .once = once};
    char worker_program[PATH_MAX];
    if (!process_find_program("worker", "r3e-worker", worker_program, sizeof worker_program))
        log_fatal("r3e-worker is not installed beside this program; install all programs of the release");
    srandom((unsigned)clock_monotonic_us() ^ (unsigned)getpid());
    open_signals(&c);
    open_store(&c);
    open_sockets(&c);
    c.loop = loop_open();
    open_parts(&c, worker_program);
    loop_add_fd(c.loop, c.signal_fd, on_signal, &c);
    loop_add_fd(c.loop, store_event_fd(c.store), collect_committed, c.collect);
    loop_add_socket(c.loop, c.results, collect_readable, c.collect);
    loop_add_socket(c.loop, c.jobs, dispatch_readable, c.dispatch);
    loop_add_socket(c.loop, c.status_socket, status_readable, c.status);
    log_info("version " R3E_VERSION ": %u combinations in the catalogue, %u not fetched yet, epoch %u",
        plan_count(c.plan), plan_missing(c.plan), store_epoch(c.store));
    if (!loop_run(c.loop, tick, &c)) {
        log_error("waiting for events: %s", zmq_strerror(errno));
        c.exit_code = 1;
    }
    close_all(&c);
    return c.exit_code;
}
