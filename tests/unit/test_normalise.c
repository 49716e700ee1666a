#include "tests/unit/unit.h"

#include <string.h>

#include "common/unicode.h"
#include "worker/normalise.h"

struct fixture {
    struct arena arena;
    cJSON *tree;
    struct normal_entry normal;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    fixture->arena = arena_make((size_t)4 * 1024 * 1024);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cJSON_Delete(fixture->tree);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static const struct normal_entry *normalise(void **state, const char *json)
{
    struct fixture *fixture = *state;
    cJSON_Delete(fixture->tree);
    fixture->tree = cJSON_Parse(json);
    assert_non_null(fixture->tree);
    assert_true(normalise_entry(fixture->tree, 17, &fixture->arena, &fixture->normal));
    return &fixture->normal;
}

static void is(struct text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.data, expected, text.length);
}

static void assert_every_field(const struct normal_entry *entry)
{
    assert_int_equal(entry->position, 5);
    assert_int_equal(entry->time_diff_us, 1000000);
    is(entry->name, "Bob  Dylan");
    is(entry->path_id, "71");
    is(entry->avatar, "a.png");
    is(entry->laptime, "1m 47.000s, +01.000s");
    is(entry->date_time, "2026-01-03T10:00:00");
    is(entry->shared[BOARD_COUNTRY], "Germany");
    is(entry->shared[BOARD_CAR], "Audi");
    is(entry->shared[BOARD_CAR_CLASS], "GTR 3");
    is(entry->shared[BOARD_TEAM], "X");
    is(entry->shared[BOARD_RANK], "A");
    is(entry->shared[BOARD_DIFFICULTY], "Get Real");
}

static void every_field(void **state)
{
    assert_every_field(normalise(state,
        "{\"index\":4,\"global_index\":5,\"driver\":{\"name\":\"Bob  Dylan\",\"path\":"
        "\"https://game.raceroom.com/users/info/71/"
        "\",\"avatar\":\"a.png\"},\"country\":{\"name\":\"Germany\"},"
        "\"car_class\":{\"car\":{\"name\":\"Audi\",\"class-name\":\"GTR 3\"}},\"laptime\":\"1m 47.000s, "
        "+01.000s\",\"relative_laptime\":\"+01.000s\",\"team\":\"X\",\"rank\":{\"name\":\"A\"},"
        "\"driving_model\":\"Get Real\",\"date_time\":\"2026-01-03T10:00:00\",\"unknown\":{}}"));
}

/* Members come in any order. */
static void every_field_from_last_to_first(void **state)
{
    assert_every_field(normalise(state,
        "{\"unknown\":{},\"date_time\":\"2026-01-03T10:00:00\",\"driving_model\":\"Get "
        "Real\",\"rank\":{\"name\":"
        "\"A\"},\"team\":\"X\",\"relative_laptime\":\"+01.000s\",\"laptime\":\"1m 47.000s, +01.000s\","
        "\"car_class\":{\"car\":{\"class-name\":\"GTR "
        "3\",\"name\":\"Audi\"}},\"country\":{\"name\":\"Germany\"},"
        "\"driver\":{\"avatar\":\"a.png\",\"path\":\"https://game.raceroom.com/users/info/71/\",\"name\":"
        "\"Bob  Dylan\"},\"global_index\":5,\"index\":4}"));
}

static void nothing_is_right(void **state)
{
    static const char *const entries[] = {
        "{}",
        "{\"index\":null,\"global_index\":[],\"driver\":null,\"country\":7,\"car_class\":[],\"laptime\":{},"
        "\"relative_laptime\":3,\"team\":true,\"rank\":[],\"driving_model\":0,\"date_time\":{}}",
        "{\"index\":-3,\"global_index\":-1,\"driver\":{\"name\":1,\"path\":null,\"avatar\":[]},"
        "\"country\":{\"name\":{}},\"car_class\":{\"car\":\"x\"},\"team\":{\"name\":4},\"rank\":{}}",
        "{\"index\":1e300,\"global_index\":0.5}",
        "{\"index\":\"\",\"global_index\":\"4x\"}",
        "{\"index\":\"99999999999999999999\",\"global_index\":1e10}",
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const struct normal_entry *entry = normalise(state, entries[i]);
        assert_int_equal(entry->position, 17);
        assert_int_equal(entry->time_diff_us, 0);
        is(entry->name, "");
        is(entry->path_id, "");
        is(entry->laptime, "");
        for (int column = 0; column < BOARD_COLUMNS; column++)
            is(entry->shared[column], "");
    }
}

