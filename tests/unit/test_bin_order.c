#include "exporter/bin_order.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define PERSONS 5000u
#define BINS    20u

static struct text text(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

/* Every person is listed once, in his bin, in the order of the keys; ranks say where. */
static void assert_listed(const struct bin_order *order)
{
    assert_int_equal(order->starts[0], 0);
    assert_int_equal(order->starts[order->bin_count], order->count);
    for (uint32_t bin = 0; bin < order->bin_count; bin++) {
        for (uint32_t rank = order->starts[bin]; rank < order->starts[bin + 1]; rank++) {
            uint32_t number = order->persons[rank];
            assert_int_equal(order->bins[number], bin);
            assert_int_equal(order->ranks[number], rank);
            assert_true(
                rank == order->starts[bin] || order->keys[order->persons[rank - 1]] <= order->keys[number]);
        }
    }
}

static uint32_t largest_bin(const struct bin_order *order)
{
    uint32_t largest = 0;
    for (uint32_t bin = 0; bin < order->bin_count; bin++) {
        uint32_t count = order->starts[bin + 1] - order->starts[bin];
        largest = count > largest ? count : largest;
    }
    return largest;
}

static void test_keys_sort_as_names(void **state)
{
    (void)state;
    assert_true(bin_order_key(text("")) < bin_order_key(text("a")));
    assert_true(bin_order_key(text("a")) < bin_order_key(text("ab")));
    assert_true(bin_order_key(text("ab")) < bin_order_key(text("b")));
    assert_true(bin_order_key(text("z")) < bin_order_key(text("\xc3\xa9")));
    assert_int_equal(bin_order_key(text("JAN VAN EYK")), bin_order_key(text("jan van dyk")));
    assert_int_equal(bin_order_key(text("@[`{")), bin_order_key(text("@[`{")));
    assert_true(bin_order_key(text("[")) != bin_order_key(text("{")));
}

static void test_bins_follow_the_names(void **state)
{
    (void)state;
    struct bin_order order = bin_order_make(BINS);
    uint64_t sample[PERSONS / 10];
    char name[16];
    for (uint32_t i = 0; i < PERSONS; i++) {
        (void)snprintf(name, sizeof name, "%05u", i * 7919 % PERSONS);
        if (i % 10 == 0)
            sample[i / 10] = bin_order_key(text(name));
    }
    bin_order_divide(&order, sample, PERSONS / 10);
    for (uint32_t i = 0; i < PERSONS; i++) {
        (void)snprintf(name, sizeof name, "%05u", i * 7919 % PERSONS);
        bin_order_add(&order, text(name));
    }
    bin_order_list(&order);
    assert_listed(&order);
    assert_in_range(largest_bin(&order), PERSONS / BINS, 2 * PERSONS / BINS);
    for (uint32_t rank = 1; rank < order.count; rank++)
        assert_true(order.keys[order.persons[rank - 1]] < order.keys[order.persons[rank]]);
    bin_order_free(&order);
}

static void test_names_that_begin_alike_are_shared(void **state)
{
    (void)state;
    struct bin_order order = bin_order_make(BINS);
    uint64_t sample[100];
    for (size_t i = 0; i < 100; i++)
        sample[i] = bin_order_key(text("the same"));
    bin_order_divide(&order, sample, 100);
    for (uint32_t i = 0; i < PERSONS; i++)
        bin_order_add(&order, text("the same name"));
    bin_order_list(&order);
    assert_listed(&order);
    assert_int_equal(largest_bin(&order), PERSONS / BINS);
    bin_order_free(&order);
}

static void test_nothing_to_divide_by(void **state)
{
    (void)state;
    struct bin_order order = bin_order_make(BINS);
    bin_order_divide(&order, NULL, 0);
    for (uint32_t i = 0; i < PERSONS; i++)
        bin_order_add(&order, text(i % 2 ? "a" : "b"));
    bin_order_list(&order);
    assert_listed(&order);
    assert_int_equal(largest_bin(&order), PERSONS / BINS);
    bin_order_free(&order);

    struct bin_order empty = bin_order_make(1);
    bin_order_list(&empty);
    assert_listed(&empty);
    bin_order_free(&empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_sort_as_names),
        cmocka_unit_test(test_bins_follow_the_names),
        cmocka_unit_test(test_names_that_begin_alike_are_shared),
        cmocka_unit_test(test_nothing_to_divide_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
