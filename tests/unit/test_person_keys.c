#include "exporter/person_keys.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void expect(struct text key, const char *wanted)
{
    assert_int_equal(key.length, strlen(wanted));
    assert_memory_equal(key.data, wanted, key.length);
}

/* FORMATS' table, letter by letter, in both cases. */
static void test_every_letter_of_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *letters, *folded;
    } rows[] = {{"ÀÁÂÃÄÅÆàáâãäåæ", "aaaaaaaaaaaaaa"}, {"Çç", "cc"}, {"ÐĎĐðďđ", "dddddd"},
        {"ÈÉÊËèéêë", "eeeeeeee"}, {"ÌÍÎÏìíîï", "iiiiiiii"}, {"Ññ", "nn"},
        {"ÒÓÔÕÖØŒòóôõöøœ", "oooooooooooooo"}, {"ÙÚÛÜùúûü", "uuuuuuuu"}, {"ÝýŸÿ", "yyyy"}, {"Šš", "ss"},
        {"ŤťÞþ", "tttt"}, {"Žž", "zz"}};
    struct person_keys keys = person_keys_make();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(person_keys_folded(&keys, text_of(rows[i].letters)), rows[i].folded);
    person_keys_free(&keys);
}

static void test_all_else_stays(void **state)
{
    (void)state;
    struct person_keys keys = person_keys_make();
    expect(person_keys_folded(&keys, text_of("×÷ßẞ ĀČĞŁŘ Ǽǿ Иг 山 😀 'a\x01\"")),
        "×÷ßß āčğłř ǽǿ иг 山 😀 'a\x01\"");
    expect(person_keys_folded(&keys, text_of("")), "");
    person_keys_free(&keys);
}

/* Decomposed letters are composed first, in every kind of key. */
static void test_composed_first(void **state)
{
    (void)state;
    struct person_keys keys = person_keys_make();
    struct text second;
    expect(person_keys_folded(&keys, text_of("A\u030aKE")), "ake");
    expect(person_keys_shown(&keys, text_of("A\u030aKE")), "åke");
    expect(person_keys_flat(&keys, text_of("A\u030aKE")), "åke");
    assert_false(person_keys_two_letter(&keys, text_of("Æ\u0301"), &second));
    person_keys_free(&keys);
}

/* All 25 code points of White_Space, and some that only look like it. */
static void test_white_space(void **state)
{
    (void)state;
    static const char *const spaces[] = {"\t", "\n", "\v", "\f", "\r", " ", "\xc2\x85", "\u00a0", "\u1680",
        "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
        "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
    static const char *const others[] = {"\u200b", "\u2060", "\ufeff", "\u180e", "\x1f", "\u200d"};
    struct person_keys keys = person_keys_make();
    char name[64], wanted[64];
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        assert_true(snprintf(name, sizeof name, "%s%sÄ%s%s%sb%s", spaces[i], spaces[0], spaces[i], spaces[5],
                        spaces[i], spaces[i]) > 0);
        expect(person_keys_folded(&keys, text_of(name)), "a b");
        expect(person_keys_shown(&keys, text_of(name)), "ä b");
        expect(person_keys_folded(&keys, text_of(spaces[i])), "");
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(snprintf(name, sizeof name, "%sa%sb", others[i], others[i]) > 0);
        assert_true(snprintf(wanted, sizeof wanted, "%s", name) > 0);
        expect(person_keys_folded(&keys, text_of(name)), wanted);
    }
    expect(person_keys_flat(&keys, text_of(" Ö  B ")), " ö  b ");
    person_keys_free(&keys);
}

static void test_two_letters(void **state)
{
    (void)state;
    struct person_keys keys = person_keys_make();
    struct text second;
    assert_false(person_keys_two_letter(&keys, text_of("Ömer"), &second));
    assert_true(person_keys_two_letter(&keys, text_of(" Þór  ÆŒ æœþ É "), &second));
    expect(second, "thor aeoe aeoeth e");
    expect(person_keys_folded(&keys, text_of(" Þór  ÆŒ æœþ É ")), "tor ao aot e");
    person_keys_free(&keys);
}

/* One code point to one: no final sigma, no two code points for İ. */
static void test_simple_lower_case(void **state)
{
    (void)state;
    struct person_keys keys = person_keys_make();
    expect(person_keys_flat(&keys, text_of("İI ΟΔΥΣΣΕΥΣ ẞ ǅ")), "ii οδυσσευσ ß ǆ");
    person_keys_free(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_letter_of_the_table),
        cmocka_unit_test(test_all_else_stays),
        cmocka_unit_test(test_composed_first),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_two_letters),
        cmocka_unit_test(test_simple_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
