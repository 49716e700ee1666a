#include "tests/unit/refresh_fixture.h"

#include <string.h>

#include "common/record.h"
#include "coordinator/target_list.h"

static void restart(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f, false);
}

static void pass(struct fixture *f, int64_t duration_ms)
{
    f->now_ms += duration_ms;
    f->wall_ms += duration_ms;
}

static void tick(struct fixture *f)
{
    int64_t sleep_ms = refresh_run_tick(f->run, f->now_ms, f->wall_ms);
    assert_in_range((uint64_t)sleep_ms, 1, 30000);
}

/* A valid answer for a board, as collect takes it. */
static void answer(struct fixture *f, uint32_t place)
{
    const struct plan_entry *entry = plan_entry(f->plan, place);
    struct record_board record = {.fetched_at_ms = f->wall_ms, .checks = 1};
    store_put_record(f->store, entry->track_id, entry->class_id, &record);
    refresh_succeeded(&f->policy, f->plan, place, f->now_ms, f->wall_ms);
}

static bool fail_board(struct fixture *f, uint32_t place, uint64_t http_status)
{
    struct refresh_failure failure = {
        .failure = FAILURE_HTTP_STATUS, .http_status = http_status, .wall_ms = f->wall_ms};
    return refresh_failed(&f->policy, f->plan, place, &failure, f->now_ms, 0);
}

static uint32_t take(struct fixture *f)
{
    return plan_take(f->plan, f->now_ms);
}

/* Fetches everything, a minute each. */
static void crawl(struct fixture *f)
{
    uint32_t place;
    while ((place = take(f)) != PLAN_NONE) {
        pass(f, 60000);
        answer(f, place);
    }
    tick(f);
}

static struct refresh_progress progress(struct fixture *f)
{
    return refresh_run_progress(f->run);
}

static void an_empty_store_begins_with_a_full_refresh(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(progress(f).full_since_ms, WALL_MS);
    assert_int_equal(progress(f).full_left, 6);
    tick(f);
    crawl(f);
    assert_int_equal(progress(f).full_since_ms, 0);
    assert_int_equal(f->times.started_ms, WALL_MS);
    assert_int_equal(f->times.ended_ms, WALL_MS + 6 * 60000);
    assert_false(plan_busy(f->plan, f->now_ms));
    assert_int_equal(plan_next_due_ms(f->plan), NOW_MS + 60000 + 24 * HOUR_MS);
}

static void a_restart_goes_on_with_it(void **state)
{
    struct fixture *f = *state;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(take(f), i);
        pass(f, 60000);
        answer(f, i);
    }
    assert_int_equal(take(f), 4); /* under way when it is killed */
    pass(f, 60000);
    f->now_ms = HOUR_MS; /* the machine was started anew */
    restart(f);
    assert_int_equal(progress(f).full_since_ms, WALL_MS);
    assert_int_equal(progress(f).full_left, 2);
    assert_int_equal(take(f), 4);
    assert_int_equal(take(f), 5);
    assert_int_equal(take(f), PLAN_NONE);
    answer(f, 4);
    answer(f, 5);
    tick(f);
    assert_int_equal(f->times.started_ms, WALL_MS);
    assert_int_equal(f->times.ended_ms, f->wall_ms);
    restart(f);
    assert_int_equal(f->times.started_ms, WALL_MS);
    assert_int_equal(progress(f).full_since_ms, 0);
    assert_int_equal(plan_next_due_ms(f->plan), HOUR_MS - 4 * 60000 + 24 * HOUR_MS);
}

static void all_is_due_missing_first_then_oldest(void **state)
{
    struct fixture *f = *state;
    const uint32_t order[] = {3, 1, 5, 0, 2};
    for (uint32_t i = 0; i < 6; i++)
        take(f);
    for (size_t i = 0; i < 5; i++) {
        pass(f, 60000);
        answer(f, order[i]);
    }
    fail_board(f, 4, 404); /* given up: done too */
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
    assert_int_equal(take(f), PLAN_NONE);
    pass(f, HOUR_MS);
    assert_true(refresh_run_all(f->run, f->now_ms, f->wall_ms, "in a test"));
    assert_int_equal(take(f), 4);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(take(f), order[i]);
}

static void asking_twice_merges(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(take(f), 0);
    answer(f, 0);
    pass(f, 60000);
    assert_false(refresh_run_all(f->run, f->now_ms, f->wall_ms, "in a test"));
    assert_int_equal(progress(f).full_since_ms, WALL_MS);
    assert_int_equal(progress(f).full_left, 5);
    assert_int_equal(take(f), 1);
}

static void retries_keep_their_pause_in_a_full_refresh(void **state)
{
    struct fixture *f = *state;
    crawl(f);
    refresh_run_all(f->run, f->now_ms, f->wall_ms, "in a test");
    uint32_t first = take(f);
    assert_true(fail_board(f, first, 500));
    for (int i = 0; i < 5; i++)
        answer(f, take(f));
    assert_int_equal(take(f), PLAN_NONE);
    tick(f);
    assert_int_equal(progress(f).full_left, 1);
    pass(f, 1000);
    assert_int_equal(take(f), first);
    assert_true(fail_board(f, first, 500));
    pass(f, 2000);
    assert_int_equal(take(f), first);
    assert_false(fail_board(f, first, 500));
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
}

