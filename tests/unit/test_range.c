#include "tests/unit/unit.h"

#include "exporter/httpd/range.h"

static const struct {
    const char *header;
    uint64_t size;
    enum range_outcome outcome;
    uint64_t offset, length;
} cases[] = {
    {NULL, 10, RANGE_WHOLE, 0, 0},
    {"", 10, RANGE_WHOLE, 0, 0},
    {"bytes=0-0", 10, RANGE_PART, 0, 1},
    {"bytes=0-9", 10, RANGE_PART, 0, 10},
    {"bytes=0-10", 10, RANGE_PART, 0, 10},
    {"bytes=9-", 10, RANGE_PART, 9, 1},
    {"Bytes=3-4", 10, RANGE_PART, 3, 2},
    {"bytes=-3", 10, RANGE_PART, 7, 3},
    {"bytes=-10", 10, RANGE_PART, 0, 10},
    {"bytes=-11", 10, RANGE_PART, 0, 10},
    {"bytes=1-18446744073709551615", 10, RANGE_PART, 1, 9},
    {"bytes=1-99999999999999999999999", 10, RANGE_PART, 1, 9},
    {"bytes=10-", 10, RANGE_OUTSIDE, 0, 0},
    {"bytes=18446744073709551616-", 10, RANGE_OUTSIDE, 0, 0},
    {"bytes=-0", 10, RANGE_OUTSIDE, 0, 0},
    {"bytes=0-", 0, RANGE_OUTSIDE, 0, 0},
    {"bytes=-1", 0, RANGE_OUTSIDE, 0, 0},
    {"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0},
    {"bytes=4-3", 10, RANGE_WHOLE, 0, 0},
    {"bytes=", 10, RANGE_WHOLE, 0, 0},
    {"bytes=-", 10, RANGE_WHOLE, 0, 0},
    {"bytes=--1", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1", 10, RANGE_WHOLE, 0, 0},
    {"bytes=1-2 ", 10, RANGE_WHOLE, 0, 0},
    {"bytes=+1-2", 10, RANGE_WHOLE, 0, 0},
    {"bytes =1-2", 10, RANGE_WHOLE, 0, 0},
    {"byte=1-2", 10, RANGE_WHOLE, 0, 0},
};

static void ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct range range = {0};
        enum range_outcome outcome = range_parse(cases[i].header, cases[i].size, &range);
        if (outcome != cases[i].outcome ||
            (outcome == RANGE_PART && (range.offset != cases[i].offset || range.length != cases[i].length)))
            fail_msg("\"%s\" of %llu: %d, %llu+%llu", cases[i].header, (unsigned long long)cases[i].size,
                outcome, (unsigned long long)range.offset, (unsigned long long)range.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges)};
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
