#include "exporter/guard.h"

#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "tests/unit/unit.h"

static void test_no_limits(void **state)
{
    (void)state;
    struct guard guard;
    guard_open(&guard, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(guard_ok(&guard));
    assert_string_equal(guard_reason(&guard), "");
    assert_true(guard_peak_rss_kb() > 0);
    guard_close(&guard);
}

static void test_deadline(void **state)
{
    (void)state;
    struct guard guard;
    guard_open(&guard, 2, 0);
    assert_true(guard_ok(&guard));
    clock_sleep_ms(3);
    assert_false(guard_ok(&guard));
    assert_non_null(strstr(guard_reason(&guard), "timeout_s"));
    guard_close(&guard);
}

static void test_memory(void **state)
{
    (void)state;
    struct guard guard;
    guard_open(&guard, 0, 1);
    assert_false(guard_ok(&guard));
    assert_non_null(strstr(guard_reason(&guard), "max_rss_mb"));
    guard_close(&guard);
}

static void test_signal(void **state)
{
    (void)state;
    struct guard guard;
    guard_open(&guard, 0, 0);
    raise(SIGTERM);
    assert_false(guard_ok(&guard));
    assert_non_null(strstr(guard_reason(&guard), "signal 15"));
    guard_close(&guard);
}

static void test_first_reason_stays(void **state)
{
    (void)state;
    struct guard guard;
    guard_open(&guard, 0, 0);
    assert_false(guard_fail(&guard, "first %d", 1));
    assert_false(guard_fail(&guard, "second"));
    assert_false(guard_ok(&guard));
    assert_string_equal(guard_reason(&guard), "first 1");
    guard_close(&guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_limits),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_first_reason_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
