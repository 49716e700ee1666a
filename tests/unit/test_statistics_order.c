#include "exporter/statistics_order.h"

#include "exporter/statistics_names.h"
#include "tests/unit/statistics_fixture.h"

#define PERSONS 2500u

static void test_names(void **state)
{
    (void)state;
    /* Ascending, but for their persons. */
    static const char *const ascending[][2] = {{"", "z"}, {"A", "a"}, {"A", "b"}, {"A ", "a"},
        {"Aaaaaaaa", "a"}, {"Aaaaaaaa", "aa"}, {"Aaaaaaaaa", "a"}, {"Aaaaaaaab", "a"}, {"a", "A"}, {"Ä", "a"},
        {"山", "a"}, {"😀", "a"}};
    const uint32_t count = sizeof ascending / sizeof *ascending;
    struct fixture *fixture = fixture_make(1);
    for (uint32_t i = 0; i < count; i++)
        fixture_add_person(fixture, ascending[i * 5 % count][0], ascending[i * 5 % count][1]);
    fixture_add_person(fixture, "A", "a"); /* another with the same name and key */
    uint32_t *ranks = statistics_names_rank(&fixture->source);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i * 5 % count;
        assert_int_equal(ranks[i], at <= 1 ? at : at + 1);
    }
    assert_int_equal(ranks[count], 2);
    free(ranks);
    fixture->source.person_count = 0;
    free(statistics_names_rank(&fixture->source));
    fixture_free(fixture);
}

static int compare_names(const void *left, const void *right, void *context)
{
    const struct fixture_person *a = &((struct fixture *)context)->persons[*(const uint32_t *)left];
    const struct fixture_person *b = &((struct fixture *)context)->persons[*(const uint32_t *)right];
    int order = strcmp(a->name, b->name);
    if (!order)
        order = strcmp(a->key, b->key);
    return order ? order : (a > b) - (a < b);
}

/* Many names that are the same for one, two or three times eight bytes, and many persons of one name. */
static void test_many_names(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "", "A", "Aaaaaaaa", "Aaaaaaaaaaaaaaaa", "Aaaaaaaaaaaaaaab", "Aaaaaaaaaaaa", "Ä", "Zaaaaaaa"};
    struct fixture *fixture = fixture_make(3);
    uint32_t expected[FIXTURE_PERSONS_MAX];
    for (uint32_t i = 0; i < FIXTURE_PERSONS_MAX; i++) {
        char name[FIXTURE_TEXT_SIZE], key[FIXTURE_TEXT_SIZE];
        (void)snprintf(name, sizeof name, "%s%.*s", starts[fixture_below(fixture, 8)],
            (int)fixture_below(fixture, 4), i % 3 ? "bcd" : "");
        (void)snprintf(key, sizeof key, "%u", fixture_below(fixture, 4));
        fixture_add_person(fixture, name, key);
        expected[i] = i;
    }
    qsort_r(expected, FIXTURE_PERSONS_MAX, sizeof *expected, compare_names, fixture);
    uint32_t *ranks = statistics_names_rank(&fixture->source);
    for (uint32_t rank = 0; rank < FIXTURE_PERSONS_MAX; rank++)
        assert_int_equal(ranks[expected[rank]], rank);
    free(ranks);
    fixture_free(fixture);
}

/* An end and a zero byte are not the same, on both sides of eight bytes. */
static void zero_name(void *context, uint32_t person, struct statistics_person *out)
{
    static const char zeroes[64] = "Aaaaaa";
    (void)context;
    *out = (struct statistics_person){.name = {zeroes, 6 + (person * 7 + 3) % 40}};
}

static void test_zeroes_in_names(void **state)
{
    (void)state;
    const struct statistics_source source = {.person_count = 40, .person = zero_name};
    uint32_t *ranks = statistics_names_rank(&source);
    for (uint32_t person = 0; person < 40; person++)
        assert_int_equal(ranks[person], (person * 7 + 3) % 40);
    free(ranks);
}

struct lists {
    struct statistics_score scores[PERSONS];
    uint32_t ranks[PERSONS]; /* by person */
    uint32_t expected[PERSONS];
    uint32_t expected_count;
};

