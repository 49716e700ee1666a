#include "exporter/person_id.h"

#include <string.h>

#include "exporter/person_table.h"
#include "exporter/string_pool.h"
#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

/* In the order of persons: digits as numbers, then by bytes; then names by bytes. */
static const struct {
    const char *path_id, *name;
} ascending[] = {{"0", "x"}, {"00", "x"}, {"01", ""}, {"1", ""}, {"2", ""}, {"0000009", ""}, {"009", ""},
    {"9", ""}, {"10", ""}, {"9999999999999999999", ""}, {"10000000000000000000", ""},
    {"18446744073709551615", ""}, {"018446744073709551616", ""}, {"18446744073709551616", ""},
    {"100000000000000000000", ""}, {"", ""}, {"", "1"}, {"", "a"}, {"no digits", "aa"}, {"", "maximili"},
    {"", "maximilian"}, {"", "maximilian b"}, {"1x", "z"}, {"", "é"}};

enum { COUNT = sizeof ascending / sizeof *ascending };

static struct person_id id_at(size_t at)
{
    return person_id_make(text_of(ascending[at].path_id), text_of(ascending[at].name));
}

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            struct person_id left = id_at(i), right = id_at(j);
            int order = person_id_compare(&left, &right), values = person_id_compare_values(&left, &right);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_true(values == 0 || (values > 0) == (order > 0));
            assert_true(i != j || person_id_hash(&left) == person_id_hash(&right));
        }
    }
}

/* An exact id is the same without its text. */
static void test_exact_ids_need_no_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            struct person_id left = id_at(i), right = id_at(j);
            int order = person_id_compare(&left, &right);
            if (left.exact)
                left = person_id_known(left.value, left.is_name, left.exact);
            assert_int_equal(person_id_compare(&left, &right) > 0, order > 0);
            assert_int_equal(person_id_compare(&right, &left) > 0, order < 0);
        }
    }
}

static void test_table(void **state)
{
    (void)state;
    struct person_table table = person_table_make();
    char digits[PERSON_TABLE_DIGITS], name[32];
    bool is_new;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            struct person_id id = id_at(i);
            assert_int_equal(person_table_add(&table, &id, &is_new), i);
            assert_int_equal(is_new, round == 0);
            assert_int_equal(table.entries[i].old, STRING_NONE);
            struct text text = person_table_text(&table, (uint32_t)i, digits);
            assert_int_equal(text_compare(text, id.text), 0);
        }
    }
    for (uint32_t i = 0; i < 5000; i++) { /* it grows, and finds all again */
        assert_true(snprintf(name, sizeof name, "%u", 1000 + i / 2) > 0);
        struct person_id id = person_id_make(text_of(i % 2 ? name : ""), text_of(name));
        assert_int_equal(person_table_add(&table, &id, &is_new), COUNT + i);
    }
    struct person_id id = id_at(COUNT - 1);
    assert_int_equal(person_table_add(&table, &id, &is_new), COUNT - 1);
    person_table_free(&table);
}

static void test_prefixes_are_in_the_order_of_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "a\x01", "ab", "abcdefgh", "abcdefghi", "b", "\xc3\xa9"};
    for (size_t i = 1; i < sizeof texts / sizeof *texts; i++) {
        assert_true(text_prefix(text_of(texts[i - 1])) <= text_prefix(text_of(texts[i])));
        assert_true(text_compare(text_of(texts[i - 1]), text_of(texts[i])) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_exact_ids_need_no_text),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_prefixes_are_in_the_order_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
