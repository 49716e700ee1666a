#include "exporter/statistics_average.h"

#include <string.h>

#include "tests/unit/unit.h"

#define ROWS_MAX 6u

static void assert_prints(int64_t published, const char *expected)
{
    struct buffer out = buffer_make(64);
    statistics_average_print(published, &out);
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_prints(0, "0");
    assert_prints(1, "0.0001");
    assert_prints(99, "0.0099");
    assert_prints(100, "0.01");
    assert_prints(833300, "83.33");
    assert_prints(165000, "16.5");
    assert_prints(1000000, "100");
    assert_prints(100100, "10.01");
    assert_prints(-31300, "-3.13");
    assert_prints(-66666666666600, "-6666666666.66");
}

/* The quick way where it can tell, and the exact one, which must agree. */
static int64_t average_of(const struct statistics_row *rows, uint32_t count, bool *decided)
{
    struct statistics_average average = {0}, other = {0};
    for (uint32_t i = 0; i < count; i++)
        statistics_average_add(i % 2 ? &average : &other, rows[i].position, rows[i].total_entries);
    statistics_average_join(&average, &other);
    int64_t exact = statistics_average_exact(rows, count), quick;
    *decided = statistics_average_published(&average, &quick);
    if (*decided)
        assert_int_equal(quick, exact);
    return exact;
}

static void test_rounding(void **state)
{
    (void)state;
    static const struct {
        struct statistics_row rows[5]; /* class, position, entries */
        uint32_t count;
        const char *published;
    } cases[] = {
        {{{0, 1, 4}, {0, 2, 4}}, 2, "83.33"},
        {{{0, 1, 1}, {0, 3, 4}, {0, 4, 4}}, 3, "16.67"}, /* alone: not in the mean */
        {{{0, 1, 33}}, 1, "100"}, {{{0, 33, 33}}, 1, "0"},
        {{{0, 32, 33}}, 1, "3.13"},    /* 3.125, exact in binary */
        {{{0, 2, 33}}, 1, "96.88"},    /* 96.875 */
        {{{0, 160, 161}}, 1, "0.63"},  /* 0.625, endless in binary */
        {{{0, 34, 33}}, 1, "-3.13"},   /* away from zero */
        {{{0, 162, 161}}, 1, "-0.63"}, /* the same, endless */
        {{{0, 10002, 10001}}, 1, "-0.01"}, {{{0, 1002, 150000}, {0, 149997, 149997}}, 2, "49.67"},
        {{{0, 24, 25}, {0, 48, 49}}, 2, "3.13"},         /* 3.125 out of a 24th and a 48th */
        {{{0, 2, 4}, {0, 3, 4}, {0, 4, 4}}, 3, "33.33"}, /* a third */
        {{{0, 32, 33}, {0, 2, 2}, {0, 2, 2}, {0, 3, 3}, {0, 4, 4}}, 5,
            "0.63"},                      /* the sum is exact in binary */
        {{{0, 3, 4}, {0, 5, 4}}, 2, "0"}, /* a third less a third */
        {{{0, 10000, 10001}}, 1, "0.01"}, /* exactly: two decimals */
        {{{0, 10001, 10002}}, 1, "0.01"}, /* below: four, of which the last two are 0 */
        {{{0, 149999, 150000}}, 1, "0.0007"}, {{{0, 2000000, 2000001}}, 1, "0.0001"}, /* 0.00005 */
        {{{0, 2000001, 2000002}}, 1, "0"}, {{{0, 200001, 150001}}, 1, "-33.33"},
        {{{0, 150002, 150001}}, 1, "0"}, /* never -0 */
        {{{0, 0, 2}}, 1, "200"},         /* as FORMATS has it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool decided;
        assert_prints(average_of(cases[i].rows, cases[i].count, &decided), cases[i].published);
    }
}

static statistics_fixed common_divisor(statistics_fixed a, statistics_fixed b)
{
    while (b) {
        statistics_fixed rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* FORMATS' words, in fractions that fit 128 bits as long as there are few small rows. */
static int64_t plain_average(const struct statistics_row *rows, uint32_t count)
{
    statistics_fixed top = 0, bottom = 1, counted = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].total_entries < 2)
            continue;
        statistics_fixed others = (statistics_fixed)rows[i].total_entries - 1;
        top = top * others + ((statistics_fixed)rows[i].total_entries - rows[i].position) * bottom;
        bottom *= others;
        statistics_fixed divisor = common_divisor(top < 0 ? -top : top, bottom);
        top /= divisor;
        bottom /= divisor;
        counted++;
    }
    if (!counted)
        return INT64_MIN;
    top *= 100; /* per cent */
    bottom *= counted;
    statistics_fixed scale = top > 0 && top * 100 < bottom ? 10000 : 100;
    statistics_fixed magnitude = top < 0 ? -top : top;
    statistics_fixed whole = (2 * magnitude * scale + bottom) / (2 * bottom);
    return (int64_t)((top < 0 ? -whole : whole) * (10000 / scale));
}

static void test_random_rows(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {5, 34, 400, 30000};
    uint64_t random = 88172645463325252u;
    uint32_t undecided = 0;
    for (uint32_t round = 0; round < 40000; round++) {
        struct statistics_row rows[ROWS_MAX];
        uint32_t size = sizes[round % 4];
        uint32_t count = 1 + (uint32_t)(unit_random(&random) >> 20) % (size > 1000 ? 3 : ROWS_MAX);
        for (uint32_t i = 0; i < count; i++) {
            rows[i].total_entries = 1 + (uint32_t)(unit_random(&random) >> 20) % size;
            uint32_t last = rows[i].total_entries + (round % 8 == 0 ? 3 : 0);
            rows[i].position = 1 + (uint32_t)(unit_random(&random) >> 20) % last;
        }
        rows[0].total_entries += rows[0].total_entries == 1;
        bool decided;
        assert_int_equal(average_of(rows, count, &decided), plain_average(rows, count));
        undecided += !decided;
    }
    assert_in_range(undecided, 1, 4000);
}

/* The most that a hostile service can make of it: the bound holds, and nothing overflows. */
static void test_the_largest_numbers(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct statistics_row *rows = calloc(COUNT, sizeof *rows);
    assert_non_null(rows);
    uint64_t random = 362436069;
    bool decided;
    for (uint32_t i = 0; i < COUNT; i++)
        rows[i] = (struct statistics_row){.position = 1000000000, .total_entries = 2};
    assert_int_equal(average_of(rows, COUNT, &decided), INT64_C(-999999998) * 1000000);
    for (uint32_t i = 0; i < COUNT; i++)
        rows[i].total_entries = 150000 - (uint32_t)(unit_random(&random) >> 20) % 3000;
    average_of(rows, COUNT, &decided);
    assert_true(decided);
    for (uint32_t i = 0; i < COUNT; i++)
        rows[i].position = 1 + (uint32_t)(unit_random(&random) >> 20) % rows[i].total_entries;
    average_of(rows, COUNT, &decided);
    assert_true(decided);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_random_rows),
        cmocka_unit_test(test_the_largest_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
