#include "coordinator/rubbish.h"

#include <string.h>

#include "tests/unit/unit.h"

static bool strike(struct rubbish *rubbish, const char *origin, unsigned count, int64_t now_ms)
{
    bool aside = false;
    for (unsigned i = 0; i < count; i++)
        aside |= rubbish_strike(rubbish, origin, "nonsense", now_ms);
    return aside;
}

static void test_so_many_strikes_put_aside_for_a_while(void **state)
{
    (void)state;
    struct rubbish rubbish = {0};
    assert_false(strike(&rubbish, "evil", RUBBISH_STRIKES - 1, 1000));
    assert_null(rubbish_aside(&rubbish, "evil", 1000));
    assert_true(strike(&rubbish, "evil", 1, 2000));
    assert_string_equal(rubbish_aside(&rubbish, "evil", 2000), "nonsense");
    assert_string_equal(rubbish_aside(&rubbish, "evil", 2000 + RUBBISH_ASIDE_MS - 1), "nonsense");
    assert_null(rubbish_aside(&rubbish, "evil", 2000 + RUBBISH_ASIDE_MS));
    assert_null(rubbish_aside(&rubbish, "good", 2000));
    assert_false(strike(&rubbish, "evil", 3, 3000)); /* is aside already */
    assert_int_equal(rubbish.put_aside, 1);
}

static void test_good_work_takes_strikes_back(void **state)
{
    (void)state;
    struct rubbish rubbish = {0};
    for (int i = 0; i < 100; i++) {
        assert_false(strike(&rubbish, "clumsy", 1, 1000));
        rubbish_good(&rubbish, "clumsy");
    }
    rubbish_good(&rubbish, "clumsy");
    rubbish_good(&rubbish, "unknown");
    assert_true(strike(&rubbish, "clumsy", RUBBISH_STRIKES, 1000)); /* never below none */
}

static void test_old_strikes_are_forgotten(void **state)
{
    (void)state;
    struct rubbish rubbish = {0};
    strike(&rubbish, "old", RUBBISH_STRIKES - 1, 1000);
    assert_false(strike(&rubbish, "old", RUBBISH_STRIKES - 1, 1000 + RUBBISH_ASIDE_MS));
    assert_true(strike(&rubbish, "old", 1, 1000 + RUBBISH_ASIDE_MS));
}

static void test_many_origins_push_out_the_quietest(void **state)
{
    (void)state;
    struct rubbish rubbish = {0};
    char origin[RUBBISH_ORIGIN_SIZE];
    strike(&rubbish, "first", RUBBISH_STRIKES, 1000);
    for (int i = 0; i < 3 * RUBBISH_ORIGINS; i++) {
        assert_true(snprintf(origin, sizeof origin, "peer %d", i) > 0);
        strike(&rubbish, origin, 1, 2000 + i);
    }
    assert_null(rubbish_aside(&rubbish, "first", 2000));
    assert_true(strike(&rubbish, origin, RUBBISH_STRIKES - 1, 3000));
}

static void test_it_is_told(void **state)
{
    (void)state;
    struct rubbish rubbish = {0};
    struct buffer out = buffer_make(4096);
    struct json_writer json = json_writer_make(&out);
    strike(&rubbish, "evil", RUBBISH_STRIKES, 1000);
    strike(&rubbish, "clumsy", 1, 1000);
    rubbish_put(&rubbish, &json, 2000);
    assert_string_equal(
        buffer_string(&out), "[{\"origin\":\"evil\",\"reason\":\"nonsense\",\"left_ms\":599000}]");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_strikes_put_aside_for_a_while),
        cmocka_unit_test(test_good_work_takes_strikes_back),
        cmocka_unit_test(test_old_strikes_are_forgotten),
        cmocka_unit_test(test_many_origins_push_out_the_quietest),
        cmocka_unit_test(test_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
