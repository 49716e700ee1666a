#include "exporter/statistics_scopes.h"

#include "tests/unit/statistics_fixture.h"

static struct statistics_scopes make(const struct fixture *fixture, const struct statistics_touched *touched)
{
    return statistics_scopes_make(
        &fixture->snapshot.catalogue, fixture->boards, fixture->snapshot.board_count, touched);
}

static void test_order_and_membership(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    fixture_fill_example(fixture);
    struct statistics_scopes scopes = make(fixture, NULL);
    static const char *const ids[] = {"overall", "12770", "1703", "8682", "gt3", "e_sedan"};
    static const char *const names[] = {"Overall", "GT3 2025", "GTR 3", "e-Sedan", "GT3", "e-Sedan"};
    static const bool have_entries[] = {true, true, true, false, true, false};
    assert_int_equal(scopes.count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_string_equal(scopes.scopes[i].id, ids[i]);
        assert_string_equal(scopes.scopes[i].name, names[i]);
        assert_int_equal(scopes.scopes[i].has_entries, have_entries[i]);
        assert_true(scopes.scopes[i].touched);
    }
    uint32_t count;
    const uint32_t *places = statistics_scopes_of(&scopes, 1703, &count);
    assert_int_equal(count, 2);
    assert_int_equal(places[0], 2);
    assert_int_equal(places[1], 4);
    assert_int_equal(statistics_scopes_of(&scopes, 10266, &count)[0], 5); /* not in the catalogue */
    assert_int_equal(count, 1);
    statistics_scopes_of(&scopes, 4711, &count);
    assert_int_equal(count, 0);
    assert_ptr_equal(statistics_scopes_find(&scopes, STATISTICS_SCOPE_CLASS, "1703"), &scopes.scopes[2]);
    assert_null(statistics_scopes_find(&scopes, STATISTICS_SCOPE_CLASS, "8682"));
    assert_null(statistics_scopes_find(&scopes, STATISTICS_SCOPE_CLASS, "gt3"));
    assert_ptr_equal(statistics_scopes_find(&scopes, STATISTICS_SCOPE_SUPERCLASS, "gt3"), &scopes.scopes[4]);
    assert_null(statistics_scopes_find(&scopes, STATISTICS_SCOPE_SUPERCLASS, "e_sedan"));
    statistics_scopes_free(&scopes);
    fixture_free(fixture);
}

static void test_time_of_the_newest_change(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    fixture_add_class(fixture, 5, "five");
    fixture_add_superclass(fixture, "both", (const uint32_t[]){5, 6, 0});
    fixture_add_board(fixture, 5, 3, 1000);
    fixture_add_board(fixture, 6, 3, 4000);
    fixture_add_board(fixture, 5, 3, 2000);
    fixture_add_board(fixture, 5, 0, 8000);
    fixture_add_board(fixture, 5, 3, 9000)->broken = true;
    struct statistics_scopes scopes = make(fixture, NULL);
    assert_int_equal(scopes.scopes[0].changed_at_ms, 4000);
    assert_int_equal(scopes.scopes[1].changed_at_ms, 2000);
    assert_int_equal(scopes.scopes[2].changed_at_ms, 4000);
    statistics_scopes_free(&scopes);
    fixture_free(fixture);
}

static void test_touched(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    fixture_fill_example(fixture);
    struct statistics_touched touched = {(const uint32_t[]){12770, 4711, 12770}, 3};
    struct statistics_scopes scopes = make(fixture, &touched);
    static const bool are_touched[] = {true, true, false, false, true, false};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(scopes.scopes[i].touched, are_touched[i]);
    statistics_scopes_free(&scopes);
    touched.count = 0;
    scopes = make(fixture, &touched);
    assert_true(scopes.scopes[0].touched);
    assert_false(scopes.scopes[1].touched);
    statistics_scopes_free(&scopes);
    fixture_free(fixture);
}

static void test_slugs(void **state)
{
    (void)state;
    static const char *const names[][2] = {/* ascending by bytes */
        {"!", ""}, {"!!", "_2"}, {" DTM  2010s ", "dtm_2010s"}, {"--a--B--", "a_b"}, {"GT3", "gt3"},
        {"GT3 AVG", "gt3_avg_2"}, {"GT3 2", "gt3_2"}, {"GT3!", "gt3_3"}, {"GT3-2", "gt3_2_2"},
        {"gt3", "gt3_4"}, {"x avg", "x_avg"}, {"x!", "x_2"}, {"x_2_avg", "x_2_avg_2"}, {"Ä1Ö2", "1_2"},
        {"\xe2\x84\xaa-Cup", "k_cup"}};
    struct fixture *fixture = fixture_make(1);
    const uint32_t count = sizeof names / sizeof *names;
    for (uint32_t i = 0; i < count; i++)
        fixture_add_superclass(fixture, names[i][0], (const uint32_t[]){i + 1, 0});
    char longest[CATALOGUE_NAME_MAX + 1] = "";
    memset(longest, 'Z', CATALOGUE_NAME_MAX);
    fixture_add_superclass(fixture, longest, (const uint32_t[]){99, 0});
    struct statistics_scopes scopes = make(fixture, NULL);
    uint32_t found = 0;
    for (uint32_t place = 1; place < scopes.count; place++) {
        const struct statistics_scope *scope = &scopes.scopes[place];
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(scope->name, names[i][0]) != 0)
                continue;
            assert_string_equal(scope->id, names[i][1]);
            found++;
        }
        if (scope->name[0] == 'Z')
            assert_int_equal(strlen(scope->id), CATALOGUE_NAME_MAX);
    }
    assert_int_equal(found, count);
    statistics_scopes_free(&scopes);
    fixture_free(fixture);
}

static void test_nothing(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct statistics_scopes scopes = make(fixture, NULL);
    uint32_t count;
    assert_int_equal(scopes.count, 1);
    assert_false(scopes.scopes[0].has_entries);
    statistics_scopes_of(&scopes, 1, &count);
    assert_int_equal(count, 0);
    statistics_scopes_free(&scopes);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_membership),
        cmocka_unit_test(test_time_of_the_newest_change),
        cmocka_unit_test(test_touched),
        cmocka_unit_test(test_slugs),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
