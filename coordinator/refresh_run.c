#include "coordinator/refresh_run.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"
#include "coordinator/accept.h"
#include "coordinator/quarantine.h"
#include "coordinator/schedule.h"
#include "coordinator/target_list.h"

#define LOOK_EVERY_MS 30000
#define MOVED_MS                                                                                             \
    10000 /* a slewing clock drifts by at most 500 ppm (adjtimex(2)): 15 ms between two looks                \
           */

struct refresh_run {
    struct refresh_run_sources from;
    struct schedule schedule;
    int64_t wall_ms;           /* of the opening */
    int64_t wall_minus_now_ms; /* when due times were last reckoned */
    int64_t next_look_ms;
    int64_t next_daily_ms; /* wall clock; INT64_MAX: never */
    bool targeted;         /* something was urgent when last looked */
    bool targeted_done;
    bool targets_changed; /* and not saved yet */
    struct target_list targets;
    struct refresh_found found;
};

/* ---- due times ---- */

/* A clock that was set back makes nothing younger than new. */
static int64_t age_ms(const struct plan_entry *entry, int64_t wall_ms)
{
    return wall_ms > entry->checked_at_ms ? wall_ms - entry->checked_at_ms : 0;
}

static int64_t due_ms(
    const struct refresh_run *run, const struct plan_entry *entry, int64_t now_ms, int64_t wall_ms)
{
    if (entry->checked_at_ms == 0 || (entry->wanted && entry->missing))
        return PLAN_MISSING;
    if (entry->again_at_ms && !entry->wanted) {
        int64_t wait_ms = entry->again_at_ms - wall_ms;
        return now_ms + (wait_ms < run->from.policy->max_age_ms ? wait_ms : run->from.policy->max_age_ms);
    }
    int64_t checked_ms = now_ms - age_ms(entry, wall_ms);
    return entry->wanted ? checked_ms : checked_ms + run->from.policy->max_age_ms;
}

void refresh_run_reckon(struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    struct plan *plan = run->from.plan;
    for (uint32_t place = 0; place < plan_count(plan); place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        /* A retry keeps its pause, what is urgent is due already. */
        if (entry->state == PLAN_WAITING && !entry->retrying && !entry->urgent && !entry->quarantined)
            plan_reschedule(plan, place, due_ms(run, entry, now_ms, wall_ms));
    }
    run->wall_minus_now_ms = wall_ms - now_ms;
}

/* ---- full refreshes ---- */

static void save(struct refresh_run *run)
{
    run->from.times->daily_day = run->schedule.day;
    run->from.times->daily_day_back = run->schedule.day_back;
    crawl_times_save(run->from.times, run->from.store);
    store_submit(run->from.store);
}

/* Marks what was not answered since the refresh began. */
static void want_since(struct refresh_run *run, int64_t since_ms)
{
    for (uint32_t place = 0; place < plan_count(run->from.plan); place++) {
        const struct plan_entry *entry = plan_entry(run->from.plan, place);
        if (entry->checked_at_ms < since_ms && !entry->quarantined)
            plan_want(run->from.plan, place);
    }
}

bool refresh_run_all(struct refresh_run *run, int64_t now_ms, int64_t wall_ms, const char *why)
{
    if (run->from.times->full_since_ms) {
        log_info("full refresh %s: one is under way, it serves this request too", why);
        return false;
    }
    run->from.times->full_since_ms = wall_ms > 0 ? wall_ms : 1;
    want_since(run, INT64_MAX);
    refresh_run_reckon(run, now_ms, wall_ms);
    save(run);
    log_info("full refresh of %u combinations %s", plan_wanted(run->from.plan), why);
    return true;
}

static void end_full(struct refresh_run *run, int64_t wall_ms)
{
    struct crawl_times *times = run->from.times;
    times->started_ms = times->full_since_ms;
    times->ended_ms = wall_ms > times->started_ms ? wall_ms : times->started_ms;
    times->full_since_ms = 0;
    save(run);
    log_info("full refresh done after %lld s", (long long)(times->ended_ms - times->started_ms) / 1000);
}

/* ---- urgent ones ---- */

