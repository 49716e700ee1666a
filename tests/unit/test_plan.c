#include "tests/unit/unit.h"

#include <string.h>

#include "common/protocol.h"
#include "coordinator/plan.h"

struct fixture {
    struct catalogue catalogue;
    struct plan *plan;
};

static void add(struct catalogue *catalogue, struct catalogue_items *items, uint32_t id)
{
    assert_null(catalogue_add_item(catalogue, items, id, "name", 4));
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.catalogue = catalogue_make();
    for (uint32_t id = 10; id <= 30; id += 10)
        add(&fixture.catalogue, &fixture.catalogue.tracks, id);
    for (uint32_t id = 5; id <= 8; id++)
        add(&fixture.catalogue, &fixture.catalogue.classes, id);
    fixture.plan = plan_open(&fixture.catalogue);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    plan_close(&fixture->plan);
    catalogue_free(&fixture->catalogue);
    return 0;
}

static void finds_every_combination_and_no_other(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    assert_int_equal(plan_count(plan), 12);
    for (uint32_t place = 0; place < 12; place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        assert_int_equal(plan_find(plan, entry->track_id, entry->class_id), place);
    }
    assert_int_equal(plan_find(plan, 11, 5), PLAN_NONE);
    assert_int_equal(plan_find(plan, 10, 9), PLAN_NONE);
    assert_int_equal(plan_find(plan, 0, 0), PLAN_NONE);
}

static void what_is_lost_is_missing_and_due(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (uint32_t place = 0; place < 12; place++)
        plan_known(plan, place, 1000 + place);
    assert_int_equal(plan_missing(plan), 0);
    plan_lost(plan, 7);
    plan_lost(plan, 7);
    assert_int_equal(plan_missing(plan), 1);
    assert_int_equal(plan_take(plan, 0), 7);
    plan_lost(plan, 7); /* while it is being fetched */
    assert_int_equal(plan_missing(plan), 1);
    plan_succeed(plan, 7, 2000);
    assert_int_equal(plan_missing(plan), 0);
    assert_int_equal(plan_take(plan, 0), PLAN_NONE);
}

static void missing_comes_before_stale_in_order_of_ids(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    plan_known(plan, 0, 50);
    plan_known(plan, 4, 40);
    const uint32_t expected[] = {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 4, 0};
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(plan_take(plan, 100), expected[i]);
    assert_int_equal(plan_take(plan, 100), PLAN_NONE);
    assert_int_equal(plan_next_due_ms(plan), INT64_MAX);
}

static void takes_nothing_before_it_is_due(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (uint32_t place = 0; place < 12; place++)
        plan_known(plan, place, 1000 - place);
    assert_int_equal(plan_take(plan, 988), PLAN_NONE);
    assert_int_equal(plan_next_due_ms(plan), 989);
    assert_int_equal(plan_take(plan, 989), 11);
    assert_false(plan_busy(plan, 0) && plan_count_states(plan, 0).leased == 0);
}

static void attempts_are_counted_within_one_refresh(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t place = plan_take(plan, 0);
    assert_int_equal(plan_entry(plan, place)->attempt, 1);
    plan_retry(plan, place, 5);
    assert_int_equal(plan_count_states(plan, 0).retrying, 1);
    plan_claim(plan, place);
    assert_int_equal(plan_count_states(plan, 0).retrying, 0);
    assert_int_equal(plan_entry(plan, place)->attempt, 1);
    plan_succeed(plan, place, 500);
    assert_int_equal(plan_entry(plan, place)->attempt, 0);
    assert_int_equal(plan_count_states(plan, 0).missing, 11);
}

static void giving_up_is_remembered_until_it_succeeds(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t place = plan_take(plan, 0);
    plan_give_up(plan, place, 100);
    assert_int_equal(plan_count_states(plan, 0).failed, 1);
    assert_true(plan_entry(plan, place)->failed);
    plan_claim(plan, place);
    plan_succeed(plan, place, 200);
    assert_int_equal(plan_count_states(plan, 0).failed, 0);
}

static void returning_undoes_taking(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t place = plan_take(plan, 0);
    plan_return(plan, place);
    assert_int_equal(plan_entry(plan, place)->attempt, 0);
    assert_int_equal(plan_take(plan, 0), place);
    plan_retry(plan, place, -1);
    assert_int_equal(plan_count_states(plan, 0).retrying, 1);
    plan_claim(plan, place);
    plan_return(plan, place);
    assert_int_equal(plan_take(plan, 0) == PLAN_NONE, 0);
}

