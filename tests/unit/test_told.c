#include "coordinator/ctl/told.h"

#include <string.h>

#include "tests/unit/unit.h"

static cJSON *parse(const char *json)
{
    return told_parse((struct text){json, (uint32_t)strlen(json)});
}

static void test_text_is_safe_to_print(void **state)
{
    (void)state;
    cJSON *root =
        parse("{\"a\":\"\\u001b[2J\xc2\x9b\xff\\n\",\"b\":{\"\\u001bkey\":[{\"c\":\"\\u007f\\u00e9\"}]}}");
    assert_string_equal(told_text(root, "a"), "?[2J????");
    const cJSON *list = told_member(told_member(root, "b"), "?key");
    assert_string_equal(told_text(cJSON_GetArrayItem(list, 0), "c"), "?\xc3\xa9");
    cJSON_Delete(root);
}

static void test_what_is_missing_is_nothing(void **state)
{
    (void)state;
    uint64_t count = 7;
    cJSON *root = parse(
        "{\"text\":1,\"count\":\"1\",\"negative\":-1,\"huge\":9007199254740992,\"most\":9007199254740991}");
    assert_string_equal(told_text(root, "text"), "");
    assert_string_equal(told_text(root, "none"), "");
    assert_false(told_take_count(told_member(root, "count"), &count));
    assert_false(told_take_count(told_member(root, "negative"), &count));
    assert_false(told_take_count(told_member(root, "huge"), &count));
    assert_false(told_take_count(told_member(root, "none"), &count));
    assert_int_equal(count, 7);
    assert_int_equal(told_count(root, "huge"), 0);
    assert_int_equal(told_count(root, "most"), 9007199254740991);
    cJSON_Delete(root);
    assert_null(parse("no JSON"));
    assert_string_equal(told_text(NULL, "a"), "");
    assert_int_equal(told_count(NULL, "a"), 0);
}

static void test_what_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    char out[4];
    cJSON *root = parse("{\"fits\":\"abc\",\"long\":\"abcd\",\"wide\":\"ab\xc3\xa9\"}");
    told_copy(root, "fits", out, sizeof out);
    assert_string_equal(out, "abc");
    told_copy(root, "long", out, sizeof out);
    assert_string_equal(out, "abc");
    told_copy(root, "wide", out, sizeof out);
    assert_string_equal(out, "ab");
    told_copy(root, "none", out, sizeof out);
    assert_string_equal(out, "");
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_safe_to_print),
        cmocka_unit_test(test_what_is_missing_is_nothing),
        cmocka_unit_test(test_what_is_too_long_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
