#include "exporter/drivers.h"

#include <string.h>

#include "exporter/persons.h"
#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void test_names_share_keys(void **state)
{
    (void)state;
    struct drivers drivers = drivers_make();
    uint32_t composed = drivers_add(&drivers, text_of("ÅKE  Ö"));
    uint32_t decomposed = drivers_add(&drivers, text_of("a\xcc\x8a"
                                                        "ke  o\xcc\x88"));
    uint32_t other = drivers_add(&drivers, text_of("ake  o"));
    assert_int_equal(drivers_add(&drivers, text_of("ÅKE  Ö")), composed);
    assert_int_not_equal(composed, decomposed);
    uint32_t key = drivers_key(&drivers, composed);
    assert_int_equal(key, drivers_key(&drivers, decomposed));
    assert_int_not_equal(key, drivers_key(&drivers, other));
    assert_int_equal(drivers.rows_of_key[key], 3);
    assert_memory_equal(string_pool_text(&drivers.keys, key).data, "åke  ö", strlen("åke  ö"));
    drivers_free(&drivers);
}

/* Ascending by bytes, also where the first eight are the same, a key is the beginning of another, or has
 * zeroes. */
static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t length;
    } ascending[] = {{"\0", 1}, {"\0\0", 2}, {" ", 1}, {"a", 1}, {"a\0", 2}, {"a\0\0\0\0\0\0\0", 8},
        {"a\0\0\0\0\0\0\0\0", 9}, {"aaaaaaaa", 8}, {"aaaaaaaa\0", 9}, {"aaaaaaaaa", 9}, {"aaaaaaaab", 9},
        {"z", 1}, {"é", 2}, {"山", 3}, {"😀", 4}};
    const uint32_t count = sizeof ascending / sizeof *ascending;
    struct drivers drivers = drivers_make();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i * 7 % count;
        drivers_add(&drivers, (struct text){ascending[at].bytes, ascending[at].length});
    }
    assert_int_equal(drivers.keys.count, count);
    drivers_sort(&drivers);
    for (uint32_t rank = 0; rank < count; rank++) {
        struct text key = string_pool_text(&drivers.keys, drivers.key_of_rank[rank]);
        assert_int_equal(key.length, ascending[rank].length);
        assert_memory_equal(key.data, ascending[rank].bytes, key.length);
        assert_int_equal(drivers.rank_of_key[drivers.key_of_rank[rank]], rank);
    }
    drivers_free(&drivers);
}

static void test_nobody(void **state)
{
    (void)state;
    struct drivers drivers = drivers_make();
    drivers_sort(&drivers);
    drivers_free(&drivers);
}

static void test_team_of_the_newest_row(void **state)
{
    (void)state;
    struct persons persons = persons_make();
    persons_add(&persons, text_of("1"), text_of("2020"), 4);
    persons_add(&persons, text_of("1"), text_of("2022"), STRING_NONE);
    persons_add(&persons, text_of("1"), text_of("2021"), 5);
    persons_add(&persons, text_of("1"), text_of("2021"), 6); /* as new: the first stays */
    persons_add(&persons, text_of("2"), text_of(""), 7);
    persons_add(&persons, text_of("2"), text_of("a date of more than twenty-seven bytes"), 5);
    persons_add(&persons, text_of("2"), text_of("a date of more than twenty-seven bytes!"), 8);
    persons_add(&persons, text_of("2"), text_of("a date"), 9);
    persons_add(&persons, text_of("3"), text_of("2020"), STRING_NONE);
    assert_int_equal(persons_count(&persons), 3);
    assert_int_equal(persons.persons[0].team, 5);
    assert_int_equal(persons.persons[1].team, 8);
    assert_int_equal(persons.persons[2].team, STRING_NONE);
    assert_int_equal(persons_teams(&persons, 10), 2);
    persons_free(&persons);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_share_keys),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_team_of_the_newest_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