/* Makes urgent what the target names and was not answered since. */
static struct refresh_matched urge(
    struct refresh_run *run, const struct target *target, int64_t since_ms, int64_t now_ms)
{
    struct plan *plan = run->from.plan;
    struct refresh_matched matched = {0};
    uint32_t first, count;
    if (!plan_find_track(plan, target->track_id, &first, &count))
        return matched;
    if (target->class_id) {
        first = plan_find(plan, target->track_id, target->class_id);
        count = first != PLAN_NONE;
    }
    for (uint32_t place = first; place < first + count; place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        if (entry->checked_at_ms >= since_ms)
            continue;
        matched.combinations++;
        matched.under_way += entry->urgent || entry->state == PLAN_LEASED;
        matched.quarantined += entry->quarantined;
        plan_urge(plan, place, now_ms);
    }
    run->targeted |= matched.combinations > 0;
    return matched;
}

/* ---- opening ---- */

static void learn_board(
    void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct refresh_run *run = context;
    uint32_t place = plan_find(run->from.plan, track_id, class_id);
    if (place == PLAN_NONE)
        return; /* the catalogue has lost it; what the store has stays */
    struct plan_entry *entry = plan_entry(run->from.plan, place);
    if (record_board_is_fetched(record) && !record->content_lost) {
        entry->checked_at_ms = record->fetched_at_ms;
        if (record->empty_streak) {
            if (record->candidate_last_ms > entry->checked_at_ms)
                entry->checked_at_ms = record->candidate_last_ms;
            entry->again_at_ms = run->wall_ms + accept_due_in_ms(run->from.policy, record, run->wall_ms);
        }
        plan_known(run->from.plan, place, entry->due_ms); /* reckoned when all are known */
    }
    int64_t now_ms = run->next_look_ms;
    quarantine_learn(run->from.plan, place, record, now_ms, now_ms + run->wall_minus_now_ms);
}

static void go_on_with_targets(struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    struct target_list *targets = &run->targets;
    uint32_t left = 0;
    target_list_load(targets, run->from.store);
    for (uint32_t i = 0; i < targets->count; i++) {
        /* By a clock that was wrong; rather too much is fetched again than too little. */
        if (targets->items[i].asked_ms > wall_ms)
            targets->items[i].asked_ms = wall_ms > 0 ? wall_ms : 1;
        left += urge(run, &targets->items[i].target, targets->items[i].asked_ms, now_ms).combinations;
    }
    if (left)
        log_info("targeted refresh goes on: %u combinations are left", left);
    else if (targets->count)
        run->targeted = true; /* done, and to be forgotten */
}

static void find_board(void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct refresh_run *run = context;
    run->found.boards += record_board_is_fetched(record);
    run->found.entries += record->entry_count;
    learn_board(run, track_id, class_id, record);
}

struct refresh_run *refresh_run_open(
    const struct refresh_run_sources *sources, int64_t now_ms, int64_t wall_ms)
{
    struct refresh_run *run = memory_zalloc(1, sizeof *run);
    struct crawl_times *times = sources->times;
    *run = (struct refresh_run){.from = *sources,
        .schedule = {.at_min = sources->daily_at_min,
            .day = times->daily_day,
            .day_back = times->daily_day_back},
        .wall_ms = wall_ms,
        .wall_minus_now_ms = wall_ms - now_ms,
        .next_look_ms = now_ms,
        .next_daily_ms = INT64_MAX};
    store_each_board(sources->store, find_board, run);
    if (times->full_since_ms) {
        /* One that began in the future began by a clock that was wrong. Rather too much is fetched again than
         * too little. */
        if (times->full_since_ms > wall_ms)
            times->full_since_ms = wall_ms > 0 ? wall_ms : 1;
        want_since(run, times->full_since_ms);
        log_info("full refresh goes on: %u combinations are left", plan_wanted(sources->plan));
    }
    refresh_run_reckon(run, now_ms, wall_ms);
    if (!times->full_since_ms && plan_missing(sources->plan) == plan_count(sources->plan))
        refresh_run_all(run, now_ms, wall_ms, "as the store is empty");
    go_on_with_targets(run, now_ms, wall_ms);
    return run;
}

static void learn_newcomer(
    void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct refresh_run *run = context;
    uint32_t place = plan_find(run->from.plan, track_id, class_id);
    if (place == PLAN_NONE)
        return;
    const struct plan_entry *entry = plan_entry(run->from.plan, place);
    if (entry->state == PLAN_WAITING && entry->checked_at_ms == 0 && !entry->retrying && !entry->quarantined)
        learn_board(run, track_id, class_id, record);
}

