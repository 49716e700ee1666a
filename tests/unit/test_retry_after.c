#include "tests/unit/unit.h"

#include "worker/retry_after.h"

#define NOW_MS INT64_C(1784116800123) /* 2026-07-15T12:00:00.123Z, a Wednesday */

static const struct {
    const char *value;
    uint64_t wait_ms;
} cases[] = {
    {"7", 7000},
    {" 120 \r\n", 120000},
    {"0", 0},
    {"1.5", 2000},
    {"86400", RETRY_AFTER_MOST_MS},
    {"86401", RETRY_AFTER_MOST_MS},
    {"99999999999999999999999999", RETRY_AFTER_MOST_MS},
    {"1e20", 0},
    {"-5", 0},
    {"", 0},
    {"soon", 0},
    {"7 minutes", 0},
    {"Wed, 15 Jul 2026 12:00:30 GMT", 30000},
    {"Wednesday, 15-Jul-26 12:00:30 GMT", 30000},
    {"Wed Jul 15 12:01:00 2026", 60000},
    {"Wed, 15 Jul 2026 11:59:00 GMT", 0},
    {"Wed, 15 Jul 2026 12:00:00 GMT", 0},
    {"Thu, 01 Jan 2099 00:00:00 GMT", RETRY_AFTER_MOST_MS},
    {"Wed, 45 Foo 2026", 0},
};

static void values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t wait_ms = retry_after_ms(cases[i].value, NOW_MS);
        if (wait_ms != cases[i].wait_ms)
            fail_msg("\"%s\": %llu", cases[i].value, (unsigned long long)wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values)};
    return cmocka_run_group_tests_name("retry_after", tests, NULL, NULL);
}
