#include "tests/unit/unit.h"

#include <string.h>

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

/* The heap against a plain search over random histories. */
static void always_takes_the_earliest(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t seed = 1;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1664525 + 1013904223;
        int64_t earliest = INT64_MAX;
        for (uint32_t place = 0; place < 12; place++) {
            const struct plan_entry *entry = plan_entry(plan, place);
            if (entry->state == PLAN_WAITING && entry->due_ms < earliest)
                earliest = entry->due_ms;
        }
        assert_int_equal(plan_next_due_ms(plan), earliest);
        uint32_t place = seed >> 20 & 15;
        int64_t due_ms = seed >> 8 & 1023;
        if (place < 12 && plan_entry(plan, place)->state == PLAN_LEASED) {
            if (seed & 64)
                plan_succeed(plan, place, due_ms);
            else if (seed & 128)
                plan_retry(plan, place, due_ms);
            else
                plan_give_up(plan, place, due_ms);
        } else {
            uint32_t taken = plan_take(plan, due_ms);
            assert_true(taken == PLAN_NONE ? earliest > due_ms : plan_entry(plan, taken)->due_ms == earliest);
        }
    }
}

#define WITH_PLAN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLAN(finds_every_combination_and_no_other),
        WITH_PLAN(missing_comes_before_stale_in_order_of_ids),
        WITH_PLAN(takes_nothing_before_it_is_due),
        WITH_PLAN(attempts_are_counted_within_one_refresh),
        WITH_PLAN(giving_up_is_remembered_until_it_succeeds),
        WITH_PLAN(returning_undoes_taking),
        WITH_PLAN(is_busy_until_all_is_known_and_back),
        WITH_PLAN(always_takes_the_earliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