static void places(void **state)
{
    assert_int_equal(normalise(state, "{\"index\":2}")->position, 3);
    assert_int_equal(normalise(state, "{\"index\":\"2\"}")->position, 3);
    assert_int_equal(normalise(state, "{\"global_index\":\"12\",\"index\":2}")->position, 12);
    assert_int_equal(normalise(state, "{\"global_index\":0,\"index\":0}")->position, 1);
    assert_int_equal(normalise(state, "{\"global_index\":1000000000}")->position, BOARD_POSITION_MAX);
    assert_int_equal(normalise(state, "{\"index\":1000000000}")->position, 17);
    assert_int_equal(normalise(state, "{\"index\":1,\"index\":5}")->position, 2);
}

static void people(void **state)
{
    static const char *const cases[][2] = {
        {"https://game.raceroom.com/users/info/71/", "71"},
        {"/users/info/0071", "0071"},
        {"/users/info/71/?source=leaderboard", "71"},
        {"/users/info/71?page=9/9", "71"},
        {"https://example.org/users/71#7/2", "71"},
        {"?71", ""},
        {"/users/12/info/71/name/", "71"},
        {"71", "71"},
        {"//", ""},
        {"/users/info/71x/", ""},
        {"/users/info/\xd9\xa1/", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[200];
        assert_true(snprintf(json, sizeof json, "{\"driver\":{\"path\":\"%s\"}}", cases[i][0]) < 200);
        is(normalise(state, json)->path_id, cases[i][1]);
    }
}

static void text_that_is_not_utf8(void **state)
{
    is(normalise(state, "{\"driver\":{\"name\":\"a\xff\xc3z\"}}")->name, "a\xef\xbf\xbd\xef\xbf\xbdz");
    is(normalise(state, "{\"driver\":{\"name\":\"\xed\xa0\x80\"}}")->name,
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void text_that_is_too_long(void **state)
{
    struct fixture *fixture = *state;
    struct buffer json = buffer_make(1 << 20);
    buffer_append_string(&json, "{\"driver\":{\"name\":\"x");
    for (int i = 0; i < 40000; i++)
        buffer_append_string(&json, "\xc3\xa9");
    buffer_append_string(&json, "\"}}");
    const struct normal_entry *entry = normalise(state, buffer_string(&json));
    assert_int_equal(entry->name.length, BOARD_TEXT_MAX);
    assert_true(unicode_is_valid(entry->name));
    /* Mending makes it longer: it is cut all the same. */
    for (size_t i = 0; i < json.length; i++)
        if (json.data[i] == 0xa9)
            json.data[i] = 0xc3;
    entry = normalise(state, buffer_string(&json));
    assert_true(entry->name.length <= BOARD_TEXT_MAX && entry->name.length > BOARD_TEXT_MAX - 4);
    assert_true(unicode_is_valid(entry->name));
    fixture->arena.limit = fixture->arena.allocated;
    assert_false(normalise_entry(fixture->tree, 1, &fixture->arena, &fixture->normal) &&
                 normalise_entry(fixture->tree, 1, &fixture->arena, &fixture->normal) &&
                 normalise_entry(fixture->tree, 1, &fixture->arena, &fixture->normal) &&
                 normalise_entry(fixture->tree, 1, &fixture->arena, &fixture->normal));
    buffer_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_field_from_last_to_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(people, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_not_utf8, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_too_long, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("normalise", tests, NULL, NULL);
}