static void a_target_overtakes_and_leaves_the_times_alone(void **state)
{
    struct fixture *f = *state;
    struct target target = {.track_id = 30};
    assert_int_equal(take(f), 0);
    struct refresh_matched matched = refresh_run_target(f->run, &target, f->now_ms);
    assert_int_equal(matched.combinations, 2);
    assert_int_equal(matched.under_way, 0);
    target = (struct target){30, 6};
    matched = refresh_run_target(f->run, &target, f->now_ms);
    assert_int_equal(matched.combinations, 1);
    assert_int_equal(matched.under_way, 1);
    assert_int_equal(progress(f).targeted_left, 2);
    assert_int_equal(take(f), 4);
    assert_int_equal(take(f), 5);
    assert_int_equal(take(f), 1);
    answer(f, 4);
    tick(f);
    assert_false(refresh_run_take_targeted_done(f->run));
    fail_board(f, 5, 404);
    tick(f);
    assert_true(refresh_run_take_targeted_done(f->run));
    assert_false(refresh_run_take_targeted_done(f->run));
    assert_int_equal(progress(f).full_left, 4);
    assert_int_equal(f->times.started_ms, 0);
}

static void a_target_survives_restarts_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    const struct target targets[] = {{20, 0}, {30, 6}, {20, 0}};
    crawl(f);
    pass(f, 60000);
    for (size_t i = 0; i < 3; i++)
        refresh_run_target(f->run, &targets[i], f->now_ms);
    tick(f);
    restart(f);
    assert_int_equal(progress(f).targeted_left, 3);
    assert_int_equal(take(f), 2);
    pass(f, 60000);
    answer(f, 2);
    restart(f);
    assert_int_equal(progress(f).targeted_left, 2);
    crawl(f);
    assert_true(refresh_run_take_targeted_done(f->run));
    restart(f);
    assert_int_equal(progress(f).targeted_left, 0);
    tick(f);
    assert_false(refresh_run_take_targeted_done(f->run));
}

/* Killed between the last result's commit and the one that empties the list. */
static void a_target_that_was_done_is_published_and_forgotten(void **state)
{
    struct fixture *f = *state;
    const struct target target = {10, 5};
    crawl(f);
    pass(f, 60000);
    refresh_run_target(f->run, &target, f->now_ms);
    tick(f);
    pass(f, 60000);
    answer(f, take(f));
    restart(f);
    assert_int_equal(progress(f).targeted_left, 0);
    tick(f);
    assert_true(refresh_run_take_targeted_done(f->run));
    restart(f);
    tick(f);
    assert_false(refresh_run_take_targeted_done(f->run));
}

static void a_broken_list_of_targets_asks_for_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const broken[] = {
        "", "{}", "[1]", "[[10,5]]", "[[10,5,-1]]", "[[10,5,1e300]]", "[[0,5,1]]", "[[10,5.5,1]]", "[[[[["};
    crawl(f);
    pass(f, 60000);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        store_put_meta(f->store, RECORD_META_TARGETS, broken[i], strlen(broken[i]));
        store_commit(f->store);
        restart(f);
        assert_int_equal(progress(f).targeted_left, 0);
    }
}

static void more_targets_than_are_kept_are_fetched_all_the_same(void **state)
{
    (void)state;
    static struct target_list list;
    list = (struct target_list){0};
    for (uint32_t id = 1; id <= TARGET_LIST_MAX; id++)
        assert_true(target_list_add(&list, &(struct target){id, 0}, 7));
    assert_false(target_list_add(&list, &(struct target){TARGET_LIST_MAX + 1, 0}, 7));
    assert_true(target_list_add(&list, &(struct target){5, 0}, 9));
    assert_int_equal(list.items[4].asked_ms, 9);
    assert_int_equal(list.count, TARGET_LIST_MAX);
}

static void unknown_targets_match_nothing(void **state)
{
    struct fixture *f = *state;
    const struct target unknown[] = {{11, 0}, {10, 7}, {11, 5}, {0, 0}};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(refresh_run_target(f->run, &unknown[i], f->now_ms).combinations, 0);
    assert_int_equal(progress(f).targeted_left, 0);
}

static void the_day_begins_one_refresh(void **state)
{
    struct fixture *f = *state;
    tick(f);
    crawl(f);
    assert_int_equal(progress(f).next_daily_ms % (24 * HOUR_MS), 285 * 60000);
    pass(f, progress(f).next_daily_ms - f->wall_ms - 1);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
    pass(f, 1);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, f->wall_ms);
    crawl(f);
    restart(f);
    pass(f, 12 * HOUR_MS);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
}

