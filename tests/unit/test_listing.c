#include "tests/unit/unit.h"

#include <string.h>

#include "worker/listing.h"

#define TREE_LIMIT ((size_t)16 * 1024 * 1024)
#define BODY_LIMIT ((size_t)32 * 1024 * 1024)

struct fixture {
    struct arena arena;
    struct buffer body;
    struct listing listing;
    char problem[PROTOCOL_TEXT_SIZE];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    fixture->arena = arena_make(TREE_LIMIT);
    fixture->body = buffer_make(BODY_LIMIT);
    json_arena_install();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_free(&fixture->arena);
    buffer_free(&fixture->body);
    free(fixture);
    return 0;
}

static enum failure parse_bytes(struct fixture *fixture, const void *bytes, size_t length)
{
    arena_reset(&fixture->arena, 0);
    buffer_clear(&fixture->body);
    assert_true(buffer_append(&fixture->body, bytes, length));
    return listing_parse(&fixture->listing, &fixture->arena, &fixture->body, fixture->problem);
}

static enum failure parse(struct fixture *fixture, const char *text)
{
    return parse_bytes(fixture, text, strlen(text));
}

/* A page whose only entry has `value` as its name. */
static const char *parse_name(struct fixture *fixture, const char *value)
{
    struct buffer page = buffer_make(BODY_LIMIT);
    buffer_append_string(&page, "{\"context\":{\"c\":{\"results\":[{\"name\":\"");
    buffer_append_string(&page, value);
    buffer_append_string(&page, "\"}]}}}");
    assert_int_equal(parse_bytes(fixture, page.data, page.length), FAILURE_NONE);
    buffer_free(&page);
    assert_int_equal(fixture->listing.count, 1);
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(fixture->listing.entries[0], "name"));
}

static void a_page(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        parse(fixture, "{\"context\":{\"c\":{\"get\":{},\"results\":[{\"index\":0},{\"index\":1}]}},"
                       "\"unknown\":[1,2]}"),
        FAILURE_NONE);
    assert_int_equal(fixture->listing.count, 2);
    assert_int_equal(fixture->listing.rejected, 0);
    assert_int_equal(parse(fixture, "{\"context\":{\"c\":{\"results\":[]}}}"), FAILURE_NONE);
    assert_int_equal(fixture->listing.count, 0);
}

static void elements_that_are_no_entries(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        parse(fixture, "{\"context\":{\"c\":{\"results\":[null,{\"index\":0},7,\"x\",[],true]}}}"),
        FAILURE_NONE);
    assert_int_equal(fixture->listing.count, 1);
    assert_int_equal(fixture->listing.rejected, 5);
    assert_int_equal(parse(fixture, "{\"context\":{\"c\":{\"results\":[null,7]}}}"), FAILURE_NOT_A_LISTING);
}

