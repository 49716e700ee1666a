#include "exporter/statistics_result.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static struct statistics_person somebody(void)
{
    return (struct statistics_person){
        .key = text_of("never published"),
        .name = text_of("never published"),
        .key_json = text_of("omer \\\"can\\\""),
        .name_json = text_of("Ömer  \\\"Can\\\""),
        .avatar_json = text_of("https://example.org/a.png"),
        .country_json = text_of("Turkey"),
        .team_json = text_of("Team X"),
        .rank_json = text_of("A"),
    };
}

static const struct statistics_score score = {
    .person = 7, .entries = 12, .poles = 3, .podiums = 4, .bested = 5000000000, .average = 165000};

static uint32_t bytes_of(const struct statistics_person *person)
{
    return person->key_json.length + person->name_json.length + person->avatar_json.length +
           person->country_json.length + person->team_json.length + person->rank_json.length;
}

static void test_object(void **state)
{
    (void)state;
    struct buffer out = buffer_make(4096);
    struct statistics_person person = somebody();
    statistics_result_append(&person, &score, &out);
    assert_string_equal(buffer_string(&out),
        "{\"driver_key\":\"omer \\\"can\\\"\",\"name\":\"Ömer  "
        "\\\"Can\\\"\",\"avatar\":\"https://example.org/a.png\","
        "\"country\":\"Turkey\",\"team\":\"Team "
        "X\",\"rank\":\"A\",\"pole_positions\":3,\"bested_drivers\":5000000000,"
        "\"podiums\":4,\"avg_bested\":16.5,\"entries\":12}");
    assert_in_range(statistics_result_size(bytes_of(&person)), out.length / 2, out.length * 2);
    buffer_free(&out);
}

/* The largest of everything fits, and nothing at all reads as it should. */
static void test_extremes(void **state)
{
    (void)state;
    struct buffer out = buffer_make((size_t)1 << 20);
    const struct statistics_person nobody = {0};
    const struct statistics_score none = {.entries = 1, .average = STATISTICS_NO_AVERAGE};
    statistics_result_append(&nobody, &none, &out);
    assert_string_equal(buffer_string(&out),
        "{\"driver_key\":\"\",\"name\":\"\",\"avatar\":\"\",\"country\":\"\",\"team\":\"\",\"rank\":\"\","
        "\"pole_positions\":0,\"bested_drivers\":0,\"podiums\":0,\"avg_bested\":0,\"entries\":1}");
    assert_in_range(statistics_result_size(0), out.length / 2, out.length * 2);
    buffer_clear(&out);
    char *longest = malloc(65535);
    assert_non_null(longest);
    memset(longest, 'x', 65535);
    const struct statistics_person person = {.key_json = {longest, 65535}, .team_json = {longest, 65535}};
    const struct statistics_score most = {.entries = UINT32_MAX,
        .poles = UINT32_MAX,
        .podiums = UINT32_MAX,
        .bested = UINT64_MAX,
        .average = INT64_MIN + 1};
    statistics_result_append(&person, &most, &out);
    assert_false(out.overflowed);
    assert_non_null(strstr(buffer_string(&out),
        "\"pole_positions\":4294967295,\"bested_drivers\":18446744073709551615,\"podiums\":4294967295,"
        "\"avg_bested\":-922337203685477.5807,\"entries\":4294967295}"));
    assert_in_range(statistics_result_size(bytes_of(&person)), out.length / 2, out.length * 2);
    free(longest);
    buffer_free(&out);
    out = buffer_make(10);
    statistics_result_append(&nobody, &none, &out);
    assert_true(out.overflowed);
    buffer_free(&out);
}

/* Each figure counts; who it is, in which list, does not. */
static void test_digest(void **state)
{
    (void)state;
    struct statistics_score others[6];
    for (int i = 0; i < 6; i++)
        others[i] = score;
    others[0].entries++;
    others[1].poles++;
    others[2].podiums++;
    others[3].bested++;
    others[4].average++;
    others[5].poles = score.podiums;
    others[5].podiums = score.poles;
    uint64_t digest = statistics_result_digest(1, &score);
    for (int i = 0; i < 6; i++)
        assert_int_not_equal(statistics_result_digest(1, &others[i]), digest);
    assert_int_not_equal(statistics_result_digest(2, &score), digest);
    struct statistics_score moved = score;
    moved.person++;
    assert_int_equal(statistics_result_digest(1, &moved), digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