void refresh_run_learn(struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    run->wall_minus_now_ms = wall_ms - now_ms;
    run->next_look_ms = now_ms;
    store_each_board(run->from.store, learn_newcomer, run);
    refresh_run_reckon(run, now_ms, wall_ms);
}

void refresh_run_close(struct refresh_run **pointer)
{
    free(*pointer);
    *pointer = NULL;
}

/* ---- targeted refreshes ---- */

struct refresh_matched refresh_run_target(
    struct refresh_run *run, const struct target *target, int64_t now_ms)
{
    struct refresh_matched matched = urge(run, target, INT64_MAX, now_ms);
    if (matched.combinations)
        run->targets_changed |= target_list_add(&run->targets, target, now_ms + run->wall_minus_now_ms);
    return matched;
}

static void keep_targets(struct refresh_run *run)
{
    if (run->targeted_done && !run->targeted && run->targets.count) {
        run->targets.count = 0;
        run->targets.said_full = false;
        run->targets_changed = true;
    }
    if (!run->targets_changed)
        return;
    run->targets_changed = false;
    target_list_save(&run->targets, run->from.store);
    store_submit(run->from.store);
}

bool refresh_run_take_targeted_done(struct refresh_run *run)
{
    bool done = run->targeted_done;
    run->targeted_done = false;
    return done;
}

/* ---- time ---- */

void refresh_run_set_daily(struct refresh_run *run, int64_t daily_at_min)
{
    run->schedule.at_min = daily_at_min;
    run->next_daily_ms = 0; /* looked at in the next tick */
}

/* True if the clocks have parted since due times were last reckoned. */
static bool has_moved(const struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    int64_t moved_ms = wall_ms - now_ms - run->wall_minus_now_ms;
    if (moved_ms <= MOVED_MS && moved_ms >= -MOVED_MS)
        return false;
    log_info("the wall clock moved by %lld s of its own (it was set, or the machine slept); what is due is "
             "reckoned anew",
        (long long)moved_ms / 1000);
    return true;
}

static void look_at_schedule(struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    struct schedule was = run->schedule;
    bool due = schedule_take(&run->schedule, wall_ms);
    run->next_daily_ms = schedule_next_ms(&run->schedule, wall_ms);
    if (run->next_daily_ms <= wall_ms)
        run->next_daily_ms = INT64_MAX; /* a clock behind the end of the calendar: the next look will do */
    /* The day is kept in the same commit as the beginning of its refresh. */
    if (due && refresh_run_all(run, now_ms, wall_ms, "for the day"))
        return;
    if (was.day != run->schedule.day || was.day_back != run->schedule.day_back)
        save(run);
}

int64_t refresh_run_tick(struct refresh_run *run, int64_t now_ms, int64_t wall_ms)
{
    bool moved = has_moved(run, now_ms, wall_ms);
    if (moved)
        refresh_run_reckon(run, now_ms, wall_ms);
    if (!run->from.once && (moved || now_ms >= run->next_look_ms || wall_ms >= run->next_daily_ms)) {
        look_at_schedule(run, now_ms, wall_ms);
        run->next_look_ms = now_ms + LOOK_EVERY_MS;
    }
    if (run->from.times->full_since_ms && plan_wanted(run->from.plan) == 0)
        end_full(run, wall_ms);
    bool targeted = plan_urgent(run->from.plan) > 0;
    run->targeted_done |= run->targeted && !targeted;
    run->targeted = targeted;
    keep_targets(run);
    if (run->from.once)
        return LOOK_EVERY_MS;
    int64_t sleep_ms = run->next_look_ms - now_ms;
    return run->next_daily_ms < wall_ms + sleep_ms ? run->next_daily_ms - wall_ms : sleep_ms;
}

struct refresh_found refresh_run_found(const struct refresh_run *run)
{
    return run->found;
}

struct refresh_progress refresh_run_progress(const struct refresh_run *run)
{
    return (struct refresh_progress){
        .full_since_ms = run->from.times->full_since_ms,
        .full_left = plan_wanted(run->from.plan),
        .targeted_left = plan_urgent(run->from.plan),
        .next_daily_ms = run->next_daily_ms == INT64_MAX ? 0 : run->next_daily_ms,
    };
}