static void is_busy_until_all_is_known_and_back(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (uint32_t i = 0; i < 12; i++) {
        assert_true(plan_busy(plan, 1000));
        uint32_t place = plan_take(plan, 0);
        plan_succeed(plan, place, 5000);
    }
    assert_false(plan_busy(plan, 1000));
    assert_false(plan_busy(plan, 5000));
    assert_true(plan_busy(plan, 5001));
}

static void finds_a_track(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t first, count;
    assert_true(plan_find_track(plan, 20, &first, &count));
    assert_int_equal(first, plan_find(plan, 20, 5));
    assert_int_equal(first + count - 1, plan_find(plan, 20, 8));
    assert_false(plan_find_track(plan, 21, &first, &count));
}

static void urgent_ones_go_first_until_they_are_done(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    plan_known(plan, 3, 1000000);
    plan_urge(plan, 3, 50);
    plan_urge(plan, 7, 50);
    plan_urge(plan, 7, 50);
    assert_int_equal(plan_urgent(plan), 2);
    assert_int_equal(plan_take(plan, 100), 7); /* missing */
    assert_int_equal(plan_take(plan, 100), 3);
    plan_retry(plan, 3, 200);
    assert_int_equal(plan_take(plan, 100), 0); /* its pause holds nobody up */
    assert_int_equal(plan_next_due_ms(plan), PLAN_MISSING);
    assert_int_equal(plan_take(plan, 200), 3);
    plan_give_up(plan, 3, 5000);
    plan_succeed(plan, 7, 5000);
    assert_int_equal(plan_urgent(plan), 0);
    assert_int_equal(plan_take(plan, 5000), 1);
}

static void what_is_fetched_now_becomes_urgent_for_its_retry(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    assert_int_equal(plan_take(plan, 0), 0);
    plan_urge(plan, 0, 0);
    assert_int_equal(plan_entry(plan, 0)->attempt, 1);
    plan_retry(plan, 0, 10);
    assert_int_equal(plan_take(plan, 10), 0);
    plan_return(plan, 0);
    assert_int_equal(plan_take(plan, 10), 0);
    plan_succeed(plan, 0, 100);
    assert_int_equal(plan_urgent(plan), 0);
}

static void asking_ends_the_pause_of_a_retry(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (int attempt = 1; attempt <= 3; attempt++) {
        uint32_t place = plan_take(plan, attempt);
        assert_int_equal(place, 0);
        plan_retry(plan, 0, attempt < 3 ? PLAN_MISSING : 1000);
    }
    plan_urge(plan, 0, 5);
    assert_int_equal(plan_count_states(plan, 5).retrying, 0);
    assert_int_equal(plan_take(plan, 5), 0);
    assert_int_equal(plan_entry(plan, 0)->attempt, 1);
}

static void what_is_wanted_is_left_until_it_is_done(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (uint32_t place = 0; place < 12; place++) {
        plan_want(plan, place);
        plan_want(plan, place);
    }
    assert_int_equal(plan_wanted(plan), 12);
    for (uint32_t place = 0; place < 12; place++)
        assert_int_equal(plan_take(plan, 0), place);
    plan_retry(plan, 0, 1);
    plan_return(plan, 1);
    assert_int_equal(plan_wanted(plan), 12);
    plan_give_up(plan, 2, 1000);
    for (uint32_t place = 3; place < 12; place++)
        plan_succeed(plan, place, 1000);
    assert_int_equal(plan_wanted(plan), 2);
    assert_true(plan_busy(plan, PLAN_MISSING));
}

/* The entry that has to be taken next at a time, by a plain search; PLAN_NONE: none is due. */
static uint32_t expected_take(struct plan *plan, int64_t now_ms)
{
    const struct plan_entry *best = NULL;
    uint32_t at = PLAN_NONE;
    for (uint32_t place = 0; place < plan_count(plan); place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        if (entry->state != PLAN_WAITING || entry->due_ms > now_ms)
            continue;
        if (best && (best->urgent > entry->urgent ||
                        (best->urgent == entry->urgent && best->due_ms <= entry->due_ms)))
            continue;
        best = entry;
        at = place;
    }
    return at;
}

