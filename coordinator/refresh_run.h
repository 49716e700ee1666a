#ifndef R3E_COORDINATOR_REFRESH_RUN_H
#define R3E_COORDINATOR_REFRESH_RUN_H
/* Refreshes: what is fetched beyond what is missing or too old, and when.
 *
 * A *full* refresh makes every combination due: what is missing first, then what was fetched longest ago. It
 * begins on request, once a day (schedule.h), and with a store that has nothing. When it began is kept in the
 * store before anything else, so a restart goes on with it: what was fetched since then is done. It ends when
 * each combination has either answered or was given up; only then do `last_scrape_start` and `_end` move. A
 * combination that was given up before a restart is tried again after it.
 *
 * A *targeted* refresh makes some combinations urgent: they go out before everything else, and an export
 * follows when the last of them is done. What was asked for is kept in the store until then (target_list.h).
 *
 * Ages are wall-clock ages, as they have to hold while the machine sleeps or the coordinator is down; due
 * times are monotonic. The two are brought together again whenever the wall clock is seen to have moved by
 * itself (set, or after a sleep): due times are then computed anew, at most max_age ahead. What becomes due
 * that way still leaves no faster than the rate allows. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/crawl_times.h"
#include "coordinator/plan.h"
#include "coordinator/refresh.h"
#include "coordinator/store.h"
#include "coordinator/target.h"

struct refresh_run;

/* Everything is borrowed for the life of the run. */
struct refresh_run_sources {
    struct plan *plan; /* newly opened: all its combinations missing */
    const struct refresh_policy *policy;
    struct crawl_times *times; /* loaded; what a refresh changes in it is changed and saved here only */
    struct store *store;
    int64_t daily_at_min; /* minutes after local midnight; negative: never */
    bool once;            /* only what is due at the opening is to be fetched: no daily refresh begins */
};

/* Tells the plan what the store has, goes on with a full refresh that was interrupted, and begins one if the
 * store has nothing at all. */
struct refresh_run *refresh_run_open(
    const struct refresh_run_sources *sources, int64_t now_ms, int64_t wall_ms);
void refresh_run_close(struct refresh_run **pointer);

/* Begins a full refresh. One under way serves this request too: nothing changes. `why` is for the log, as in
 * "full refresh of N combinations: asked for by r3ectl". True if it was begun, false if it was merged. */
bool refresh_run_all(struct refresh_run *run, int64_t now_ms, int64_t wall_ms, const char *why);

/* What a request for one target met with. */
struct refresh_matched {
    uint32_t combinations; /* that it names; 0: the catalogue has no such thing */
    uint32_t under_way;    /* of them urgent or being fetched already: the request is merged with that */
    uint32_t quarantined;  /* of them left alone (quarantine.h) */
};

/* Makes what the target names urgent. One that waits for its next attempt is due now, with its attempts
 * counted from the beginning; holds (holds.h) still apply. */
struct refresh_matched refresh_run_target(
    struct refresh_run *run, const struct target *target, int64_t now_ms);

/* After plan_rebuild: tells the plan what the store has of its newcomers. */
void refresh_run_learn(struct refresh_run *run, int64_t now_ms, int64_t wall_ms);

/* After `max_age` of the policy was changed: due times follow from the ages anew. */
void refresh_run_reckon(struct refresh_run *run, int64_t now_ms, int64_t wall_ms);

/* After `daily_at` may have changed. */
void refresh_run_set_daily(struct refresh_run *run, int64_t daily_at_min);

/* Looks at the clocks: begins the daily refresh if it is time, notices a clock that moved, ends what is done.
 * Returns how many milliseconds it may sleep; never more than 30 s, as the monotonic clock stands still while
 * the machine sleeps. */
int64_t refresh_run_tick(struct refresh_run *run, int64_t now_ms, int64_t wall_ms);

/* True once after the last combination of a targeted refresh was done: time to export. */
bool refresh_run_take_targeted_done(struct refresh_run *run);

/* What the store had when the run was opened. */
struct refresh_found {
    uint64_t boards, entries;
};
struct refresh_found refresh_run_found(const struct refresh_run *run);

struct refresh_progress {
    int64_t full_since_ms;  /* wall clock; 0: no full refresh is under way */
    uint32_t full_left;     /* combinations of it that are not done */
    uint32_t targeted_left; /* urgent ones */
    int64_t next_daily_ms;  /* wall clock; 0: never */
};

struct refresh_progress refresh_run_progress(const struct refresh_run *run);

#endif
