#include "coordinator/ctl/fold.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void assert_folds(const char *string, enum fold_style style, const char *expected)
{
    struct buffer out = buffer_make(256);
    assert_true(fold_text(text_of(string), style, &out));
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void test_folding(void **state)
{
    (void)state;
    assert_folds("Jörg MÖLLER", FOLD_SHORT, "jorg moller");
    assert_folds("  Ömer \t Can ", FOLD_SHORT, "omer can");
    assert_folds("Łukasz Øst Đuro", FOLD_SHORT, "lukasz ost duro");
    assert_folds("Æther Œuvre Þór", FOLD_SHORT, "ather ouvre tor");
    assert_folds("Æther Œuvre Þór", FOLD_LONG, "aether oeuvre thor");
    assert_folds("Straße", FOLD_SHORT, "strasse");
    assert_folds("O\xE2\x80\x99"
                 "Brien",
        FOLD_SHORT, "o'brien"); /* U+2019 */
    assert_folds("ΣΊΣΥΦΟΣ", FOLD_SHORT, "σισυφοσ");
    assert_folds("山田太郎", FOLD_SHORT, "山田太郎");
    assert_folds("a\x01z", FOLD_SHORT, "a z");
    assert_folds("", FOLD_SHORT, "");
}

static void test_refuses(void **state)
{
    (void)state;
    struct buffer out = buffer_make(4);
    assert_false(fold_text(text_of("\xC3\x28"), FOLD_SHORT, &out));
    assert_false(fold_text(text_of("abcde"), FOLD_SHORT, &out));
    buffer_free(&out);
}

static enum fold_match find(const char *name, const char *needle)
{
    struct buffer a = buffer_make(256);
    struct buffer b = buffer_make(256);
    buffer_append_string(&a, name);
    buffer_append_string(&b, needle);
    enum fold_match match = fold_find(&a, &b);
    buffer_free(&a);
    buffer_free(&b);
    return match;
}

static void test_finding(void **state)
{
    (void)state;
    assert_int_equal(find("bob dylan", "bob dylan"), FOLD_EXACT);
    assert_int_equal(find("bob dylan", "bob"), FOLD_BEGINNING);
    assert_int_equal(find("bob dylan", "dyl"), FOLD_WORD);
    assert_int_equal(find("bob dylan", "yla"), FOLD_INSIDE);
    assert_int_equal(find("banana ana", "ana"), FOLD_WORD); /* the best of several */
    assert_int_equal(find("bob", "bobby"), FOLD_NONE);
    assert_int_equal(find("bob", ""), FOLD_NONE);
    assert_int_equal(find("", "bob"), FOLD_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
