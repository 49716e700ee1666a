#ifndef R3E_COORDINATOR_PLAN_H
#define R3E_COORDINATOR_PLAN_H
/* Which board is fetched next: every combination of the catalogue, and two heaps of those that wait, by due
 * time: the urgent ones (asked for by name) and the others. An urgent one that is due goes before all others.
 *
 * Nothing of it is stored. It follows from the store's board records, so a crash loses no more than results
 * that were not committed. A combination is in exactly one state; the functions below are the only
 * transitions:
 *
 *                    plan_take                    plan_succeed
 *         WAITING ───────────────► LEASED ───────────────────────► WAITING (due in max_age)
 *            ▲                        │ plan_retry ──────────────► WAITING (due after a pause, attempt + 1)
 *            │                        │ plan_postpone ───────────► WAITING (due after a pause)
 *            └────────────────────────┘ plan_give_up ────────────► WAITING (due in max_age, listed as failed)
 *
 * All times are monotonic milliseconds. A combination that was never fetched is due since ever, so what is
 * missing comes before what is stale; ties go by track id, then class id. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/catalogue.h"

#define PLAN_NONE    UINT32_MAX
#define PLAN_MISSING INT64_MIN /* due time of what the store does not have */

enum plan_state { PLAN_WAITING, PLAN_LEASED };

struct plan_entry {
    uint32_t track_id, class_id;
    int64_t due_ms;
    int64_t checked_at_ms; /* wall clock of the last valid answer or giving up; 0: never */
    int64_t again_at_ms;   /* wall clock of a fetch before it is too old: an answer is kept aside; 0: none */
    uint32_t heap_at;      /* place in its heap; PLAN_NONE while leased */
    uint32_t lease;        /* place in the lease table; PLAN_NONE while waiting */
    uint8_t state;         /* enum plan_state */
    uint8_t retrying;      /* waits for its next attempt within this refresh */
    uint8_t failed;        /* the last refresh gave up on it; last_failure says why */
    uint8_t missing;       /* the store has no valid answer for it */
    uint8_t urgent;        /* asked for by name and not done since */
    uint8_t wanted;        /* belongs to the full refresh under way and is not done */
    uint8_t quarantined;   /* not to be fetched before it is due (quarantine.h); `failed` too */
    uint8_t last_failure;  /* enum failure of the last failed attempt */
    uint8_t refusals;      /* attempts within this refresh that did not count: the service refused them */
    uint16_t last_http_status;
    int64_t failed_at_ms; /* wall clock of it */
    uint32_t attempt;     /* attempts within this refresh */
};

struct plan;

/* A plan of all the catalogue's combinations, all of them missing. The catalogue is borrowed for its life. */
struct plan *plan_open(const struct catalogue *catalogue);

/* The content of that catalogue has been exchanged: those that are still there keep their state, new ones are
 * missing, the others are gone. Returns where each old place has moved to, PLAN_NONE where it is gone; the
 * caller frees it, and has all that hold places look there. */
uint32_t *plan_rebuild(struct plan *plan);
void plan_close(struct plan **pointer);

uint32_t plan_count(const struct plan *plan);

/* How many of them the store has no valid answer for. */
uint32_t plan_missing(const struct plan *plan);

/* The place of a combination, or PLAN_NONE if the catalogue does not have it. Places
 * change in plan_rebuild only. */
uint32_t plan_find(const struct plan *plan, uint32_t track_id, uint32_t class_id);

/* The places of a track's combinations, one after another; false if the catalogue does not have it. */
bool plan_find_track(const struct plan *plan, uint32_t track_id, uint32_t *first, uint32_t *count);

/* Valid for the plan's life. Callers may read everything and write only `lease`, `checked_at_ms`,
 * `again_at_ms` and what describes the last failure. */
struct plan_entry *plan_entry(struct plan *plan, uint32_t place);

/* The store has it: due at `due_ms`. Only while WAITING. */
void plan_known(struct plan *plan, uint32_t place, int64_t due_ms);

/* Another due time. Only while WAITING. */
void plan_reschedule(struct plan *plan, uint32_t place, int64_t due_ms);

/* Asked for by name: urgent until it is done. While WAITING it becomes due at `now_ms`, its attempts begin
 * anew. Not while it is quarantined. */
void plan_urge(struct plan *plan, uint32_t place, int64_t now_ms);

/* It belongs to the full refresh that begins, until it is done. Its due time is the caller's business. */
void plan_want(struct plan *plan, uint32_t place);

/* How many are urgent, and wanted. */
uint32_t plan_urgent(const struct plan *plan);
uint32_t plan_wanted(const struct plan *plan);

/* The store has lost it: due since ever, as if it had never been fetched; while LEASED nothing but its being
 * missing is noted, as it is being fetched. */
void plan_lost(struct plan *plan, uint32_t place);

/* One that is WAITING waits for an attempt at `due_ms`, as after a failure; none is counted. */
void plan_try_at(struct plan *plan, uint32_t place, int64_t due_ms);

/* How many wait for their next attempt. */
uint32_t plan_retrying(const struct plan *plan);

/* One that is WAITING is done with: it is not fetched before `due_ms` and counts as failed until then; being
 * taken, claimed or released ends that. */
void plan_quarantine(struct plan *plan, uint32_t place, int64_t due_ms);
void plan_release(struct plan *plan, uint32_t place, int64_t due_ms);

/* How many of those that wait come before this one, which is WAITING. Walks them all. */
uint32_t plan_ahead(const struct plan *plan, uint32_t place);

/* The next one that is due at `now_ms`, which becomes LEASED with its attempt counted; PLAN_NONE if none is.
 */
uint32_t plan_take(struct plan *plan, int64_t now_ms);

/* Takes this one, which is WAITING, out of turn; no attempt is counted. */
void plan_claim(struct plan *plan, uint32_t place);

/* When the next one is due, urgent or not; INT64_MAX if all are leased. */
int64_t plan_next_due_ms(const struct plan *plan);

/* LEASED → WAITING. After success and giving up it is done: neither urgent nor wanted. */
void plan_succeed(struct plan *plan, uint32_t place, int64_t due_ms);
void plan_retry(struct plan *plan, uint32_t place, int64_t due_ms);
void plan_postpone(struct plan *plan, uint32_t place, int64_t due_ms); /* the attempt does not count */
void plan_give_up(struct plan *plan, uint32_t place, int64_t due_ms);

/* LEASED → WAITING as if it had never been taken: the worker left in good order without having asked
 * upstream. */
void plan_return(struct plan *plan, uint32_t place);

/* What is still to be fetched (due before `before_ms`, urgent, wanted, or waiting for a retry) is given up,
 * but for what is leased: WAITING (due at `due_ms`, listed as failed with that reason, or with its own where
 * a retry was due). Returns how many. */
struct plan_failure {
    uint8_t failure;
    uint16_t http_status;
    int64_t wall_ms;
};
uint32_t plan_give_up_rest(
    struct plan *plan, int64_t before_ms, int64_t due_ms, const struct plan_failure *reason);

struct plan_counts {
    uint32_t total;
    uint32_t leased;
    uint32_t retrying;
    uint32_t failed;
    uint32_t missing;
    uint32_t quarantined; /* of those that failed */
    uint32_t due;         /* waiting and due at the time asked for, those retrying included */
};

/* Walks all entries for `due`; the rest is kept up to date. */
struct plan_counts plan_count_states(const struct plan *plan, int64_t now_ms);

/* True while something is leased, waits for a retry, is urgent or wanted, or is due before `before_ms`: the
 * refresh is not over.
 */
bool plan_busy(const struct plan *plan, int64_t before_ms);

#endif
