#include "tests/unit/unit.h"

#include "worker/retire.h"

static void limits(void **state)
{
    (void)state;
    struct retire retire = {.max_jobs = 3, .max_age_ms = 1000, .max_rss_kb = 500, .born_ms = 50};
    enum bye reason = BYE_ASKED;
    retire.jobs = 2;
    assert_false(retire_is_due(&retire, 1049, 500, &reason));
    assert_int_equal(reason, BYE_ASKED);
    assert_int_equal(retire_age_left_ms(&retire, 1049), 1);
    assert_true(retire_is_due(&retire, 1050, 500, &reason));
    assert_int_equal(reason, BYE_MAX_AGE);
    assert_int_equal(retire_age_left_ms(&retire, 5000), 0);
    assert_true(retire_is_due(&retire, 50, 501, &reason));
    assert_int_equal(reason, BYE_MAX_RSS);
    retire.jobs = 3;
    assert_true(retire_is_due(&retire, 50, 0, &reason));
    assert_int_equal(reason, BYE_MAX_JOBS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limits)};
    return cmocka_run_group_tests_name("retire", tests, NULL, NULL);
}
