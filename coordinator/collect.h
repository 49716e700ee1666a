#ifndef R3E_COORDINATOR_COLLECT_H
#define R3E_COORDINATOR_COLLECT_H
/* The results socket: checks what workers send, applies it once, commits in groups, and acknowledges after
 * the commit.
 *
 * Which result counts: the one of the lease that holds the board now; or, if nobody holds it, of a lease that
 * is later than the last one applied, while the board is still wanted (a coordinator that restarted accepts
 * what was handed out before). A result of the lease last applied is a duplicate; all else is superseded.
 * Whatever the verdict, the worker is told, so that it can let go. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/collect_counters.h"
#include "coordinator/dispatch_results.h"
#include "coordinator/events.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/refresh.h"
#include "coordinator/store.h"

struct collect_options {
    /* A commit is due when the first of its results has waited for this long, so many have come, or a worker
     * waits for it to leave; it begins when the disk is ready. */
    int64_t commit_ms;
    unsigned commit_results;
};

struct collect;

/* All pointers are borrowed for its life. `socket` is a bound PULL. */
struct collect *collect_open(void *socket, struct plan *plan, struct store *store, struct dispatch *dispatch,
    const struct refresh_policy *policy, struct politeness *politeness,
    const struct collect_options *options);

/* Where to tell what becomes of boards; borrowed. */
void collect_tell_events(struct collect *collect, struct events *events);

/* From now on these hold. */
void collect_set_options(struct collect *collect, const struct collect_options *options);

/* Commits and acknowledges what waits. */
void collect_close(struct collect **pointer);

/* Loop handler of the results socket. */
void collect_readable(void *context);

/* Commits if it is time; returns how many milliseconds it may sleep. */
int64_t collect_tick(struct collect *collect, int64_t now_ms);

/* The exporter found the rows or the detail of a board broken in its snapshot, which is of `generation`: it
 * is fetched again, and its content is asked for whole, unless it was stored anew since. */
void collect_content_lost(struct collect *collect, uint32_t track_id, uint32_t class_id, uint64_t generation);

/* `prepare` is called before every commit, to put what is to be written with it. */
void collect_on_commit(struct collect *collect, void (*prepare)(void *context), void *context);

/* Has what waits written now, without waiting for it. */
void collect_flush(struct collect *collect);

/* Has it written, waits until it is on disk, acknowledges. False: the store is not well, what waited waits
 * on.
 */
bool collect_settle(struct collect *collect);

/* Loop handler of the store's event: acknowledges what a commit has brought to disk. */
void collect_committed(void *context);

/* The generation that was on disk when collect_committed was last called. */
uint64_t collect_generation(const struct collect *collect);

const struct collect_counters *collect_counters(const struct collect *collect);

#endif
