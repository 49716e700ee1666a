#include "coordinator/lost_leases.h"

#include "tests/unit/unit.h"

static void test_it_knows_lease_and_board(void **state)
{
    (void)state;
    struct lost_leases lost = {0};
    lost_leases_note(&lost, 7, 1671, 1703);
    assert_true(lost_leases_has(&lost, 7, 1671, 1703));
    assert_false(lost_leases_has(&lost, 8, 1671, 1703));
    assert_false(lost_leases_has(&lost, 7, 1672, 1703));
    assert_false(lost_leases_has(&lost, 7, 1671, 1704));
    assert_false(lost_leases_has(&lost, 0, 0, 0)); /* a free place is no lease */
}

static void test_the_oldest_are_forgotten(void **state)
{
    (void)state;
    struct lost_leases lost = {0};
    for (uint64_t id = 1; id <= LOST_LEASES_MOST + 10; id++)
        lost_leases_note(&lost, id, 1, 2);
    assert_false(lost_leases_has(&lost, 10, 1, 2));
    assert_true(lost_leases_has(&lost, 11, 1, 2));
    assert_true(lost_leases_has(&lost, LOST_LEASES_MOST + 10, 1, 2));
}

static void test_taking_one_forgets_it(void **state)
{
    (void)state;
    struct lost_leases lost = {0};
    lost_leases_note(&lost, 7, 1671, 1703);
    lost_leases_note(&lost, 8, 1671, 1703);
    assert_false(lost_leases_take(&lost, 7, 1671, 1704));
    assert_true(lost_leases_take(&lost, 7, 1671, 1703));
    assert_false(lost_leases_take(&lost, 7, 1671, 1703));
    assert_true(lost_leases_has(&lost, 8, 1671, 1703));
    assert_false(lost_leases_take(&lost, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_knows_lease_and_board),
        cmocka_unit_test(test_the_oldest_are_forgotten),
        cmocka_unit_test(test_taking_one_forgets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
