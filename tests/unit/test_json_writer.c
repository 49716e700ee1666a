#include "common/json_writer.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *bytes, size_t length)
{
    return (struct text){bytes, (uint32_t)length};
}

static void test_structure(void **state)
{
    (void)state;
    struct buffer out = buffer_make(1000);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "empty");
    json_object_begin(&json);
    json_object_end(&json);
    json_key(&json, "list");
    json_array_begin(&json);
    json_int(&json, INT64_MIN);
    json_uint(&json, UINT64_MAX);
    json_bool(&json, true);
    json_bool(&json, false);
    json_null(&json);
    json_array_begin(&json);
    json_array_end(&json);
    json_raw(&json, text_of("{\"raw\":1}", 9));
    json_array_end(&json);
    json_key_text(&json, text_of("a\"b", 3));
    json_string(&json, "c");
    json_object_end(&json);
    assert_string_equal(buffer_string(&out),
        "{\"empty\":{},\"list\":[-9223372036854775808,18446744073709551615,"
        "true,false,null,[],{\"raw\":1}],\"a\\\"b\":\"c\"}");
    buffer_free(&out);
}

static void assert_written(
    const char *expected, void (*write)(struct json_writer *json, double value), double value)
{
    struct buffer out = buffer_make(100);
    struct json_writer json = json_writer_make(&out);
    write(&json, value);
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_written("0.1", json_double, 0.1);
    assert_written("83.33", json_double, 83.33);
    assert_written("null", json_double, NAN);
    assert_written("null", json_double, -INFINITY);
    assert_written("0.30000000000000004", json_double, 0.1 + 0.2);
}

static void assert_escaped(const char *bytes, size_t length, const char *expected)
{
    struct buffer out = buffer_make(1000);
    json_escape(&out, text_of(bytes, length));
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void test_escapes(void **state)
{
    (void)state;
    assert_escaped("", 0, "");
    assert_escaped("plain / text", 12, "plain / text");
    assert_escaped("\"\\", 2, "\\\"\\\\");
    assert_escaped("\b\t\n\f\r", 5, "\\b\\t\\n\\f\\r");
    assert_escaped("\0\x01\x1f\x7f", 4, "\\u0000\\u0001\\u001f\x7f");
    assert_escaped("é😀", 6, "é😀");
    assert_escaped("a\xff"
                   "b",
        3,
        "a\xef\xbf\xbd"
        "b");
    assert_escaped("\xe2\x82", 2, "\xef\xbf\xbd");
    assert_escaped("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* Every byte, alone and beside others: valid JSON that cJSON reads back as what went in (well-formed input).
 */
static void test_every_byte_reads_back(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char in[8] = {'x', (char)byte, 'y', (char)byte, 0};
        struct buffer out = buffer_make(100);
        struct json_writer json = json_writer_make(&out);
        json_string(&json, in);
        cJSON *value = cJSON_ParseWithLengthOpts((const char *)out.data, out.length, NULL, false);
        assert_non_null(value);
        assert_string_equal(cJSON_GetStringValue(value), byte < 0x80 ? in : "x\xef\xbf\xbdy\xef\xbf\xbd");
        cJSON_Delete(value);
        buffer_free(&out);
    }
}

/* Every length up to some words, with a byte that must not be copied as it is at every place in it. */
static void test_every_place_reads_back(void **state)
{
    (void)state;
    char in[40];
    for (size_t length = 1; length < sizeof in; length++) {
        for (size_t place = 0; place <= length; place++) {
            memset(in, 'a', length);
            in[length] = 0;
            if (place < length)
                in[place] = place % 2 ? '"' : '\n';
            struct buffer out = buffer_make(100);
            struct json_writer json = json_writer_make(&out);
            json_string(&json, in);
            cJSON *value = cJSON_ParseWithLengthOpts((const char *)out.data, out.length, NULL, false);
            assert_string_equal(cJSON_GetStringValue(value), in);
            cJSON_Delete(value);
            buffer_free(&out);
        }
    }
}

static void test_full_buffer_shows(void **state)
{
    (void)state;
    for (size_t limit = 0; limit <= 12; limit++) {
        struct buffer out = buffer_make(limit);
        struct json_writer json = json_writer_make(&out);
        json_string(&json, "0123456789");
        assert_int_equal(out.overflowed, limit < 12);
        assert_true(out.length <= limit);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_every_byte_reads_back),
        cmocka_unit_test(test_every_place_reads_back),
        cmocka_unit_test(test_full_buffer_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
