#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/lease.h"

static void ids_grow_over_restarts(void **state)
{
    (void)state;
    struct lease_table first, second;
    lease_table_open(&first, 1);
    lease_table_open(&second, 2);
    uint64_t last = 0;
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t place = lease_begin(&first, i, NULL, 0, 1000);
        assert_true(first.leases[place].id > last);
        last = first.leases[place].id;
    }
    uint32_t place = lease_begin(&second, 0, NULL, 0, 1000);
    assert_true(second.leases[place].id > last);
    assert_true(second.leases[place].id < UINT64_C(1) << 53);
    lease_table_free(&first);
    lease_table_free(&second);
}

static void places_are_used_again(void **state)
{
    (void)state;
    struct lease_table table;
    lease_table_open(&table, 7);
    for (uint32_t round = 0; round < 10000; round++) {
        uint32_t a = lease_begin(&table, round, NULL, round, 10);
        uint32_t b = lease_begin(&table, round + 1, NULL, round, 10);
        assert_int_not_equal(a, b);
        assert_int_equal(table.leases[a].plan_place, round);
        lease_end(&table, a);
        lease_end(&table, b);
    }
    assert_int_equal(table.count, 0);
    assert_int_equal(table.capacity, 16);
    lease_table_free(&table);
}

static void expire_unless_renewed(void **state)
{
    (void)state;
    struct lease_table table;
    lease_table_open(&table, 1);
    uint32_t a = lease_begin(&table, 1, NULL, 1000, 500);
    uint32_t b = lease_begin(&table, 2, NULL, 1000, 500);
    assert_int_equal(lease_find_expired(&table, 0, 1499), LEASE_NONE);
    lease_renew(&table, a, 1400, 500);
    assert_int_equal(lease_find_expired(&table, 0, 1500), b);
    lease_end(&table, b);
    assert_int_equal(lease_find_expired(&table, 0, 1500), LEASE_NONE);
    assert_int_equal(lease_find_expired(&table, 0, 1900), a);
    lease_end(&table, a);
    assert_int_equal(lease_find_expired(&table, 0, INT64_MAX), LEASE_NONE);
    lease_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_grow_over_restarts),
        cmocka_unit_test(places_are_used_again),
        cmocka_unit_test(expire_unless_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
