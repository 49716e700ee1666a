#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/target.h"

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static void reads_both_forms(void **state)
{
    (void)state;
    struct target target;
    assert_true(target_parse("1671", 4, &target));
    assert_int_equal(target.track_id, 1671);
    assert_int_equal(target.class_id, 0);
    assert_true(target_parse("1671-1703", 9, &target));
    assert_int_equal(target.track_id, 1671);
    assert_int_equal(target.class_id, 1703);
    assert_true(target_parse("2147483647-2147483647", 21, &target));
    assert_int_equal(target.class_id, INT32_MAX);
}

static void refuses_everything_else(void **state)
{
    (void)state;
    static const struct text wrong[] = {TEXT(""), TEXT("0"), TEXT("-"), TEXT("1-"), TEXT("-1"), TEXT("1-0"),
        TEXT("01"), TEXT("1-02"), TEXT("1--2"), TEXT("1-2-"), TEXT("1-2-3"), TEXT("+1"), TEXT(" 1"),
        TEXT("1 "), TEXT("1\0"), TEXT("1\0-2"), TEXT("2147483648"), TEXT("1-2147483648"),
        TEXT("18446744073709551617"), TEXT("99999999999999999999999999999999999999"), TEXT("0x10"),
        TEXT("1e3"), TEXT("monza"), TEXT("1.5"), TEXT("\xd9\xa1"), TEXT("1_2")};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct target target = {7, 7};
        if (target_parse(wrong[i].data, wrong[i].length, &target))
            fail_msg("\"%s\" was taken for a target", wrong[i].data);
        assert_int_equal(target.track_id + target.class_id, 0);
    }
}

static void words_are_parted_by_white_space_only(void **state)
{
    (void)state;
    struct text rest = TEXT("\r\n 1671\t263-1703 \v\fa\0b \xc2\xa0");
    struct text word;
    const struct text expected[] = {TEXT("1671"), TEXT("263-1703"), TEXT("a\0b"), TEXT("\xc2\xa0")};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(target_next_word(&rest, &word));
        assert_int_equal(word.length, expected[i].length);
        assert_memory_equal(word.data, expected[i].data, word.length);
    }
    assert_false(target_next_word(&rest, &word));
    rest = (struct text){0};
    assert_false(target_next_word(&rest, &word));
}

static void what_is_shown_is_harmless(void **state)
{
    (void)state;
    char shown[TARGET_SHOWN_SIZE];
    target_show(TEXT("a\x1b[31m\nb\0c\xff"), shown);
    assert_string_equal(shown, "a?[31m?b?c?");
    target_show(TEXT("0123456789012345678901234567890"), shown);
    assert_string_equal(shown, "0123456789012345678901234567890");
    target_show(TEXT("01234567890123456789012345678901"), shown);
    assert_string_equal(shown, "0123456789012345678901234567...");
    target_show((struct text){0}, shown);
    assert_string_equal(shown, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_forms),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(words_are_parted_by_white_space_only),
        cmocka_unit_test(what_is_shown_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
