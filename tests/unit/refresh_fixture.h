#ifndef R3E_TESTS_UNIT_REFRESH_FIXTURE_H
#define R3E_TESTS_UNIT_REFRESH_FIXTURE_H
/* A refresh_run over a plan of 3 tracks (10, 20, 30) and 2 classes (5, 6) and a store of its own, with
 * clocks that the test moves. */
#include "tests/unit/unit.h"

#include "coordinator/refresh_run.h"

#define HOUR_MS INT64_C(3600000)
#define NOW_MS  (100 * HOUR_MS)        /* monotonic */
#define WALL_MS INT64_C(1780000000000) /* 2026-05-28, 20:26 UTC */

struct fixture {
    char folder[64];
    struct catalogue catalogue;
    struct refresh_policy policy;
    struct crawl_times times;
    struct store *store;
    struct plan *plan;
    struct refresh_run *run;
    int64_t now_ms, wall_ms;
};

static inline void fixture_close(struct fixture *f)
{
    refresh_run_close(&f->run);
    plan_close(&f->plan);
    store_close(&f->store);
}

/* As a start of the coordinator does it. */
static inline void fixture_open(struct fixture *f, bool once)
{
    f->store = store_open(f->folder, 16);
    crawl_times_load(&f->times, f->store);
    f->plan = plan_open(&f->catalogue);
    struct refresh_run_sources sources = {.plan = f->plan,
        .policy = &f->policy,
        .times = &f->times,
        .store = f->store,
        .daily_at_min = 285,
        .once = once};
    f->run = refresh_run_open(&sources, f->now_ms, f->wall_ms);
}

static inline int fixture_set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;
    *f = (struct fixture){.catalogue = catalogue_make(), .now_ms = NOW_MS, .wall_ms = WALL_MS};
    setenv("TZ", "UTC", 1);
    f->policy = (struct refresh_policy){
        .max_age_ms = 24 * HOUR_MS, .retries = 2, .backoff_ms = 1000, .backoff_most_ms = HOUR_MS};
    for (uint32_t id = 10; id <= 30; id += 10)
        assert_null(catalogue_add_item(&f->catalogue, &f->catalogue.tracks, id, "t", 1));
    for (uint32_t id = 5; id <= 6; id++)
        assert_null(catalogue_add_item(&f->catalogue, &f->catalogue.classes, id, "c", 1));
    unit_make_folder(f->folder);
    fixture_open(f, false);
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    unit_remove_store(f->folder);
    catalogue_free(&f->catalogue);
    return 0;
}

#endif
