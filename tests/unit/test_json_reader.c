#include "common/json_reader.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "tests/unit/unit.h"

static struct json_reader over(const char *text)
{
    return json_reader_make(text, strlen(text));
}

static bool is_json(const char *text, size_t length)
{
    struct json_reader reader = json_reader_make(text, length);
    return json_reader_skip(&reader) && json_reader_done(&reader);
}

static void an_object_is_read_member_by_member(void **state)
{
    (void)state;
    struct json_reader reader = over(" { \"a\" : 1 ,\"b\":[ 2,3 ], \"c\":{\"d\":[{}]},\n\"e\":\"f\" } ");
    char key[8], text[8];
    size_t length;
    double number, sum = 0;
    assert_true(json_reader_object(&reader));
    assert_true(json_reader_key(&reader, key, sizeof key));
    assert_string_equal(key, "a");
    assert_int_equal(json_reader_kind(&reader), JSON_NUMBER);
    assert_true(json_reader_number(&reader, &number));
    assert_true(number == 1);
    assert_true(json_reader_key(&reader, key, sizeof key));
    assert_true(json_reader_array(&reader));
    while (json_reader_item(&reader)) {
        assert_true(json_reader_number(&reader, &number));
        sum += number;
    }
    assert_true(sum == 5);
    assert_true(json_reader_key(&reader, key, sizeof key));
    assert_string_equal(key, "c");
    assert_true(json_reader_skip(&reader));
    assert_true(json_reader_key(&reader, key, sizeof key));
    assert_true(json_reader_string(&reader, text, sizeof text, &length));
    assert_string_equal(text, "f");
    assert_false(json_reader_key(&reader, key, sizeof key));
    assert_true(json_reader_done(&reader));
}

static void strings_lose_their_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {{"\"\"", ""}, {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e4\\u20aC\"", "A\xc3\xa4\xe2\x82\xac"}, {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\xc3\xa4\"", "\xc3\xa4"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_reader reader = over(cases[i].json);
        char text[32];
        size_t length;
        assert_true(json_reader_string(&reader, text, sizeof text, &length));
        assert_string_equal(text, cases[i].text);
        assert_int_equal(length, strlen(cases[i].text));
    }
}

static void a_string_that_does_not_fit_is_cut_and_measured(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 8; size++) {
        struct json_reader reader = over("\"ab\\ncde\"");
        char text[9];
        size_t length;
        memset(text, '#', sizeof text);
        assert_true(json_reader_string(&reader, text, size, &length));
        assert_int_equal(length, 6);
        assert_int_equal(strlen(text), size - 1 < 6 ? size - 1 : 6);
        assert_memory_equal(text, "ab\ncde", size - 1 < 6 ? size - 1 : 6);
        assert_int_equal(text[size], '#');
    }
}

static void numbers_are_exact_up_to_two_to_the_53(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        double number;
    } cases[] = {{"0", 0}, {"-0", 0}, {"9007199254740992", 9007199254740992.0},
        {"999999999999999", 999999999999999.0}, {"1.5", 1.5}, {"-2e3", -2000}, {"1E+2", 100}, {"25e-1", 2.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_reader reader = over(cases[i].json);
        double number;
        assert_true(json_reader_number(&reader, &number));
        assert_true(number == cases[i].number);
        assert_true(json_reader_done(&reader));
    }
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"", " ", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "[1 2]",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\" 1}", "01", "-", "+1", "1.", ".5", "1e",
        "1e+", "0x1", "NaN", "tru", "truex", "nul", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u0000\"", "\"a\nb\"", "1 2", "{} {}", "'a'",
        "1234567890123456789012345678901234567890123456789012345678901234567890"};
    static const char *const sound[] = {
        "{}", "[]", "[[],{}]", "{\"\":null}", "[1,2.5,-3e2,\"\",true,false,null]", " 1 "};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (is_json(broken[i], strlen(broken[i])))
            fail_msg("taken for JSON: %s", broken[i]);
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        if (!is_json(sound[i], strlen(sound[i])))
            fail_msg("not taken for JSON: %s", sound[i]);
    assert_false(is_json("\0", 1));
    assert_false(is_json("\"a\0b\"", 5));
    struct json_reader reader = over("[1}");
    double number;
    assert_true(
        json_reader_array(&reader) && json_reader_item(&reader) && json_reader_number(&reader, &number));
    assert_false(json_reader_item(&reader));
    assert_true(reader.failed);
    assert_false(json_reader_skip(&reader)); /* stays so */
}

static void what_is_passed_over_has_a_bounded_depth(void **state)
{
    (void)state;
    char text[4 * JSON_READER_DEPTH_MOST];
    for (size_t depth = 1; depth <= JSON_READER_DEPTH_MOST + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(is_json(text, 2 * depth), depth <= JSON_READER_DEPTH_MOST);
    }
}

/* A reader that is sloppier than the RFC takes all that this one takes; bytes are changed at random in what
 * is sound. */
static void it_takes_nothing_that_another_reader_refuses(void **state)
{
    (void)state;
    static const char alphabet[] = "{}[]\",:\\u0019.eE+-truefalsn \n\x01\xc3";
    static const char base[] = "{\"v\":1,\"a\":[1,2.5e3,\"x\\u00e4\\n\",{\"b\":null}],\"c\":true,\"d\":\"\"}";
    unsigned long long random = 1;
    int taken = 0;
    for (int round = 0; round < 50000; round++) {
        char text[sizeof base];
        memcpy(text, base, sizeof base);
        for (int change = 0; change < 1 + round % 3; change++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            text[(random >> 33) % (sizeof base - 1)] = alphabet[(random >> 48) % (sizeof alphabet - 1)];
        }
        if (!is_json(text, sizeof base - 1))
            continue;
        taken++;
        cJSON *tree = cJSON_ParseWithLength(text, sizeof base - 1);
        if (!tree)
            fail_msg("only we take: %s", text);
        cJSON_Delete(tree);
    }
    assert_in_range(taken, 1000, 49000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_read_member_by_member),
        cmocka_unit_test(strings_lose_their_escapes),
        cmocka_unit_test(a_string_that_does_not_fit_is_cut_and_measured),
        cmocka_unit_test(numbers_are_exact_up_to_two_to_the_53),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(what_is_passed_over_has_a_bounded_depth),
        cmocka_unit_test(it_takes_nothing_that_another_reader_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
