#include "coordinator/ctl/game_data.h"

#include <string.h>

#include "tests/unit/unit.h"

#define CLASSES "\"classes\":{\"7\":{\"Id\":7,\"Name\":\"GTR 3\"}}"

static bool read_text(
    const char *text, size_t length, struct catalogue *catalogue, char error[static GAME_DATA_ERROR_SIZE])
{
    struct buffer content = buffer_make(length + 1);
    *catalogue = catalogue_make();
    buffer_append(&content, text, length);
    bool read = game_data_read(&content, catalogue, error);
    buffer_free(&content);
    return read;
}

static void test_right(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"tracks\":{\"262\":{\"Name\":\"Monza\",\"layouts\":[{\"Id\":263,\"Name\":\"GP\"}]}}," CLASSES "}",
        /* unknown members, lists instead of objects, tracks without layouts, other order */
        "\xef\xbb\xbf{\"classes\":[{\"Name\":\"GTR "
        "3\",\"Id\":7,\"Cars\":[]}],\"cars\":5,\"tracks\":[{\"Name\":"
        "\"x\"},{\"Name\":\"y\",\"layouts\":null},{\"Name\":\"Monza\",\"layouts\":{\"a\":{\"Id\":263.0,"
        "\"Name\":\"GP\",\"Track\":262}}}]}\n ",
    };
    for (size_t i = 0; i < 2; i++) {
        struct catalogue catalogue;
        char error[GAME_DATA_ERROR_SIZE] = "";
        if (!read_text(texts[i], strlen(texts[i]), &catalogue, error))
            fail_msg("%s", error);
        assert_int_equal(catalogue.tracks.count, 1);
        assert_string_equal(catalogue_find_track(&catalogue, 263)->name, "Monza - GP");
        assert_string_equal(catalogue_find_class(&catalogue, 7)->name, "GTR 3");
        catalogue_free(&catalogue);
    }
}

static void test_layout_without_name(void **state)
{
    (void)state;
    static const char text[] =
        "{\"tracks\":{\"1\":{\"Name\":\"Oval\",\"layouts\":[{\"Id\":2}]}}," CLASSES "}";
    struct catalogue catalogue;
    char error[GAME_DATA_ERROR_SIZE] = "";
    assert_true(read_text(text, sizeof(text) - 1, &catalogue, error));
    assert_string_equal(catalogue_find_track(&catalogue, 2)->name, "Oval");
    catalogue_free(&catalogue);
}

#define ONE_TRACK(layout) "{\"tracks\":{\"262\":{\"Name\":\"M\",\"layouts\":[" layout "]}}," CLASSES "}"

static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "line 1: not JSON"},
        {"<!DOCTYPE html>\n<html></html>", "line 1: not JSON"},
        {"{\n\"tracks\":\n", "not JSON"},
        {ONE_TRACK("{\"Id\":1}") "x", "not JSON"},
        {"[]", "$ is a list"},
        {"null", "$ is null"},
        {"{}", "$.tracks is missing"},
        {"{\"tracks\":5}", "$.tracks is a number"},
        {"{\"tracks\":{}," CLASSES "}", "$.tracks has no layouts"},
        {ONE_TRACK("5"), "$.tracks.262.layouts[0] is a number"},
        {ONE_TRACK("{\"Id\":1,\"Name\":\"a\"},{\"Name\":\"b\"}"), "$.tracks.262.layouts[1].Id is missing"},
        {ONE_TRACK("{\"Id\":\"1\"}"), "layouts[0].Id is a string"},
        {ONE_TRACK("{\"Id\":0}"), "layouts[0].Id is 0"},
        {ONE_TRACK("{\"Id\":-5}"), "layouts[0].Id is -5"},
        {ONE_TRACK("{\"Id\":1.5}"), "layouts[0].Id is 1.5"},
        {ONE_TRACK("{\"Id\":2147483648}"), "layouts[0].Id is"},
        {ONE_TRACK("{\"Id\":1e400}"), "layouts[0].Id is"},
        {ONE_TRACK("{\"Id\":1,\"Name\":[]}"), "layouts[0].Name is a list"},
        {ONE_TRACK("{\"Id\":1},{\"Id\":1}"), "layouts[1]: 1 \"M\" is an id that stands there twice"},
        {ONE_TRACK("{\"Id\":1,\"Name\":\"\\u0007\"}"), "control character"},
        {ONE_TRACK("{\"Id\":1,\"Name\":\"\xff\"}"), "not valid UTF-8"},
        {"{\"tracks\":{\"1\":{\"layouts\":[]}}," CLASSES "}", "$.tracks.1.Name is missing"},
        {"{\"tracks\":{\"1\":{\"Name\":\"a\",\"layouts\":1}}," CLASSES "}", "$.tracks.1.layouts is a number"},
        {"{\"tracks\":{\"1\":true}," CLASSES "}", "$.tracks.1 is true or false"},
        {"{\"tracks\":[{\"Name\":\"a\",\"layouts\":[{\"Id\":1}]}],\"classes\":{}}", "$.classes is empty"},
        {"{\"tracks\":[{\"Name\":\"a\",\"layouts\":[{\"Id\":1}]}]}", "$.classes is missing"},
        {"{\"tracks\":[{\"Name\":\"a\",\"layouts\":[{\"Id\":1}]}],\"classes\":[{\"Id\":1}]}",
            "$.classes[0].Name is missing"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct catalogue catalogue;
        char error[GAME_DATA_ERROR_SIZE] = "";
        if (read_text(cases[i].text, strlen(cases[i].text), &catalogue, error) ||
            !strstr(error, cases[i].expected))
            fail_msg("expected \"%s\", got \"%s\"", cases[i].expected, error);
        catalogue_free(&catalogue);
    }
}

static char *repeat(const char *piece, size_t count)
{
    size_t length = strlen(piece);
    char *text = malloc(length * count + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, piece, length);
    text[length * count] = '\0';
    return text;
}

/* Nesting that would exhaust a stack, and more values than memory is worth, are refused early. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *piece;
        size_t count;
        const char *expected;
    } cases[] = {
        {"[", 1000000, "not JSON"},
        {"{\"tracks\":", 1000000, "not JSON"},
        {"[0,0,0,0,", GAME_DATA_VALUES_MAX / 4, "too many values"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct catalogue catalogue;
        char error[GAME_DATA_ERROR_SIZE] = "";
        char *text = repeat(cases[i].piece, cases[i].count);
        assert_false(read_text(text, strlen(text), &catalogue, error));
        assert_non_null(strstr(error, cases[i].expected));
        catalogue_free(&catalogue);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_layout_without_name),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
