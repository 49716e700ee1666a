#include "exporter/string_pool.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void assert_text(struct text text, const char *expected, size_t length)
{
    assert_int_equal(text.length, length);
    assert_memory_equal(text.data, expected, length);
}

static void test_numbers_in_order_of_first_use(void **state)
{
    (void)state;
    struct string_pool pool = string_pool_make();
    bool is_new;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 20000; i++) {
            char string[16];
            assert_true(snprintf(string, sizeof string, "%u", i * 7919) < 16);
            assert_int_equal(string_pool_add(&pool, text_of(string), &is_new), i);
            assert_int_equal(is_new, round == 0);
            assert_text(string_pool_text(&pool, i), string, strlen(string));
        }
    }
    assert_int_equal(pool.count, 20000);
    string_pool_free(&pool);
}

static void test_hard_strings(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } strings[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a\"b", 3}, {"\\", 1}, {"é😀\n", 7}, {"\\u0000", 6}};
    struct string_pool pool = string_pool_make();
    const uint32_t count = sizeof strings / sizeof *strings;
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(
            string_pool_add(&pool, (struct text){strings[i].bytes, (uint32_t)strings[i].length}, NULL), i);
    assert_int_equal(string_pool_add(&pool, (struct text){NULL, 0}, NULL), 0);
    for (uint32_t i = 0; i < count; i++)
        assert_text(string_pool_text(&pool, i), strings[i].bytes, strings[i].length);
    string_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_in_order_of_first_use),
        cmocka_unit_test(test_hard_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
