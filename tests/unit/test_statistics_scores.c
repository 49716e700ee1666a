#include "exporter/statistics_scores.h"

#include "exporter/statistics_average.h"
#include "tests/unit/statistics_fixture.h"

struct scored {
    struct statistics_scopes scopes;
    struct statistics_scores scores;
    struct guard guard;
};

static void score_on(struct fixture *fixture, const struct statistics_touched *touched, unsigned threads,
    struct scored *scored)
{
    guard_open(&scored->guard, 60000, 0);
    scored->scopes = statistics_scopes_make(
        &fixture->snapshot.catalogue, fixture->boards, fixture->snapshot.board_count, touched);
    assert_true(
        statistics_scores_make(&scored->scores, &fixture->source, &scored->scopes, threads, &scored->guard));
}

static void score(struct fixture *fixture, const struct statistics_touched *touched, struct scored *scored)
{
    score_on(fixture, touched, 1, scored);
}

static void release(struct scored *scored)
{
    statistics_scores_free(&scored->scores);
    statistics_scopes_free(&scored->scopes);
    guard_close(&scored->guard);
}

static void assert_score(const struct statistics_score *score, uint32_t person, uint32_t poles,
    uint64_t bested, uint32_t podiums, int64_t average, uint32_t entries)
{
    assert_int_equal(score->person, person);
    assert_int_equal(score->poles, poles);
    assert_int_equal(score->bested, bested);
    assert_int_equal(score->podiums, podiums);
    assert_int_equal(score->average, average);
    assert_int_equal(score->entries, entries);
}

/* "Overall (poles, bested, podiums, avg, entries): A 1,5,2,83.33,3 · B 1,5,2,83.33,2 · C, D 0,1,1,16.67,2."
 */
static void test_worked_example(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct scored scored;
    fixture_fill_example(fixture);
    score(fixture, NULL, &scored);
    const struct statistics_list *overall = &scored.scores.lists[0];
    assert_int_equal(overall->count, 4);
    assert_score(&overall->scores[0], 0, 1, 5, 2, 833300, 3);
    assert_score(&overall->scores[1], 1, 1, 5, 2, 833300, 2);
    assert_score(&overall->scores[2], 2, 0, 1, 1, 166700, 2);
    assert_score(&overall->scores[3], 3, 0, 1, 1, 166700, 2);
    const struct statistics_list *alone = &scored.scores.lists[1]; /* 12770 */
    assert_int_equal(alone->persons, 1);
    assert_int_equal(alone->count, 0);
    const struct statistics_list *superclass = &scored.scores.lists[4]; /* gt3 */
    assert_int_equal(superclass->persons, 4);
    assert_int_equal(superclass->count, 4);
    assert_score(&superclass->scores[0], 0, 1, 5, 2, 833300, 3);
    release(&scored);
    fixture_free(fixture);
}

