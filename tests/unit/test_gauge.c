#include "coordinator/ctl/gauge.h"

#include <math.h>

#include "coordinator/ctl/columns.h"
#include "tests/unit/unit.h"

static void expect_bar(uint64_t done, uint64_t all, unsigned cells, const char *wanted)
{
    struct buffer out = buffer_make(4096);
    gauge_bar(done, all, cells, false, &out);
    assert_string_equal(buffer_string(&out), wanted);
    buffer_free(&out);
}

static void test_bar(void **state)
{
    (void)state;
    expect_bar(0, 10, 12, "[----------]");
    expect_bar(5, 10, 12, "[#####-----]");
    expect_bar(999, 1000, 12, "[#########-]"); /* not quite */
    expect_bar(10, 10, 12, "[##########]");
    expect_bar(11, 10, 12, "[##########]");
    expect_bar(0, 0, 12, "[----------]");
    expect_bar(UINT64_MAX - 1, UINT64_MAX, 4, "[##]"); /* beyond what a double tells apart */
    expect_bar(1, 2, 2, "");
}

static void test_bar_has_its_cells(void **state)
{
    (void)state;
    for (unsigned cells = 3; cells < 200; cells++)
        for (int utf8 = 0; utf8 < 2; utf8++) {
            struct buffer out = buffer_make(4096);
            gauge_bar(7, 13, cells, utf8, &out);
            assert_int_equal(columns_width(buffer_string(&out)), cells);
            buffer_free(&out);
        }
}

static void expect_spark(const struct gauge_history *history, unsigned cells, bool utf8, const char *wanted)
{
    struct buffer out = buffer_make(4096);
    gauge_spark(history, cells, utf8, &out);
    assert_string_equal(buffer_string(&out), wanted);
    buffer_free(&out);
}

static void test_spark(void **state)
{
    (void)state;
    struct gauge_history history = {0};
    expect_spark(&history, 3, true, "   ");
    for (unsigned i = 0; i < 8; i++)
        gauge_add(&history, i);
    expect_spark(&history, 8, true, "▁▂▃▄▅▆▇█");
    expect_spark(&history, 10, false, "  _.:-=+*#");
    expect_spark(&history, 3, true, "▆▇█"); /* the last ones, by their own greatest */
    gauge_add(&history, 7000);
    expect_spark(&history, 4, true, "▂▂▂█"); /* little is not nothing */
}

static void test_spark_of_nothing_and_of_nonsense(void **state)
{
    (void)state;
    struct gauge_history history = {0};
    gauge_add(&history, 0);
    gauge_add(&history, -1);
    gauge_add(&history, (double)NAN);
    expect_spark(&history, 3, true, "▁▁▁");
}

static void test_history_is_bounded(void **state)
{
    (void)state;
    struct gauge_history history = {0};
    for (unsigned i = 0; i < 3 * GAUGE_VALUES; i++)
        gauge_add(&history, i);
    assert_int_equal(history.count, GAUGE_VALUES);
    assert_true(history.values[GAUGE_VALUES - 1] == 3 * GAUGE_VALUES - 1);
    assert_true(history.values[0] == 2 * GAUGE_VALUES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_bar_has_its_cells),
        cmocka_unit_test(test_spark),
        cmocka_unit_test(test_spark_of_nothing_and_of_nonsense),
        cmocka_unit_test(test_history_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