static void assert_counts_right(struct plan *plan, int64_t now_ms)
{
    struct plan_counts counts = plan_count_states(plan, now_ms), sums = {.total = plan_count(plan)};
    uint32_t urgent = 0, wanted = 0;
    int64_t earliest = INT64_MAX;
    for (uint32_t place = 0; place < plan_count(plan); place++) {
        const struct plan_entry *entry = plan_entry(plan, place);
        bool waits = entry->state == PLAN_WAITING;
        sums.leased += !waits;
        sums.retrying += entry->retrying;
        sums.failed += entry->failed;
        sums.missing += entry->missing;
        sums.due += waits && entry->due_ms <= now_ms;
        urgent += entry->urgent;
        wanted += entry->wanted;
        if (waits && entry->due_ms < earliest)
            earliest = entry->due_ms;
        assert_int_equal(entry->heap_at == PLAN_NONE, !waits);
    }
    assert_memory_equal(&counts, &sums, sizeof counts);
    assert_int_equal(plan_urgent(plan), urgent);
    assert_int_equal(plan_wanted(plan), wanted);
    assert_int_equal(plan_next_due_ms(plan), earliest);
    assert_int_equal(
        plan_busy(plan, now_ms), sums.leased || sums.retrying || urgent || wanted || earliest < now_ms);
}

static void step_leased(struct plan *plan, uint32_t place, uint32_t choice, int64_t due_ms)
{
    if (choice == 0)
        plan_succeed(plan, place, due_ms);
    else if (choice == 1)
        plan_retry(plan, place, due_ms);
    else if (choice == 2)
        plan_give_up(plan, place, due_ms);
    else if (plan_entry(plan, place)->attempt > 0)
        plan_return(plan, place);
}

static void step_waiting(struct plan *plan, uint32_t place, uint32_t choice, int64_t due_ms)
{
    if (choice == 0)
        plan_known(plan, place, due_ms);
    else if (choice == 1)
        plan_reschedule(plan, place, due_ms);
    else if (choice == 2)
        plan_claim(plan, place);
}

static void step_leased_or_waiting(struct plan *plan, uint32_t place, uint32_t choice, int64_t due_ms)
{
    if (plan_entry(plan, place)->state == PLAN_LEASED)
        step_leased(plan, place, choice, due_ms);
    else
        step_waiting(plan, place, choice, due_ms);
}

/* The heaps against a plain search over random histories. */
static void always_takes_what_a_plain_search_finds(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t seed = 1;
    for (int step = 0; step < 50000; step++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t place = (seed >> 20) % 12, choice = seed >> 4 & 3;
        int64_t due_ms = seed >> 8 & 1023;
        switch (seed >> 28 & 7) {
        case 0:
            plan_urge(plan, place, due_ms);
            break;
        case 1:
            plan_want(plan, place);
            break;
        case 2:
        case 3:
            step_leased_or_waiting(plan, place, choice, due_ms);
            break;
        default: {
            uint32_t expected = expected_take(plan, due_ms);
            assert_int_equal(plan_take(plan, due_ms), expected);
            if (expected != PLAN_NONE && choice)
                step_leased(plan, expected, choice - 1, due_ms + 100);
        }
        }
        assert_counts_right(plan, due_ms);
    }
}

