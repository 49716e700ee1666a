#include "coordinator/plan_survey.h"

#include "tests/unit/unit.h"

#define NOW_MS  ((int64_t)1000000)
#define WALL_MS ((int64_t)1767434400000)
#define HOUR_MS ((int64_t)3600 * 1000)

struct fixture {
    struct catalogue catalogue;
    struct plan *plan;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.catalogue = catalogue_make();
    for (uint32_t id = 10; id <= 30; id += 10)
        assert_null(catalogue_add_item(&fixture.catalogue, &fixture.catalogue.tracks, id, "name", 4));
    for (uint32_t id = 5; id <= 8; id++)
        assert_null(catalogue_add_item(&fixture.catalogue, &fixture.catalogue.classes, id, "name", 4));
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

static void expect_kinds(struct plan *plan, const uint32_t wanted[static PLAN_KIND_COUNT])
{
    struct plan_survey survey = plan_survey(plan, NOW_MS, WALL_MS);
    uint32_t sum = 0;
    for (int i = 0; i < PLAN_KIND_COUNT; i++) {
        assert_int_equal(survey.kinds[i], wanted[i]);
        sum += survey.kinds[i];
    }
    assert_int_equal(sum, plan_count(plan));
}

static void every_board_is_of_one_kind(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    uint32_t wanted[PLAN_KIND_COUNT] = {[PLAN_KIND_MISSING] = 12};
    expect_kinds(plan, wanted);
    plan_known(plan, 0, NOW_MS + 5);
    plan_known(plan, 1, NOW_MS - 5);
    plan_known(plan, 2, NOW_MS + 5);
    plan_urge(plan, 2, NOW_MS);
    plan_quarantine(plan, 3, NOW_MS + 100);
    plan_try_at(plan, 4, NOW_MS + 100);
    plan_claim(plan, 5);
    wanted[PLAN_KIND_MISSING] = 6;
    wanted[PLAN_KIND_RESTING] = wanted[PLAN_KIND_STALE] = wanted[PLAN_KIND_URGENT] = 1;
    wanted[PLAN_KIND_QUARANTINED] = wanted[PLAN_KIND_RETRYING] = wanted[PLAN_KIND_LEASED] = 1;
    expect_kinds(plan, wanted);
    assert_string_equal(plan_kind_string(plan_kind_of(plan_entry(plan, 2), NOW_MS)), "urgent");
}

static void checked(struct plan *plan, uint32_t place, int64_t age_ms)
{
    plan_known(plan, place, NOW_MS + HOUR_MS);
    plan_entry(plan, place)->checked_at_ms = WALL_MS - age_ms;
}

static void ages_are_counted(void **state)
{
    struct plan *plan = ((struct fixture *)*state)->plan;
    struct plan_survey survey = plan_survey(plan, NOW_MS, WALL_MS);
    assert_int_equal(survey.ages.never, 12);
    assert_int_equal(survey.oldest_ms, 0);
    checked(plan, 0, -HOUR_MS); /* a clock that was set back */
    checked(plan, 1, HOUR_MS - 1);
    checked(plan, 2, HOUR_MS);
    checked(plan, 3, 6 * HOUR_MS);
    checked(plan, 4, 24 * HOUR_MS);
    checked(plan, 5, 48 * HOUR_MS);
    checked(plan, 6, 168 * HOUR_MS);
    survey = plan_survey(plan, NOW_MS, WALL_MS);
    assert_int_equal(survey.ages.never, 5);
    assert_int_equal(survey.ages.under_1h, 2);
    assert_int_equal(survey.ages.under_6h, 1);
    assert_int_equal(survey.ages.under_24h, 1);
    assert_int_equal(survey.ages.under_48h, 1);
    assert_int_equal(survey.ages.under_7d, 1);
    assert_int_equal(survey.ages.older, 1);
    assert_int_equal(survey.oldest_ms, 168 * HOUR_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_board_is_of_one_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ages_are_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