/* Few different figures, so that most of them tie; now and then large ones. */
static void fill(struct lists *lists, struct fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool large = fixture_below(fixture, 50) == 0;
        lists->scores[i] = (struct statistics_score){
            .person = i,
            .entries = 1 + fixture_below(fixture, large ? 2000000 : 8),
            .poles = fixture_below(fixture, large ? 2000000 : 3),
            .podiums = fixture_below(fixture, large ? 2000000 : 3),
            .bested = large ? (uint64_t)fixture_below(fixture, 1u << 30) << 20 : fixture_below(fixture, 130),
            .average = 100 * (int64_t)fixture_below(fixture, 4) - (large ? 100000000 : 100),
        };
        if (fixture_below(fixture, 9) == 0)
            lists->scores[i].average = STATISTICS_NO_AVERAGE;
        lists->ranks[i] = i;
    }
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = fixture_below(fixture, i), rank = lists->ranks[i - 1];
        lists->ranks[i - 1] = lists->ranks[other];
        lists->ranks[other] = rank;
    }
}

/* FORMATS' table, in words of its own. */
static bool wanted(
    const struct statistics_score *score, enum statistics_sort sort, enum statistics_choice choice)
{
    bool average = sort == STATISTICS_SORT_AVG_BESTED;
    if (choice == STATISTICS_CATEGORY && (score->entries < 2 || (average && score->bested < 10)))
        return false;
    if (choice == STATISTICS_TOP && average && (score->entries < 5 || score->bested < 100))
        return false;
    return (sort == STATISTICS_SORT_POLE && score->poles > 0) ||
           (sort == STATISTICS_SORT_BESTED && score->bested > 0) ||
           (sort == STATISTICS_SORT_PODIUM && score->podiums > 0) ||
           (average && score->average != INT64_MIN) || sort == STATISTICS_SORT_ENTRIES;
}

static int64_t difference(uint64_t left, uint64_t right)
{
    return (int64_t)right - (int64_t)left; /* descending */
}

static bool is_before(const struct lists *lists, uint32_t left, uint32_t right, enum statistics_sort sort)
{
    const struct statistics_score *a = &lists->scores[left], *b = &lists->scores[right];
    int64_t poles = difference(a->poles, b->poles), bested = difference(a->bested, b->bested);
    int64_t entries = difference(a->entries, b->entries);
    int64_t average = (b->average == INT64_MIN ? 0 : b->average) - (a->average == INT64_MIN ? 0 : a->average);
    const int64_t decisions[STATISTICS_SORT_COUNT][3] = {{poles, bested}, {bested, poles},
        {difference(a->podiums, b->podiums), poles}, {average, entries, bested}, {entries, average, bested}};
    for (unsigned i = 0; i < 3; i++) {
        if (decisions[sort][i])
            return decisions[sort][i] < 0;
    }
    return lists->ranks[a->person] < lists->ranks[b->person];
}

/* By insertion. */
static void expect(
    struct lists *lists, uint32_t count, enum statistics_sort sort, enum statistics_choice choice)
{
    lists->expected_count = 0;
    for (uint32_t place = 0; place < count; place++) {
        if (!wanted(&lists->scores[place], sort, choice))
            continue;
        uint32_t at = lists->expected_count++;
        for (; at > 0 && is_before(lists, place, lists->expected[at - 1], sort); at--)
            lists->expected[at] = lists->expected[at - 1];
        lists->expected[at] = place;
    }
    const uint32_t limits[] = {UINT32_MAX, 500, 1000};
    if (lists->expected_count > limits[choice])
        lists->expected_count = limits[choice];
}

static void assert_order(const struct statistics_order *order, const struct lists *lists)
{
    assert_int_equal(order->count, lists->expected_count);
    for (uint32_t place = 0; place < order->count; place++)
        assert_int_equal(order->places[place], lists->expected[place]);
}

static void test_random_lists(void **state)
{
    (void)state;
    static const uint32_t counts[] = {PERSONS, 0, 1, 2, 700};
    struct fixture *fixture = fixture_make(7);
    struct lists *lists = calloc(1, sizeof *lists);
    struct statistics_order order = {0};
    assert_non_null(lists);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        fill(lists, fixture, counts[i]);
        const struct statistics_list list = {.scores = lists->scores, .count = counts[i]};
        statistics_order_begin(&order, &list, lists->ranks);
        for (unsigned at = 0; at < STATISTICS_SORT_COUNT * 3; at++) {
            enum statistics_sort sort = (enum statistics_sort)(at / 3);
            enum statistics_choice choice = (enum statistics_choice)(at % 3);
            expect(lists, counts[i], sort, choice);
            statistics_order_make(&order, &list, sort, choice);
            assert_order(&order, lists);
            statistics_order_make(&order, &list, sort, STATISTICS_ALL);
            statistics_order_narrow(&order, &list, sort, choice);
            assert_order(&order, lists);
        }
    }
    statistics_order_free(&order);
    free(lists);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_zeroes_in_names),
        cmocka_unit_test(test_random_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
