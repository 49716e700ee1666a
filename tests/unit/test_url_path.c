#include "tests/unit/unit.h"

#include <string.h>

#include "exporter/httpd/url_path.h"

static const struct {
    const char *url;
    enum url_path_outcome outcome;
    const char *path;
} cases[] = {
    {"/", URL_PATH_ROOT, NULL},
    {"/a", URL_PATH_FOUND, "a"},
    {"/cache/tracks/track_1/class_2.json.gz", URL_PATH_FOUND, "cache/tracks/track_1/class_2.json.gz"},
    {"/na%C3%afve%20name", URL_PATH_FOUND, "na\xc3\xafve name"},
    {"/%2561", URL_PATH_FOUND, "%61"},
    {"/a..b", URL_PATH_FOUND, "a..b"},
    {"/a..", URL_PATH_FOUND, "a.."},
    {"/.a", URL_PATH_NOTHING, NULL},
    {"/...", URL_PATH_NOTHING, NULL},
    {"/a/.b/c", URL_PATH_NOTHING, NULL},
    {"//", URL_PATH_NOTHING, NULL},
    {"//a", URL_PATH_NOTHING, NULL},
    {"/a/", URL_PATH_NOTHING, NULL},
    {"/a//b", URL_PATH_NOTHING, NULL},
    {"", URL_PATH_BAD, NULL},
    {"a", URL_PATH_BAD, NULL},
    {"*", URL_PATH_BAD, NULL},
    {"/.", URL_PATH_BAD, NULL},
    {"/..", URL_PATH_BAD, NULL},
    {"/a/..", URL_PATH_BAD, NULL},
    {"/a/../b", URL_PATH_BAD, NULL},
    {"/.hidden/..", URL_PATH_BAD, NULL},
    {"/%2e", URL_PATH_BAD, NULL},
    {"/%2E%2e/a", URL_PATH_BAD, NULL},
    {"/a%2fb", URL_PATH_BAD, NULL},
    {"/a%5cb", URL_PATH_BAD, NULL},
    {"/a\\b", URL_PATH_BAD, NULL},
    {"/a%00", URL_PATH_BAD, NULL},
    {"/a%0a", URL_PATH_BAD, NULL},
    {"/a%7f", URL_PATH_BAD, NULL},
    {"/a\x01", URL_PATH_BAD, NULL},
    {"/%", URL_PATH_BAD, NULL},
    {"/%a", URL_PATH_BAD, NULL},
    {"/%ag", URL_PATH_BAD, NULL},
    {"/% 1", URL_PATH_BAD, NULL},
};

static void paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[URL_PATH_SIZE] = "";
        enum url_path_outcome outcome = url_path_decode(cases[i].url, path);
        if (outcome != cases[i].outcome)
            fail_msg("\"%s\": %d", cases[i].url, outcome);
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
    }
}

static void lengths(void **state)
{
    (void)state;
    char url[URL_PATH_SIZE + 2] = "/";
    char path[URL_PATH_SIZE];
    memset(url + 1, 'a', URL_PATH_SIZE - 1);
    url[URL_PATH_SIZE] = '\0';
    assert_int_equal(url_path_decode(url, path), URL_PATH_FOUND);
    assert_int_equal(strlen(path), URL_PATH_SIZE - 1);
    url[URL_PATH_SIZE] = 'a';
    url[URL_PATH_SIZE + 1] = '\0';
    assert_int_equal(url_path_decode(url, path), URL_PATH_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(lengths)};
    return cmocka_run_group_tests_name("url_path", tests, NULL, NULL);
}
