#include "coordinator/status_observer.h"

#include "common/plural.h"

static void look_at_state(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at)
{
    if (observer->looked && observer->state == at->state)
        return;
    events_put(from->events, EVENT_STATE, NULL, at->wall_ms, "the coordinator is %s",
        status_state_string(at->state));
    observer->state = at->state;
}

static void look_at_holds(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at)
{
    for (int i = 0; i < HOLD_KINDS; i++) {
        bool before = observer->held[i];
        const struct hold *now = holds_get(from->holds, (enum hold_kind)i, at->now_ms);
        const char *name = hold_kind_string((enum hold_kind)i);
        if (now && !before)
            events_put(from->events, EVENT_HOLD_BEGUN, NULL, at->wall_ms, "%s: %s", name, now->text);
        else if (!now && before)
            events_put(from->events, EVENT_HOLD_ENDED, NULL, at->wall_ms, "%s is over", name);
        observer->held[i] = now != NULL;
    }
}

static void look_at_refreshes(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at)
{
    struct refresh_progress now = refresh_run_progress(from->refresh), *before = &observer->progress;
    if (now.full_since_ms && now.full_since_ms != before->full_since_ms)
        events_put(from->events, EVENT_REFRESH_BEGUN, NULL, at->wall_ms, "a full refresh, %u %s left",
            now.full_left, plural(now.full_left, "board is", "boards are"));
    if (before->full_since_ms && now.full_since_ms != before->full_since_ms)
        events_put(from->events, EVENT_REFRESH_ENDED, NULL, at->wall_ms,
            "the full refresh is done after %lld s",
            (long long)(at->wall_ms > before->full_since_ms ? at->wall_ms - before->full_since_ms : 0) /
                1000);
    if (now.targeted_left > before->targeted_left)
        events_put(from->events, EVENT_REFRESH_BEGUN, NULL, at->wall_ms, "%u %s first", now.targeted_left,
            plural(now.targeted_left, "board that was asked for by name comes",
                "boards that were asked for by name come"));
    if (before->targeted_left && !now.targeted_left)
        events_put(from->events, EVENT_REFRESH_ENDED, NULL, at->wall_ms,
            "the boards that were asked for by name are done");
    *before = now;
}

static void tell_export(const struct status_observer *observer, const struct status_sources *from,
    bool failed, const struct status_moment *at)
{
    const struct export_report *report = export_run_report(from->exporter);
    if (failed)
        events_put(from->events, EVENT_EXPORT_FAILED, NULL, at->wall_ms, "not published: %s",
            export_run_failure(from->exporter));
    else
        events_put(from->events, EVENT_EXPORT_DONE, NULL, at->wall_ms,
            "published in %lld ms: %llu files written, %llu left alone, %llu removed; %llu entries, %llu MB",
            (long long)(at->now_ms - observer->export_began_ms), (unsigned long long)report->files_written,
            (unsigned long long)report->files_unchanged, (unsigned long long)report->files_removed,
            (unsigned long long)report->total_entries, (unsigned long long)report->peak_rss_kb / 1024);
}

static void look_at_exports(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at)
{
    uint64_t count = export_run_count(from->exporter), failures = export_run_failures(from->exporter);
    bool active = export_run_active(from->exporter), failed = failures != observer->export_failures;
    if (count != observer->exports || failed) {
        publication_delay_end(&observer->delay, !failed, at->now_ms);
        tell_export(observer, from, failed, at);
        observer->exporting = false;
    }
    /* Before it begins: it publishes what was stored until now. */
    publication_delay_stored(&observer->delay, collect_counters(from->collect)->stored, at->now_ms);
    if (active && !observer->exporting) {
        publication_delay_begin(&observer->delay);
        observer->export_began_ms = at->now_ms;
        events_put(from->events, EVENT_EXPORT_BEGUN, NULL, at->wall_ms, "publishing begins");
    }
    observer->exporting = active;
    observer->exports = count;
    observer->export_failures = failures;
}

void status_observer_look(
    struct status_observer *observer, const struct status_sources *from, const struct status_moment *at)
{
    look_at_state(observer, from, at);
    look_at_holds(observer, from, at);
    look_at_refreshes(observer, from, at);
    look_at_exports(observer, from, at);
    observer->looked = true;
}