static void a_new_catalogue_keeps_what_it_still_has(void **state)
{
    struct fixture *fixture = *state;
    struct plan *plan = fixture->plan;
    plan_known(plan, 0, 50);               /* 10-5 stays */
    plan_known(plan, 1, 60);               /* 10-6 goes */
    uint32_t leased = plan_take(plan, 0);  /* 10-7 stays */
    uint32_t leaving = plan_take(plan, 0); /* 10-8 goes */
    plan_entry(plan, leased)->lease = 3;
    assert_int_equal(leaving, 3);
    plan_want(plan, 4);
    plan_want(plan, 5);
    plan_urge(plan, 10, 0);      /* 30-7 stays */
    plan_quarantine(plan, 8, 9); /* 30-5 stays */
    catalogue_free(&fixture->catalogue);
    fixture->catalogue = catalogue_make();
    static const uint32_t tracks[] = {5, 10, 30}, classes[] = {5, 7, 9};
    for (size_t i = 0; i < 3; i++) {
        add(&fixture->catalogue, &fixture->catalogue.tracks, tracks[i]);
        add(&fixture->catalogue, &fixture->catalogue.classes, classes[i]);
    }
    uint32_t *moved = plan_rebuild(plan);
    static const uint32_t expected[] = {
        3, PLAN_NONE, 4, PLAN_NONE, PLAN_NONE, PLAN_NONE, PLAN_NONE, PLAN_NONE, 6, PLAN_NONE, 7, PLAN_NONE};
    assert_memory_equal(moved, expected, sizeof expected);
    free(moved);
    assert_int_equal(plan_count(plan), 9);
    assert_int_equal(plan_entry(plan, 4)->lease, 3);
    assert_int_equal(plan_find(plan, 30, 9), 8);
    assert_int_equal(plan_find(plan, 20, 5), PLAN_NONE);
    struct plan_counts counts = plan_count_states(plan, 100);
    assert_int_equal(counts.total, 9);
    assert_int_equal(counts.leased, 1);
    assert_int_equal(counts.missing, 8);
    assert_int_equal(counts.quarantined, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(plan_wanted(plan), 0);
    assert_int_equal(plan_urgent(plan), 1);
    static const uint32_t order[] = {7, 0, 1, 2, 5, 8, 6, 3};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(plan_take(plan, 100), order[i]);
    assert_int_equal(plan_take(plan, INT64_MAX), PLAN_NONE);
}

static void tells_how_many_come_first(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    for (uint32_t place = 0; place < 12; place++)
        assert_int_equal(plan_ahead(plan, place), place);
    plan_urge(plan, 7, 0);
    assert_int_equal(plan_ahead(plan, 7), 0);
    assert_int_equal(plan_ahead(plan, 0), 1);
    plan_take(plan, 0);
    plan_take(plan, 0);
    assert_int_equal(plan_ahead(plan, 11), 9);
}

#define WITH_PLAN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void a_postponed_attempt_does_not_count(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    assert_int_equal(plan_take(plan, 0), 0);
    plan_postpone(plan, 0, 700);
    const struct plan_entry *entry = plan_entry(plan, 0);
    assert_int_equal(entry->attempt, 0);
    assert_int_equal(entry->refusals, 1);
    assert_int_equal(entry->due_ms, 700);
    for (uint32_t place = 1; place < 12; place++)
        plan_known(plan, place, 100000);
    assert_true(plan_busy(plan, 0)); /* it still belongs to this refresh */
    assert_int_equal(plan_take(plan, 700), 0);
    plan_succeed(plan, 0, 5000);
    assert_int_equal(entry->refusals, 0);
    assert_false(plan_busy(plan, 0));
}

static void the_rest_is_given_up_but_for_what_is_leased(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    const struct plan_failure reason = {.failure = FAILURE_CONNECT, .wall_ms = 77};
    plan_known(plan, 11, 500); /* not due yet */
    assert_int_equal(plan_take(plan, 100), 0);
    assert_int_equal(plan_take(plan, 100), 1);
    plan_entry(plan, 1)->last_failure = FAILURE_TIMEOUT;
    plan_retry(plan, 1, 9000);
    assert_int_equal(plan_give_up_rest(plan, 100, 86400000, &reason), 10);
    struct plan_counts counts = plan_count_states(plan, 100);
    assert_int_equal(counts.failed, 10);
    assert_int_equal(counts.leased, 1);
    assert_int_equal(counts.retrying, 0);
    assert_int_equal(plan_entry(plan, 1)->last_failure, FAILURE_TIMEOUT); /* its own */
    assert_int_equal(plan_entry(plan, 2)->last_failure, FAILURE_CONNECT);
    assert_int_equal(plan_entry(plan, 5)->failed_at_ms, 77);
    assert_int_equal(plan_next_due_ms(plan), 500);
    assert_int_equal(plan_give_up_rest(plan, 100, 86400000, &reason), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLAN(finds_every_combination_and_no_other),
        WITH_PLAN(what_is_lost_is_missing_and_due),
        WITH_PLAN(missing_comes_before_stale_in_order_of_ids),
        WITH_PLAN(takes_nothing_before_it_is_due),
        WITH_PLAN(attempts_are_counted_within_one_refresh),
        WITH_PLAN(giving_up_is_remembered_until_it_succeeds),
        WITH_PLAN(returning_undoes_taking),
        WITH_PLAN(is_busy_until_all_is_known_and_back),
        WITH_PLAN(finds_a_track),
        WITH_PLAN(urgent_ones_go_first_until_they_are_done),
        WITH_PLAN(what_is_fetched_now_becomes_urgent_for_its_retry),
        WITH_PLAN(asking_ends_the_pause_of_a_retry),
        WITH_PLAN(what_is_wanted_is_left_until_it_is_done),
        WITH_PLAN(always_takes_what_a_plain_search_finds),
        WITH_PLAN(a_postponed_attempt_does_not_count),
        WITH_PLAN(the_rest_is_given_up_but_for_what_is_leased),
        WITH_PLAN(a_new_catalogue_keeps_what_it_still_has),
        WITH_PLAN(tells_how_many_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
