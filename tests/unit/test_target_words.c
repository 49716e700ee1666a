#include "coordinator/ctl/target_words.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct catalogue_item tracks[] = {
    {10, "Circuit de Spa-Francorchamps - Grand Prix"},
    {20, "Monza Circuit - Grand Prix"},
    {21, "Monza Circuit - Junior"},
    {30, "Nürburgring - Nordschleife"},
    {40, "Suzuka Circuit"},
    {41, "Suzuka Circuit - East"},
    {50, "DTM Arena"},
};
static const struct catalogue_item classes[] = {
    {1, "GTR 3"}, {2, "GTR 2"}, {3, "DTM 2020"}, {4, "DTM 2021"}, {5, "Tatuus F4"}};

struct fixture {
    struct catalogue catalogue;
    struct control_request request;
    char problem[TARGET_WORDS_PROBLEM_SIZE];
    unsigned asked;
    uint32_t answer; /* how many of those asked about are chosen, from the second on */
};

static void fill(struct catalogue *catalogue, struct catalogue_items *items,
    const struct catalogue_item *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_null(catalogue_add_item(catalogue, items, from[i].id, from[i].name, strlen(from[i].name)));
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.catalogue = catalogue_make()};
    fill(&fixture.catalogue, &fixture.catalogue.tracks, tracks, sizeof tracks / sizeof *tracks);
    fill(&fixture.catalogue, &fixture.catalogue.classes, classes, sizeof classes / sizeof *classes);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    catalogue_free(&((struct fixture *)*state)->catalogue);
    return 0;
}

static uint32_t choose(
    void *context, const char *word, enum target_kind kind, const struct name_match *match, uint32_t *chosen)
{
    struct fixture *fixture = context;
    (void)word;
    (void)kind;
    fixture->asked++;
    for (uint32_t i = 0; i < fixture->answer; i++)
        chosen[i] = (i + 1) % match->count;
    return fixture->answer;
}

static bool resolve(struct fixture *fixture, unsigned count, const char *const *words)
{
    const struct target_asker asker = {choose, fixture};
    char copies[8][400], *pointers[8];
    for (unsigned i = 0; i < count; i++) {
        memcpy(copies[i], words[i], strlen(words[i]) + 1);
        pointers[i] = copies[i];
    }
    fixture->request.target_count = 0;
    return target_words_resolve(
        count, pointers, &fixture->catalogue, &asker, &fixture->request, fixture->problem);
}

/* `words` and what they mean, each ended by NULL. */
static void expect(struct fixture *fixture, const char *const *words, const char *const *wanted)
{
    unsigned count = 0, targets = 0;
    while (words[count])
        count++;
    assert_true(resolve(fixture, count, words));
    for (; wanted[targets]; targets++) {
        assert_true(targets < fixture->request.target_count);
        assert_string_equal(fixture->request.targets[targets], wanted[targets]);
    }
    assert_int_equal(fixture->request.target_count, targets);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void identifiers_are_left_to_the_coordinator(void **state)
{
    expect(*state, WORDS("1671-1703"), WORDS("1671-1703"));
    expect(*state, WORDS("10", "20"), WORDS("10", "20"));
    expect(*state, WORDS("10", "20-1", "99999"), WORDS("10", "20-1", "99999"));
    expect(*state, WORDS("1-2-3", "007", "99999999999"), WORDS("1-2-3", "007", "99999999999"));
}

static void a_name_is_a_track(void **state)
{
    expect(*state, WORDS("spa"), WORDS("10"));
    expect(*state, WORDS("nurburgring"), WORDS("30"));
    expect(*state, WORDS("SPA", "nords"), WORDS("10", "30"));
    expect(*state, WORDS("junior monza"), WORDS("21")); /* its words in any order */
}

static void a_class_follows_its_track(void **state)
{
    expect(*state, WORDS("Spa", "GTR 3"), WORDS("10-1"));
    expect(*state, WORDS("10", "gtr 2"), WORDS("10-2"));
    expect(*state, WORDS("spa", "gtr 3", "nords", "f4"), WORDS("10-1", "30-5"));
    expect(*state, WORDS("spa", "nords", "f4", "20-1"), WORDS("10", "30-5", "20-1"));
}

static void a_whole_name_means_that_one(void **state)
{
    struct fixture *fixture = *state;
    expect(fixture, WORDS("suzuka circuit"), WORDS("40"));
    assert_int_equal(fixture->asked, 0);
}

static void who_could_mean_several_is_asked(void **state)
{
    struct fixture *fixture = *state;
    fixture->answer = 1;
    expect(fixture, WORDS("monza"), WORDS("21"));
    assert_int_equal(fixture->asked, 1);
    expect(fixture, WORDS("monza", "gtr"), WORDS("21-2"));
    assert_int_equal(fixture->asked, 3);
    fixture->answer = 2;
    expect(fixture, WORDS("monza", "gtr"), WORDS("21-2", "21-1", "20-2", "20-1"));
    fixture->answer = 0;
    assert_false(resolve(fixture, 1, WORDS("monza")));
    assert_string_equal(fixture->problem, "");
}

static void a_word_that_could_be_both(void **state)
{
    struct fixture *fixture = *state;
    expect(fixture, WORDS("dtm"), WORDS("50")); /* no track in front of it: a track */
    fixture->answer = 1;
    expect(fixture, WORDS("spa", "dtm"), WORDS("10-4"));
}

static void what_is_wrong_is_said(void **state)
{
    struct fixture *fixture = *state;
    assert_false(resolve(fixture, 1, WORDS("GTR 3")));
    assert_non_null(strstr(fixture->problem, "is a class"));
    assert_false(resolve(fixture, 1, WORDS("nowhere")));
    assert_non_null(strstr(fixture->problem, "\"nowhere\""));
    assert_false(resolve(fixture, 2, WORDS("spa", "nothing")));
    assert_false(resolve(fixture, 1, WORDS("")));
    assert_false(resolve(fixture, 1, WORDS("\xff")));
    assert_false(resolve(fixture, 1, WORDS("11111111111111111111111111111111111111111111111111")));
    assert_non_null(strstr(fixture->problem, "no identifier"));
}

static void names_are_needed_for_names_only(void **state)
{
    (void)state;
    char id[] = "1671", pair[] = "1671-1703", name[] = "Spa";
    assert_false(target_words_need_names(0, NULL));
    assert_false(target_words_need_names(2, (char *[]){id, pair}));
    assert_true(target_words_need_names(2, (char *[]){id, name}));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(identifiers_are_left_to_the_coordinator),
        TEST(a_name_is_a_track),
        TEST(a_class_follows_its_track),
        TEST(a_whole_name_means_that_one),
        TEST(who_could_mean_several_is_asked),
        TEST(a_word_that_could_be_both),
        TEST(what_is_wrong_is_said),
        TEST(names_are_needed_for_names_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
