#ifndef R3E_COORDINATOR_PUBLISHER_H
#define R3E_COORDINATOR_PUBLISHER_H
/* Runs the exporter: at the start, for what the store has already (the exporter itself finds out whether it
 * is published), and for what was fetched when publish_due says so. A run that failed is tried again after a
 * pause that grows. export_run does the running. */
#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "common/loop.h"
#include "coordinator/collect.h"
#include "coordinator/crawl_times.h"
#include "coordinator/export_run.h"
#include "coordinator/plan.h"
#include "coordinator/store.h"

struct publisher;

/* Everything is borrowed for the publisher's life. */
struct publisher_sources {
    struct loop *loop;
    const struct config *config;
    struct plan *plan;
    struct store *store;
    struct collect *collect;
    struct crawl_times *times; /* the time of the last export is set here */
    bool once; /* what was found is not published at the start, but together with what is due */
};

/* Called after each successful run. */
typedef void (*publisher_published)(void *context);

/* Takes over the figures of the last run from the store. */
struct publisher *publisher_open(
    const struct publisher_sources *sources, publisher_published published, void *context);

/* Kills a run under way and reaps it. */
void publisher_close(struct publisher **pointer);

/* Starts a run if it is time for one (never while `held`: stopping, or no room on the disk); `busy`: boards
 * are still to be fetched, and the next is due at `next_due_ms` (INT64_MAX: none will be handed out). Returns
 * how many milliseconds it may sleep. */
int64_t publisher_tick(
    struct publisher *publisher, bool busy, int64_t next_due_ms, bool held, int64_t now_ms);

/* What is owed is published soon although boards are still to be fetched; at most once a minute. */
void publisher_hurry(struct publisher *publisher);

/* Written results wait to be published, or no run of this process has succeeded yet. */
bool publisher_owes(const struct publisher *publisher);

/* exporter.* of the configuration may have changed; holds from the next run on. */
void publisher_set_limits(struct publisher *publisher);

/* Asks for a run. Returns its number (counted from 1 within this process): the one under way if nothing has
 * changed since it began, else the next, which starts as soon as it can. 0: the store has no board yet. */
uint64_t publisher_request(struct publisher *publisher);

/* As publisher_request, for changes that no board shows (names of the catalogue): never the one under way. */
void publisher_require(struct publisher *publisher);

enum publisher_outcome { PUBLISHER_PENDING, PUBLISHER_DONE, PUBLISHER_FAILED };

/* What became of the run of that number. Of a run that failed one knows it until the next is over. */
enum publisher_outcome publisher_outcome(const struct publisher *publisher, uint64_t number);

/* The last run failed. */
bool publisher_failed(const struct publisher *publisher);

const struct export_run *publisher_run(const struct publisher *publisher);

#endif
