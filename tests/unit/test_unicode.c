#include "common/unicode.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

typedef void (*transformation)(struct buffer *out, struct text text);

static void assert_becomes(transformation apply, const char *from, const char *to)
{
    struct buffer out = buffer_make(1000);
    apply(&out, text_of(from));
    assert_string_equal(buffer_string(&out), to);
    buffer_free(&out);
}

static void test_validity(void **state)
{
    (void)state;
    static const char *const well_formed[] = {
        "", "plain", "é", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "eight bytes then é"};
    static const char *const ill_formed[] = {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82",
        "\xf0\x9f\x98", "\xc3", "long enough \xc3"};
    for (size_t i = 0; i < sizeof well_formed / sizeof *well_formed; i++)
        assert_true(unicode_is_valid(text_of(well_formed[i])));
    for (size_t i = 0; i < sizeof ill_formed / sizeof *ill_formed; i++)
        assert_false(unicode_is_valid(text_of(ill_formed[i])));
    assert_true(unicode_is_valid((struct text){"\0", 1}));
    assert_true(unicode_is_valid((struct text){NULL, 0}));
}

static void test_repair(void **state)
{
    (void)state;
#define FFFD "\xef\xbf\xbd"
    assert_becomes(unicode_append_repaired, "fine é", "fine é");
    assert_becomes(unicode_append_repaired, "a\x80z", "a" FFFD "z");
    /* The example of Unicode 15, table 3-11 */
    assert_becomes(unicode_append_repaired, "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", FFFD FFFD FFFD FFFD "A");
    assert_becomes(unicode_append_repaired, "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41",
        FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A");
}

static void test_composition(void **state)
{
    (void)state;
    assert_becomes(unicode_append_nfc, "", "");
    assert_becomes(unicode_append_nfc, "A\xcc\x8a", "Å");
    assert_becomes(unicode_append_nfc, "o\xcc\x88\xcc\xa3", "ọ\xcc\x88");
    assert_becomes(unicode_append_nfc, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "각");
    assert_becomes(unicode_append_nfc, "\xe2\x84\xab", "Å"); /* ANGSTROM SIGN */
}

static void test_lower_case(void **state)
{
    (void)state;
    assert_becomes(unicode_append_lower, "", "");
    assert_becomes(unicode_append_lower, "ÅKE ÖBERG @[`{", "åke öberg @[`{");
    assert_becomes(unicode_append_lower, "İI ıi", "ii ıi");
    assert_becomes(unicode_append_lower, "ΣΑΣ", "σασ");
    assert_becomes(unicode_append_lower, "ẞ ß ǅ Ⅷ 𐐀", "ß ß ǆ ⅷ 𐐨");
    assert_becomes(unicode_append_lower, "ПЁТР 山田", "пётр 山田");
}

static void test_nul_is_a_character(void **state)
{
    (void)state;
    struct buffer out = buffer_make(100);
    unicode_append_nfc(&out, (struct text){"A\0B", 3});
    assert_int_equal(out.length, 3);
    assert_memory_equal(out.data, "A\0B", 3);
    buffer_clear(&out);
    unicode_append_lower(&out, (struct text){"A\0B", 3});
    assert_memory_equal(out.data, "a\0b", 3);
    buffer_free(&out);
}

static void test_truncation(void **state)
{
    (void)state;
    static const uint32_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    struct text text = text_of("aé€😀");
    for (uint32_t limit = 0; limit < sizeof expected / sizeof *expected; limit++)
        assert_int_equal(unicode_truncate(text, limit).length, expected[limit]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_repair),
        cmocka_unit_test(test_composition),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_nul_is_a_character),
        cmocka_unit_test(test_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
