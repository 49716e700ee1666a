#include "coordinator/publisher.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/memory.h"

#define HURRIED_EVERY_MS 60000

struct publisher {
    struct publisher_sources from;
    publisher_published published;
    void *context;
    struct export_run *run;
    bool started;            /* a run was started by this process */
    bool failed;             /* the last one failed */
    bool hurried;            /* wanted before its time */
    uint64_t started_stored; /* boards stored before it */
    int64_t started_at_ms;   /* monotonic */
};

static void run_done(void *context, bool ok)
{
    struct publisher *publisher = context;
    publisher->failed = !ok;
    if (!ok)
        return;
    FAULT_POINT(EXPORT_BEFORE_REPORT);
    struct text json = export_run_json(publisher->run);
    publisher->from.times->indexed_ms = clock_wall_ms();
    store_put_meta(publisher->from.store, RECORD_META_EXPORT, json.data, json.length);
    crawl_times_save(publisher->from.times, publisher->from.store);
    FAULT_POINT(EXPORT_AFTER_REPORT);
    collect_flush(publisher->from.collect);
    const struct export_report *report = export_run_report(publisher->run);
    log_info("index published: %llu entries by %llu drivers in %llu combinations, %llu files written, %llu "
             "left alone, "
             "%llu ms, %llu MB",
        (unsigned long long)report->total_entries, (unsigned long long)report->total_drivers,
        (unsigned long long)report->total_fetched_combinations, (unsigned long long)report->files_written,
        (unsigned long long)report->files_unchanged, (unsigned long long)report->index_build_time_ms,
        (unsigned long long)report->peak_rss_kb / 1024);
    publisher->published(publisher->context);
}

struct publisher *publisher_open(
    const struct publisher_sources *sources, publisher_published published, void *context)
{
    static const char *const layouts[] = {[CONFIG_LAYOUT_FLAT] = "flat",
        [CONFIG_LAYOUT_SHARDED] = "sharded",
        [CONFIG_LAYOUT_FLAT | CONFIG_LAYOUT_SHARDED] = "flat,sharded"};
    const struct config *config = sources->config;
    struct publisher *publisher = memory_zalloc(1, sizeof *publisher);
    *publisher = (struct publisher){.from = *sources, .published = published, .context = context};
    struct export_run_options options = {
        .store_dir = config->store.dir,
        .public_dir = config->publish.dir,
        .layouts = layouts[config->publish.layouts],
        .max_rss_mb = config->exporter.max_rss_mb,
        .timeout_s = config->exporter.timeout_s,
    };
    publisher->run = export_run_open(sources->loop, &options, run_done, publisher);
    struct buffer json = buffer_make(EXPORT_REPORT_MAX);
    if (store_get_meta(sources->store, RECORD_META_EXPORT, &json))
        export_run_restore(publisher->run, (struct text){(const char *)json.data, (uint32_t)json.length});
    buffer_free(&json);
    return publisher;
}

void publisher_close(struct publisher **pointer)
{
    struct publisher *publisher = *pointer;
    if (!publisher)
        return;
    export_run_close(&publisher->run);
    free(publisher);
    *pointer = NULL;
}

/* A store without a single board is never published: it would empty a public folder that an earlier store
 * filled. */
bool publisher_owes(const struct publisher *publisher)
{
    if (plan_missing(publisher->from.plan) == plan_count(publisher->from.plan))
        return false;
    return !publisher->started ||
           collect_counters(publisher->from.collect)->stored > publisher->started_stored;
}

static void start(struct publisher *publisher, int64_t now_ms)
{
    collect_settle(publisher->from.collect);
    publisher->started_at_ms = now_ms;
    publisher->started = true;
    publisher->hurried = false;
    publisher->started_stored = collect_counters(publisher->from.collect)->stored;
    FAULT_POINT(EXPORT_BEFORE_START);
    publisher->failed = !export_run_start(publisher->run, now_ms);
    FAULT_POINT(EXPORT_AFTER_START);
}

static bool is_time(const struct publisher *publisher, bool busy, int64_t now_ms)
{
    int64_t every_ms = publisher->from.config->refresh.index_every_min * 60 * 1000;
    if (publisher->hurried && every_ms > HURRIED_EVERY_MS)
        every_ms = HURRIED_EVERY_MS;
    bool late = now_ms - publisher->started_at_ms >= every_ms && (publisher->started || publisher->hurried);
    /* What an earlier life left unpublished comes out at once. */
    bool first = !publisher->started && !publisher->from.once && publisher->from.times->indexed_ms > 0;
    bool worth_trying =
        !publisher->failed || collect_counters(publisher->from.collect)->stored > publisher->started_stored;
    return first || late || (!busy && worth_trying);
}

int64_t publisher_tick(struct publisher *publisher, bool busy, bool stopping, int64_t now_ms)
{
    if (!export_run_active(publisher->run) && !stopping && publisher_owes(publisher) &&
        is_time(publisher, busy, now_ms))
        start(publisher, now_ms);
    return export_run_tick(publisher->run, now_ms);
}

void publisher_hurry(struct publisher *publisher)
{
    publisher->hurried = true;
}

bool publisher_failed(const struct publisher *publisher)
{
    return publisher->failed;
}

const struct export_run *publisher_run(const struct publisher *publisher)
{
    return publisher->run;
}
