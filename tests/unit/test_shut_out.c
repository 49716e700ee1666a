#include "coordinator/shut_out.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static const char *key(unsigned number)
{
    static char text[KEY_FILE_Z85_SIZE];
    snprintf(text, sizeof text, "%040u", number);
    return text;
}

static void a_key_is_shut_out_until_its_time_is_over(void **state)
{
    (void)state;
    struct shut_out shut_out = {0};
    assert_false(shut_out_has(&shut_out, key(1), 0));
    shut_out_add(&shut_out, key(1), 1000);
    assert_true(shut_out_has(&shut_out, key(1), 999));
    assert_false(shut_out_has(&shut_out, key(1), 1000));
    assert_false(shut_out_has(&shut_out, key(2), 999));
    assert_false(shut_out_has(&shut_out, "", 0)); /* a free place is nobody */
}

static void it_stays_until_the_later_time(void **state)
{
    (void)state;
    struct shut_out shut_out = {0};
    shut_out_add(&shut_out, key(1), 1000);
    shut_out_add(&shut_out, key(2), 500);
    shut_out_add(&shut_out, key(1), 400);
    assert_true(shut_out_has(&shut_out, key(1), 999));
    shut_out_add(&shut_out, key(1), 3000);
    assert_true(shut_out_has(&shut_out, key(1), 2999));
    assert_true(shut_out_has(&shut_out, key(2), 499));
}

static void of_too_many_the_one_goes_whose_time_is_over_first(void **state)
{
    (void)state;
    struct shut_out shut_out = {0};
    for (unsigned i = 0; i < SHUT_OUT_MOST; i++)
        shut_out_add(&shut_out, key(i), i == 7 ? 50 : 100 + i);
    shut_out_add(&shut_out, key(99), 1000);
    for (unsigned i = 0; i < SHUT_OUT_MOST; i++)
        assert_int_equal(shut_out_has(&shut_out, key(i), 10), i != 7);
    assert_true(shut_out_has(&shut_out, key(99), 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_shut_out_until_its_time_is_over),
        cmocka_unit_test(it_stays_until_the_later_time),
        cmocka_unit_test(of_too_many_the_one_goes_whose_time_is_over_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