static void what_is_not_a_listing(void **state)
{
    static const struct {
        const char *text;
        enum failure failure;
        const char *said;
    } cases[] = {
        {"", FAILURE_NOT_JSON, "empty"},
        {" \r\n", FAILURE_NOT_JSON, "empty"},
        {"<!DOCTYPE html><html>{}</html>", FAILURE_NOT_JSON, "HTML"},
        {"maintenance", FAILURE_NOT_JSON, "byte"},
        {"{\"context\":{\"c\":{\"results\":[{\"index\":0},{\"ind", FAILURE_TRUNCATED, "middle"},
        {"{\"a\":\"b", FAILURE_TRUNCATED, "middle"},
        {"{\"a\":1,}", FAILURE_NOT_JSON, "byte"},
        {"null", FAILURE_NOT_A_LISTING, "null"},
        {"[]", FAILURE_NOT_A_LISTING, "a list"},
        {"12", FAILURE_NOT_A_LISTING, "a number"},
        {"\"text\"", FAILURE_NOT_A_LISTING, "a string"},
        {"{}", FAILURE_NOT_A_LISTING, "missing"},
        {"{\"error\":\"no such track\"}", FAILURE_NOT_A_LISTING, "no such track"},
        {"{\"error\":{\"message\":\"closed\"}}", FAILURE_NOT_A_LISTING, "closed"},
        {"{\"error\":{}}", FAILURE_NOT_A_LISTING, "error"},
        {"{\"context\":null}", FAILURE_NOT_A_LISTING, "missing"},
        {"{\"context\":{\"c\":[]}}", FAILURE_NOT_A_LISTING, "missing"},
        {"{\"context\":{\"c\":{\"results\":null}}}", FAILURE_NOT_A_LISTING, "null"},
        {"{\"context\":{\"c\":{\"results\":{}}}}", FAILURE_NOT_A_LISTING, "an object"},
        {"{\"context\":{\"c\":{\"results\":true}}}", FAILURE_NOT_A_LISTING, "true or false"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum failure failure = parse(*state, cases[i].text);
        const struct fixture *fixture = *state;
        if (failure != cases[i].failure || !strstr(fixture->problem, cases[i].said))
            fail_msg("%s: %s: %s", cases[i].text, failure_string(failure), fixture->problem);
    }
}

static void repeat(struct buffer *out, const char *text, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        buffer_append_string(out, text);
}

static void deep_nesting(void **state)
{
    struct fixture *fixture = *state;
    struct buffer page = buffer_make(BODY_LIMIT);
    repeat(&page, "[", 60000);
    assert_int_equal(parse_bytes(fixture, page.data, page.length), FAILURE_NOT_JSON);
    assert_non_null(strstr(fixture->problem, "deeper"));
    repeat(&page, "]", 60000);
    assert_int_equal(parse_bytes(fixture, page.data, page.length), FAILURE_NOT_JSON);
    assert_non_null(strstr(fixture->problem, "deeper"));
    buffer_free(&page);
}

static void more_memory_than_allowed(void **state)
{
    struct fixture *fixture = *state;
    struct buffer page = buffer_make(BODY_LIMIT);
    repeat(&page, "[", 1);
    repeat(&page, "{},", 1000000);
    repeat(&page, "{}]", 1);
    assert_int_equal(parse_bytes(fixture, page.data, page.length), FAILURE_MEMORY);
    assert_true(fixture->arena.allocated <= TREE_LIMIT);
    /* and the next page is parsed as if nothing had been */
    assert_int_equal(parse(fixture, "{\"context\":{\"c\":{\"results\":[]}}}"), FAILURE_NONE);
    buffer_free(&page);
}

static void strings_are_mended(void **state)
{
    assert_string_equal(parse_name(*state, "a\\u0000b"), "a\xef\xbf\xbd"
                                                         "b");
    assert_string_equal(parse_name(*state, "a\\\\u0000b"), "a\\u0000b");
    assert_string_equal(parse_name(*state, "\\\\\\u0000"), "\\\xef\xbf\xbd");
    assert_string_equal(parse_name(*state, "\\ud83c\\udfc1"), "\xf0\x9f\x8f\x81");
    assert_string_equal(parse_name(*state, "\\ud83cx"), "\xef\xbf\xbdx");
    assert_string_equal(parse_name(*state, "\\udfc1"), "\xef\xbf\xbd");
    assert_string_equal(parse_name(*state, "\\ud83c\\ud83c\\udfc1"), "\xef\xbf\xbd\xf0\x9f\x8f\x81");
    assert_string_equal(parse_name(*state, "\\u00e9\\/\\n"), "\xc3\xa9/\n");
}

static void bytes_of_zero(void **state)
{
    struct fixture *fixture = *state;
    static const char page[] = "{\"context\":\0{\"c\":{\"results\":[{\"name\":\"a\0b\"}]}}}";
    assert_int_equal(parse_bytes(fixture, page, sizeof page - 1), FAILURE_NONE);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(fixture->listing.entries[0], "name");
    assert_string_equal(cJSON_GetStringValue(name), "a b");
}

static void parse_entries(struct fixture *fixture, const char *entries)
{
    struct buffer page = buffer_make(BODY_LIMIT);
    buffer_append_string(&page, "{\"context\":{\"c\":{\"results\":[");
    buffer_append_string(&page, entries);
    buffer_append_string(&page, "]}}}");
    assert_int_equal(parse_bytes(fixture, page.data, page.length), FAILURE_NONE);
    buffer_free(&page);
}

static bool is_of(struct fixture *fixture, const char *entries, const char *track)
{
    char problem[PROTOCOL_TEXT_SIZE] = "";
    parse_entries(fixture, entries);
    bool other = listing_is_of_another(&fixture->listing, track, 1703, problem);
    assert_int_equal(other, problem[0] != 0);
    return !other;
}

static void the_right_class(void **state)
{
    assert_true(is_of(*state, "{},{\"car_class\":{\"class\":{\"id\":\"x\"}}}", "t"));
    assert_true(is_of(*state, "{\"car_class\":{\"class\":{\"Id\":1703}}}", "t"));
    assert_true(is_of(
        *state, "{\"car_class\":{\"class\":{\"id\":1}}},{\"car_class\":{\"class\":{\"id\":1703}}}", "t"));
    assert_false(is_of(*state, "{\"car_class\":{\"class\":{\"id\":1}}},{}", "t"));
}

static void entries_without_anything_usable(void **state)
{
    struct fixture *fixture = *state;
    static const char *const unusable[] = {
        "{}", "{\"driver\":7,\"laptime\":[]}", "{\"driver\":{\"name\":\"\"}},{}"};
    static const char *const usable[] = {
        "", "{},{\"driver\":{\"name\":\"x\"}}", "{\"laptime\":\"1m\"}", "{\"driver\":{\"path\":\"/1/\"}}"};
    for (size_t i = 0; i < sizeof unusable / sizeof *unusable; i++) {
        parse_entries(fixture, unusable[i]);
        assert_true(listing_is_unusable(&fixture->listing));
    }
    for (size_t i = 0; i < sizeof usable / sizeof *usable; i++) {
        parse_entries(fixture, usable[i]);
        assert_false(listing_is_unusable(&fixture->listing));
    }
}

static void the_right_track(void **state)
{
    const char *monza = "Monza Circuit - Grand Prix";
    assert_true(is_of(*state, "", monza));
    assert_true(is_of(*state, "{},{\"track\":7},{\"track\":{\"name\":\"\"}}", monza));
    assert_true(is_of(*state, "{\"track\":{\"name\":\"Monza Circuit - Grand Prix\"}}", monza));
    assert_true(is_of(*state,
        "{\"track\":{\"name\":\"monza circuit\xe2\x80\x93 x\"}},"
        "{\"track\":{\"name\":\"MONZA Circuit: Grand-Prix\"}}",
        monza));
    assert_false(is_of(*state, "{\"track\":{\"name\":\"Monza Circuit - Junior\"}},{}", monza));
    assert_false(is_of(*state, "{\"track\":{\"name\":\"Monza Circuit - Grand Prix 2\"}}", monza));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(elements_that_are_no_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_a_listing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_memory_than_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_are_mended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_of_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_right_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_without_anything_usable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_right_track, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
