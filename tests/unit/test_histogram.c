#include "coordinator/histogram.h"

#include "tests/unit/unit.h"

static void test_nothing(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 5, 0);
    assert_int_equal(histogram.count, 0);
    assert_int_equal(histogram_percentile(&histogram, 50), 0);
    assert_int_equal(histogram_percentile(&histogram, 100), 0);
    assert_int_equal(histogram_at_most(&histogram, 1000), 0);
}

static void test_one_value_is_every_percentile(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 7, 8, 9, 1000, 123456, (uint64_t)1 << 40, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct histogram histogram = {0};
        histogram_add(&histogram, values[i], 1);
        assert_int_equal(histogram_percentile(&histogram, 0), values[i]);
        assert_int_equal(histogram_percentile(&histogram, 50), values[i]);
        assert_int_equal(histogram_percentile(&histogram, 100), values[i]);
        assert_int_equal(histogram.sum, values[i]);
    }
}

/* An ordered list of every value up to a limit, of which each percentile is known exactly. */
static void test_percentiles_are_right_within_an_eighth(void **state)
{
    (void)state;
    static const uint64_t limits[] = {10, 100, 5000, 70000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct histogram histogram = {0};
        for (uint64_t value = 1; value <= limits[i]; value++)
            histogram_add(&histogram, value, 1);
        for (unsigned percent = 1; percent <= 100; percent++) {
            double exact = (double)(limits[i] * percent) / 100;
            double found = (double)histogram_percentile(&histogram, percent);
            assert_true(found >= exact && found <= exact * 1.125 + 1);
        }
    }
}

static void test_every_value_has_a_bucket_of_its_size(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < (uint64_t)1 << 33; value += value / 7 + 1) {
        struct histogram histogram = {0};
        histogram_add(&histogram, value, 1);
        histogram_add(&histogram, (uint64_t)1 << 50, 1);
        uint64_t found = histogram_percentile(&histogram, 50);
        assert_true(found >= value && found <= value + value / 8);
    }
}

static void test_counts_add_up(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 3, 10);
    histogram_add(&histogram, 100, 5);
    histogram_add(&histogram, UINT32_MAX, 1);
    assert_int_equal(histogram.count, 16);
    assert_int_equal(histogram.sum, 30 + 500 + (uint64_t)UINT32_MAX);
    assert_int_equal(histogram_at_most(&histogram, 2), 0);
    assert_int_equal(histogram_at_most(&histogram, 3), 10);
    assert_int_equal(histogram_at_most(&histogram, 99), 10);
    assert_int_equal(histogram_at_most(&histogram, 250), 15);
    assert_int_equal(histogram_at_most(&histogram, UINT32_MAX), 16);
    assert_int_equal(histogram_at_most(&histogram, UINT64_MAX), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_one_value_is_every_percentile),
        cmocka_unit_test(test_percentiles_are_right_within_an_eighth),
        cmocka_unit_test(test_every_value_has_a_bucket_of_its_size),
        cmocka_unit_test(test_counts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