static void test_limits_of_a_row(void **state)
{
    (void)state;
    static const struct {
        uint32_t position, entries;
        uint32_t poles, podiums;
        uint64_t bested;
        int64_t average;
    } cases[] = {
        {1, 1, 0, 0, 0, STATISTICS_NO_AVERAGE}, {1, 2, 1, 0, 1, 1000000}, {1, 3, 1, 0, 2, 1000000},
        {3, 3, 0, 0, 0, 0}, {1, 4, 1, 1, 3, 1000000}, {3, 4, 0, 1, 1, 333300}, {4, 4, 0, 0, 0, 0},
        {7, 4, 0, 0, 0, -1000000}, {2, 150000, 0, 1, 149998, 1000000}, /* 99.9993 */
    };
    struct fixture *fixture = fixture_make(1);
    const uint32_t count = sizeof cases / sizeof *cases;
    fixture_add_person(fixture, "without a row", "");
    for (uint32_t i = 0; i < count; i++) {
        fixture_add_person(fixture, "somebody", "");
        fixture_add_row(fixture, i + 1, 5, cases[i].position, cases[i].entries);
    }
    struct scored scored;
    score(fixture, NULL, &scored);
    assert_int_equal(scored.scores.lists[0].count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_score(&scored.scores.lists[0].scores[i], i + 1, cases[i].poles, cases[i].bested,
            cases[i].podiums, cases[i].average, 1);
    assert_int_equal(statistics_score_average(&scored.scores.lists[0].scores[0]), 0);
    release(&scored);
    fixture_free(fixture);
}

/* More rows than the walk has room for at first, of which some decide by a fraction. */
static void test_many_rows_of_one_person(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct scored scored;
    uint32_t person = fixture_add_person(fixture, "everywhere", "");
    fixture_add_class(fixture, 5, "five");
    fixture_add_class(fixture, 6, "six");
    fixture_add_superclass(fixture, "both", (const uint32_t[]){5, 6, 0});
    for (uint32_t i = 0; i < 500; i++) {
        fixture_add_row(fixture, person, 5, 160, 161); /* 0.625 % */
        fixture_add_row(fixture, person, 6, 157, 161); /* 2.5 % */
        fixture_add_row(fixture, person, 7, 1, 2);
    }
    score(fixture, NULL, &scored);
    assert_score(&scored.scores.lists[0].scores[0], 0, 500, 500 + 2000 + 500, 0, 343800, 1500); /* 34.375 */
    assert_score(&scored.scores.lists[1].scores[0], 0, 0, 500, 0, 6300, 500);
    assert_score(&scored.scores.lists[2].scores[0], 0, 0, 2000, 0, 25000, 500);
    assert_score(&scored.scores.lists[3].scores[0], 0, 0, 2500, 0, 15600, 1000); /* 1.5625 */
    assert_int_equal(scored.scores.exact_averages, 2);
    release(&scored);
    fixture_free(fixture);
}

static void test_only_what_is_touched(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct scored scored;
    fixture_fill_example(fixture);
    const struct statistics_touched touched = {(const uint32_t[]){12770}, 1};
    score(fixture, &touched, &scored);
    assert_int_equal(scored.scores.lists[0].count, 4);
    assert_int_equal(scored.scores.lists[2].persons, 4); /* counted, but no figures */
    assert_int_equal(scored.scores.lists[2].count, 0);
    assert_int_equal(scored.scores.lists[4].count, 4);
    release(&scored);
    fixture_free(fixture);
}

/* FORMATS' words, over all rows of a person in a scope. */
static struct statistics_score plain_score(
    const struct fixture *fixture, const struct statistics_scopes *scopes, uint32_t place, uint32_t person)
{
    static struct statistics_row rows[FIXTURE_ROWS_MAX];
    struct statistics_score score = {.person = person, .average = STATISTICS_NO_AVERAGE};
    bool ranked = false;
    for (uint32_t i = 0; i < fixture->row_count; i++) {
        const struct statistics_row *row = &fixture->rows[i].row;
        uint32_t count;
        const uint32_t *places = statistics_scopes_of(scopes, row->class_id, &count);
        bool within = place == 0;
        for (uint32_t k = 0; k < count; k++)
            within |= places[k] == place;
        if (fixture->rows[i].person != person || !within)
            continue;
        rows[score.entries++] = *row;
        score.poles += row->position == 1 && row->total_entries > 1;
        score.podiums += row->position < 4 && row->total_entries > 3;
        score.bested += row->position < row->total_entries ? row->total_entries - row->position : 0;
        ranked |= row->total_entries > 1;
    }
    if (ranked)
        score.average = statistics_average_exact(rows, score.entries);
    return score;
}

static void assert_list(
    const struct fixture *fixture, const struct scored *scored, uint32_t place, uint32_t *compared)
{
    const struct statistics_list *list = &scored->scores.lists[place];
    uint32_t listed = 0, persons = 0;
    for (uint32_t person = 0; person < fixture->source.person_count; person++) {
        struct statistics_score score = plain_score(fixture, &scored->scopes, place, person);
        persons += score.entries > 0;
        if (score.entries < (place == 0 ? 1 : 2))
            continue;
        assert_true(listed < list->count);
        assert_score(&list->scores[listed++], person, score.poles, score.bested, score.podiums, score.average,
            score.entries);
    }
    assert_int_equal(listed, list->count);
    assert_int_equal(persons, list->persons);
    *compared += listed;
}

static void test_random_rows(void **state)
{
    (void)state;
    uint32_t compared = 0, exact = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct fixture *fixture = fixture_make(seed);
        struct scored scored;
        for (uint32_t i = 1; i <= 6; i++)
            fixture_add_class(fixture, i, "some");
        fixture_add_superclass(fixture, "all", (const uint32_t[]){1, 2, 3, 4, 5, 6, 7, 0});
        fixture_add_superclass(fixture, "even", (const uint32_t[]){2, 4, 6, 8, 0});
        for (uint32_t i = 0; i < 12; i++)
            fixture_add_person(fixture, "somebody", "");
        for (uint32_t i = fixture_below(fixture, 400); i > 0; i--) {
            uint32_t entries = 1 + fixture_below(fixture, seed % 3 ? 165 : 5);
            fixture_add_row(fixture, fixture_below(fixture, 12), 1 + fixture_below(fixture, 9),
                1 + fixture_below(fixture, entries + 1), entries);
        }
        score_on(fixture, NULL, 1 + (unsigned)seed % 3, &scored);
        for (uint32_t place = 0; place < scored.scopes.count; place++)
            assert_list(fixture, &scored, place, &compared);
        exact += (uint32_t)scored.scores.exact_averages;
        release(&scored);
        fixture_free(fixture);
    }
    assert_true(compared > 1000);
    assert_true(exact > 0);
}

static void test_stopped(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct scored scored;
    fixture_fill_example(fixture);
    guard_open(&scored.guard, 60000, 0);
    scored.scopes = statistics_scopes_make(
        &fixture->snapshot.catalogue, fixture->boards, fixture->snapshot.board_count, NULL);
    guard_fail(&scored.guard, "enough");
    assert_false(statistics_scores_make(&scored.scores, &fixture->source, &scored.scopes, 2, &scored.guard));
    release(&scored);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_limits_of_a_row),
        cmocka_unit_test(test_many_rows_of_one_person),
        cmocka_unit_test(test_only_what_is_touched),
        cmocka_unit_test(test_random_rows),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
