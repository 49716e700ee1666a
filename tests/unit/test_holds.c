/* Reasons to hold back: they end by themselves, and the widest one counts. */
#include "coordinator/holds.h"

#include <string.h>

#include "unit.h"

static void test_nothing_holds_at_first(void **state)
{
    (void)state;
    struct holds holds = {0};
    assert_int_equal(holds_wait_ms(&holds, HOLD_JOBS, 0), 0);
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 0), 0);
    assert_int_equal(holds_first(&holds, 0), HOLD_KINDS);
}

static void test_a_hold_ends_by_itself(void **state)
{
    (void)state;
    struct holds holds = {0};
    assert_true(holds_set(&holds, HOLD_RETRY_AFTER, 8000, 1000, "asked to wait %d s", 7));
    assert_string_equal(holds_get(&holds, HOLD_RETRY_AFTER, 7999)->text, "asked to wait 7 s");
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 1000), 7000);
    assert_int_equal(holds_wait_ms(&holds, HOLD_JOBS, 7999), 1);
    assert_null(holds_get(&holds, HOLD_RETRY_AFTER, 8000));
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 8000), 0);
    assert_int_equal(holds_first(&holds, 8000), HOLD_KINDS);
    assert_true(holds_set(&holds, HOLD_RETRY_AFTER, 9000, 8000, "again"));
}

static void test_set_again_is_no_news(void **state)
{
    (void)state;
    struct holds holds = {0};
    assert_true(holds_set(&holds, HOLD_ROBOTS, HOLD_FOREVER, 0, "a"));
    assert_false(holds_set(&holds, HOLD_ROBOTS, 500, 0, "b"));
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 0), 500);
    assert_true(holds_clear(&holds, HOLD_ROBOTS, 0));
    assert_false(holds_clear(&holds, HOLD_ROBOTS, 0));
}

static void test_jobs_wait_for_both_scopes_pages_for_one(void **state)
{
    (void)state;
    struct holds holds = {0};
    holds_set(&holds, HOLD_PAUSED, HOLD_FOREVER, 0, "paused by operator");
    assert_true(holds_wait_ms(&holds, HOLD_JOBS, 0) == HOLD_FOREVER);
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 0), 0);
    holds_set(&holds, HOLD_RETRY_AFTER, 300, 0, "asked to wait");
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 100), 200);
    assert_true(holds_wait_ms(&holds, HOLD_JOBS, 100) == HOLD_FOREVER);
    assert_int_equal(holds_first(&holds, 100), HOLD_PAUSED);
    assert_string_equal(hold_kind_string(HOLD_PAUSED), "paused");
}

static void test_a_long_text_is_cut(void **state)
{
    (void)state;
    struct holds holds = {0};
    char text[2 * HOLD_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    holds_set(&holds, HOLD_DISK_FULL, HOLD_FOREVER, 0, "%s", text);
    assert_int_equal(strlen(holds_get(&holds, HOLD_DISK_FULL, 0)->text), HOLD_TEXT_SIZE - 1);
}

static void test_alone_is_alone(void **state)
{
    (void)state;
    struct holds holds = {0};
    assert_true(holds_is_alone(&holds, HOLD_ROBOTS, 0));
    holds_set(&holds, HOLD_ROBOTS, HOLD_FOREVER, 0, "a");
    assert_true(holds_is_alone(&holds, HOLD_ROBOTS, 0));
    holds_set(&holds, HOLD_PAUSED, 500, 0, "b");
    assert_false(holds_is_alone(&holds, HOLD_ROBOTS, 499));
    assert_true(holds_is_alone(&holds, HOLD_ROBOTS, 500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_holds_at_first),
        cmocka_unit_test(test_a_hold_ends_by_itself),
        cmocka_unit_test(test_set_again_is_no_news),
        cmocka_unit_test(test_alone_is_alone),
        cmocka_unit_test(test_jobs_wait_for_both_scopes_pages_for_one),
        cmocka_unit_test(test_a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
