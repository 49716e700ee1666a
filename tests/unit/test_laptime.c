#include "tests/unit/unit.h"

#include "common/board.h"
#include "worker/laptime.h"

static const struct {
    const char *string;
    uint64_t micros;
} cases[] = {
    {"+1.533s", 1533000},
    {"+01.533s", 1533000},
    {"+1m 02.003s", 62003000},
    {"1h 02m 03.5s", 3723500000},
    {"+0.001s", 1000},
    {"12s", 12000000},
    {" + 2m 5s ", 125000000},
    {"+1.1234567s", 1123456},
    {"+.5s", 500000},
    /* the leader, and what is not a gap */
    {"", 0},
    {"+", 0},
    {"+s", 0},
    {"1.533", 0},
    {"-1.533s", 0},
    {"+1,533s", 0},
    {"1s 2m", 0},
    {"1s 2s", 0},
    {"1m 2.0s x", 0},
    {"1.2.3s", 0},
    {"NaNs", 0},
    {"DNF", 0},
    {"+1m\n2s", 0},
    /* too long */
    {"8760h", BOARD_TIME_DIFF_MAX},
    {"8760h 1s", 0},
    {"99999999999999999999s", 0},
    {"999999999h", 0},
    {"0.00000000000000000000000001s", 0},
};

static void gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t micros = laptime_gap_us(cases[i].string);
        if (micros != cases[i].micros)
            fail_msg("\"%s\": %llu", cases[i].string, (unsigned long long)micros);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gaps)};
    return cmocka_run_group_tests_name("laptime", tests, NULL, NULL);
}
