#include "coordinator/publisher.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/memory.h"
#include "coordinator/publish_due.h"

struct publisher {
    struct publisher_sources from;
    publisher_published published;
    void *context;
    struct export_run *run;
    bool found_boards;         /* the store had some when this process came */
    bool started;              /* a run was started by this process */
    bool hurried;              /* wanted before its time */
    uint64_t started_stored;   /* boards stored before it */
    int64_t started_at_ms;     /* monotonic, as all times here; before the first run, this process's start */
    bool succeeded;            /* one succeeded */
    uint64_t published_stored; /* boards stored before the last that did */
    int64_t failed_at_ms;      /* of the last one, if publisher_failed */
    uint64_t asked;            /* runs asked for; the last so many are not … */
    uint64_t started_asked;    /* … begun yet, */
    uint64_t published_asked;  /* … served yet by one that succeeded */
    uint64_t failed_number;    /* the last run that failed; 0: none */
};

static void run_done(void *context, bool ok)
{
    struct publisher *publisher = context;
    uint64_t number = export_run_count(publisher->run);
    if (!ok) {
        publisher->failed_at_ms = clock_monotonic_ms();
        publisher->failed_number = number;
        return;
    }
    FAULT_POINT(EXPORT_BEFORE_REPORT);
    publisher->succeeded = true;
    publisher->published_stored = publisher->started_stored;
    publisher->published_asked = publisher->started_asked;
    if (publisher->failed_number == number) /* it could not be started at first */
        publisher->failed_number = 0;
    struct text json = export_run_json(publisher->run);
    publisher->from.times->indexed_ms = clock_wall_ms();
    store_put_meta(publisher->from.store, RECORD_META_EXPORT, json.data, json.length);
    crawl_times_save(publisher->from.times, publisher->from.store);
    FAULT_POINT(EXPORT_AFTER_REPORT);
    const struct export_report *report = export_run_report(publisher->run);
    for (uint32_t i = 0; i < report->broken_named; i++)
        collect_content_lost(publisher->from.collect, report->broken[i].track_id, report->broken[i].class_id,
            report->generation);
    collect_flush(publisher->from.collect);
    log_info("index published: %llu entries by %llu drivers in %llu combinations, %llu files written, %llu "
             "left alone, "
             "%llu ms, %llu MB",
        (unsigned long long)report->total_entries, (unsigned long long)report->total_drivers,
        (unsigned long long)report->total_fetched_combinations, (unsigned long long)report->files_written,
        (unsigned long long)report->files_unchanged, (unsigned long long)report->index_build_time_ms,
        (unsigned long long)report->peak_rss_kb / 1024);
    publisher->published(publisher->context);
}

static bool has_boards(const struct publisher *publisher)
{
    return plan_missing(publisher->from.plan) < plan_count(publisher->from.plan);
}

static uint64_t stored(const struct publisher *publisher)
{
    return collect_counters(publisher->from.collect)->stored;
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
    publisher->found_boards = has_boards(publisher);
    publisher->started_at_ms = clock_monotonic_ms();
    struct export_run_options options = {
        .store_dir = config->store.dir,
        .public_dir = config->publish.dir,
        .layouts = layouts[config->publish.layouts],
        .max_rss_mb = config->exporter.max_rss_mb,
        .timeout_s = config->exporter.timeout_s,
        .limits = process_limits_of_exporter(config),
        .sandbox = config->hardening.sandbox,
    };
    publisher->run = export_run_open(sources->loop, &options, run_done, publisher);
    struct buffer json = buffer_make(EXPORT_REPORT_MAX);
    if (store_get_meta(sources->store, RECORD_META_EXPORT, &json) == STORE_META_FOUND)
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
    return has_boards(publisher) &&
           (!publisher->succeeded || stored(publisher) > publisher->published_stored ||
               publisher->asked > publisher->published_asked);
}

bool publisher_failed(const struct publisher *publisher)
{
    return export_run_failure(publisher->run)[0] != '\0';
}

static void start(struct publisher *publisher, int64_t now_ms)
{
    if (!collect_settle(publisher->from.collect))
        return; /* what is on disk is not what was fetched; the store will say */
    publisher->started_at_ms = now_ms;
    publisher->started = true;
    publisher->hurried = false;
    publisher->started_stored = stored(publisher);
    publisher->started_asked = publisher->asked;
    FAULT_POINT(EXPORT_BEFORE_START);
    if (!export_run_start(publisher->run, now_ms)) {
        publisher->failed_at_ms = now_ms;
        publisher->failed_number = export_run_count(publisher->run) + 1;
    }
    FAULT_POINT(EXPORT_AFTER_START);
}

static struct publish_situation situation_of(
    const struct publisher *publisher, bool busy, int64_t next_due_ms)
{
    return (struct publish_situation){.once = publisher->from.once,
        .asked = publisher->asked > publisher->started_asked,
        .hurried = publisher->hurried,
        .begun = publisher->started,
        .begun_at_ms = publisher->started_at_ms,
        .found_boards = publisher->found_boards,
        .busy = busy,
        .next_due_ms = next_due_ms,
        .news = stored(publisher) > publisher->started_stored,
        .failed = publisher_failed(publisher),
        .failed_at_ms = publisher->failed_at_ms,
        .failed_in_row = export_run_failed_in_row(publisher->run),
        .every_ms = publisher->from.config->refresh.index_every_min * 60 * 1000};
}

int64_t publisher_tick(struct publisher *publisher, bool busy, int64_t next_due_ms, bool held, int64_t now_ms)
{
    int64_t sleep_ms = LOOP_SLEEP_FOREVER;
    if (!export_run_active(publisher->run) && !held && publisher_owes(publisher)) {
        struct publish_situation situation = situation_of(publisher, busy, next_due_ms);
        sleep_ms = publish_wait_ms(&situation, now_ms);
    }
    if (sleep_ms == 0)
        start(publisher, now_ms);
    int64_t run_ms = export_run_tick(publisher->run, now_ms);
    return sleep_ms > 0 && sleep_ms < run_ms ? sleep_ms : run_ms;
}

void publisher_hurry(struct publisher *publisher)
{
    publisher->hurried = true;
}

void publisher_set_limits(struct publisher *publisher)
{
    const struct config *config = publisher->from.config;
    export_run_set_limits(publisher->run, config->exporter.max_rss_mb, config->exporter.timeout_s);
}

uint64_t publisher_request(struct publisher *publisher)
{
    uint64_t next = export_run_count(publisher->run) + 1;
    bool asked = publisher->asked > publisher->started_asked;
    if (!has_boards(publisher))
        return 0;
    if (export_run_active(publisher->run)) {
        if (!asked && stored(publisher) == publisher->started_stored)
            return next;
        next++;
    }
    publisher->asked = publisher->started_asked + 1;
    return next;
}

void publisher_require(struct publisher *publisher)
{
    publisher->asked = publisher->started_asked + 1;
}

enum publisher_outcome publisher_outcome(const struct publisher *publisher, uint64_t number)
{
    uint64_t over = export_run_count(publisher->run);
    if (number == publisher->failed_number || number > over + 2)
        return PUBLISHER_FAILED;
    return number <= over ? PUBLISHER_DONE : PUBLISHER_PENDING;
}

const struct export_run *publisher_run(const struct publisher *publisher)
{
    return publisher->run;
}