static void a_day_missed_while_it_was_down_is_made_up_for_once(void **state)
{
    struct fixture *f = *state;
    tick(f);
    crawl(f);
    fixture_close(f);
    f->wall_ms += 72 * HOUR_MS;
    f->now_ms = HOUR_MS;
    fixture_open(f, false);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, f->wall_ms);
    crawl(f);
    restart(f);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
}

static void a_day_that_meets_a_full_refresh_merges_with_it(void **state)
{
    struct fixture *f = *state;
    tick(f);
    pass(f, 9 * HOUR_MS);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, WALL_MS);
    crawl(f);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
}

static void once_begins_no_daily_refresh(void **state)
{
    struct fixture *f = *state;
    tick(f);
    crawl(f);
    fixture_close(f);
    pass(f, 10 * HOUR_MS);
    fixture_open(f, true);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, 0);
    assert_int_equal(progress(f).next_daily_ms, 0);
    assert_false(plan_busy(f->plan, f->now_ms));
    restart(f);
    tick(f);
    assert_int_equal(progress(f).full_since_ms, f->wall_ms); /* it is not forgotten either */
}

/* ---- clocks ---- */

static void sleep_counts_for_the_age(void **state)
{
    struct fixture *f = *state;
    refresh_run_set_daily(f->run, -1);
    crawl(f);
    f->wall_ms += 23 * HOUR_MS; /* the machine sleeps; monotonic time stands still */
    tick(f);
    assert_int_equal(take(f), PLAN_NONE);
    pass(f, HOUR_MS);
    assert_int_equal(take(f), 0);
}

static void a_clock_set_back_puts_nothing_off_for_long(void **state)
{
    struct fixture *f = *state;
    refresh_run_set_daily(f->run, -1);
    crawl(f);
    f->wall_ms -= 20 * 365 * 24 * HOUR_MS;
    tick(f);
    assert_int_equal(plan_next_due_ms(f->plan), f->now_ms + 24 * HOUR_MS);
    f->wall_ms += 20 * 365 * 24 * HOUR_MS + 30 * HOUR_MS;
    tick(f);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(take(f), i);
}

static void there_and_back_changes_nothing(void **state)
{
    struct fixture *f = *state;
    refresh_run_set_daily(f->run, -1);
    crawl(f);
    int64_t due_ms = plan_next_due_ms(f->plan);
    const int64_t jumps[] = {HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, 10 * 365 * 24 * HOUR_MS};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        f->wall_ms += jumps[i];
        tick(f);
        f->wall_ms -= jumps[i];
        tick(f);
        assert_int_equal(plan_next_due_ms(f->plan), due_ms);
    }
}

static void a_full_refresh_outlives_a_clock_set_back(void **state)
{
    struct fixture *f = *state;
    answer(f, take(f));
    f->wall_ms -= 24 * HOUR_MS;
    tick(f);
    answer(f, take(f));
    assert_int_equal(progress(f).full_left, 4);
    restart(f);
    /* Nobody can know any more what was fetched since: rather too much. */
    assert_in_range(progress(f).full_left, 4, 6);
    crawl(f);
    assert_int_equal(progress(f).full_since_ms, 0);
    assert_true(f->times.ended_ms >= f->times.started_ms);
    assert_true(f->times.ended_ms <= f->wall_ms);
}

static void another_max_age_holds_at_once(void **state)
{
    struct fixture *f = *state;
    refresh_run_set_daily(f->run, -1);
    crawl(f);
    pass(f, 2 * HOUR_MS);
    f->policy.max_age_ms = HOUR_MS;
    refresh_run_reckon(f->run, f->now_ms, f->wall_ms);
    assert_int_equal(take(f), 0);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(an_empty_store_begins_with_a_full_refresh),
        WITH_RUN(a_restart_goes_on_with_it),
        WITH_RUN(all_is_due_missing_first_then_oldest),
        WITH_RUN(asking_twice_merges),
        WITH_RUN(retries_keep_their_pause_in_a_full_refresh),
        WITH_RUN(a_target_overtakes_and_leaves_the_times_alone),
        WITH_RUN(a_target_survives_restarts_until_it_is_done),
        WITH_RUN(a_target_that_was_done_is_published_and_forgotten),
        WITH_RUN(a_broken_list_of_targets_asks_for_nothing),
        cmocka_unit_test(more_targets_than_are_kept_are_fetched_all_the_same),
        WITH_RUN(unknown_targets_match_nothing),
        WITH_RUN(the_day_begins_one_refresh),
        WITH_RUN(a_day_missed_while_it_was_down_is_made_up_for_once),
        WITH_RUN(a_day_that_meets_a_full_refresh_merges_with_it),
        WITH_RUN(once_begins_no_daily_refresh),
        WITH_RUN(sleep_counts_for_the_age),
        WITH_RUN(a_clock_set_back_puts_nothing_off_for_long),
        WITH_RUN(there_and_back_changes_nothing),
        WITH_RUN(a_full_refresh_outlives_a_clock_set_back),
        WITH_RUN(another_max_age_holds_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
