#include "coordinator/publication_delay.h"

#include "tests/unit/unit.h"

static void test_a_board_waits_until_an_export_succeeds(void **state)
{
    (void)state;
    struct publication_delay delay = {0};
    publication_delay_stored(&delay, 3, 1000);
    assert_int_equal(publication_delay_oldest_ms(&delay, 1700), 700);
    publication_delay_begin(&delay);
    publication_delay_stored(&delay, 4, 1800); /* after it began: the next one publishes it */
    publication_delay_end(&delay, true, 2000);
    assert_int_equal(delay.delays.count, 3);
    assert_int_equal(delay.delays.greatest, 1000);
    assert_int_equal(publication_delay_oldest_ms(&delay, 2000), 200);
    publication_delay_begin(&delay);
    publication_delay_end(&delay, true, 2100);
    assert_int_equal(delay.delays.count, 4);
    assert_int_equal(delay.delays.sum, 3 * 1000 + 300);
    assert_int_equal(publication_delay_oldest_ms(&delay, 5000), 0);
}

static void test_a_failed_export_publishes_nothing(void **state)
{
    (void)state;
    struct publication_delay delay = {0};
    publication_delay_stored(&delay, 1, 0);
    publication_delay_begin(&delay);
    publication_delay_end(&delay, false, 100);
    assert_int_equal(delay.delays.count, 0);
    publication_delay_begin(&delay);
    publication_delay_end(&delay, true, 900);
    assert_int_equal(delay.delays.greatest, 900);
}

static void test_nothing_new_is_no_group(void **state)
{
    (void)state;
    struct publication_delay delay = {0};
    for (int i = 0; i < 1000; i++)
        publication_delay_stored(&delay, 5, i);
    assert_int_equal(delay.count, 1);
    assert_int_equal(delay.groups[0].boards, 5);
}

/* However many there are: no board is lost, none seems younger than it is, and what is under way stays apart.
 */
static void test_groups_are_joined(void **state)
{
    (void)state;
    struct publication_delay delay = {0};
    for (uint64_t i = 1; i <= 1000; i++)
        publication_delay_stored(&delay, i, (int64_t)i * 10);
    assert_true(delay.count <= PUBLICATION_GROUPS);
    assert_int_equal(publication_delay_oldest_ms(&delay, 10000), 9990);
    publication_delay_begin(&delay);
    for (uint64_t i = 1001; i <= 3000; i++)
        publication_delay_stored(&delay, i, (int64_t)i * 10);
    publication_delay_end(&delay, true, 30000);
    assert_int_equal(delay.delays.count, 1000);
    assert_int_equal(delay.delays.greatest, 29990);
    assert_true(delay.delays.sum >= (uint64_t)1000 * 30000 - (uint64_t)10 * 1000 * 1001 / 2);
    assert_int_equal(publication_delay_oldest_ms(&delay, 30010), 30010 - 10010);
    publication_delay_begin(&delay);
    publication_delay_end(&delay, true, 30010);
    assert_int_equal(delay.delays.count, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_board_waits_until_an_export_succeeds),
        cmocka_unit_test(test_a_failed_export_publishes_nothing),
        cmocka_unit_test(test_nothing_new_is_no_group),
        cmocka_unit_test(test_groups_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
