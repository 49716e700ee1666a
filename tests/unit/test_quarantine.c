#include "tests/unit/unit.h"

#include <string.h>

#include "common/protocol.h"
#include "coordinator/claims.h"
#include "coordinator/quarantine.h"

#define DAY_MS QUARANTINE_MS

struct fixture {
    char folder[64];
    struct catalogue catalogue;
    struct plan *plan;
    struct store *store;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    unit_make_folder(fixture.folder);
    fixture.catalogue = catalogue_make();
    assert_null(catalogue_add_item(&fixture.catalogue, &fixture.catalogue.tracks, 10, "track", 5));
    for (uint32_t id = 1; id <= 3; id++)
        assert_null(catalogue_add_item(&fixture.catalogue, &fixture.catalogue.classes, id, "class", 5));
    fixture.plan = plan_open(&fixture.catalogue);
    fixture.store = store_open(fixture.folder, 16);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    plan_close(&fixture->plan);
    store_close(&fixture->store);
    catalogue_free(&fixture->catalogue);
    unit_remove_store(fixture->folder);
    return 0;
}

static struct record_board record_of(struct fixture *fixture, uint32_t class_id)
{
    struct record_board record;
    assert_true(store_get_board(fixture->store, 10, class_id, &record));
    return record;
}

static void the_third_death_puts_away_for_a_day(void **state)
{
    struct fixture *fixture = *state;
    assert_false(quarantine_note_death(fixture->store, fixture->plan, 0, 100, 1000));
    assert_false(quarantine_note_death(fixture->store, fixture->plan, 0, 200, 2000));
    assert_true(quarantine_note_death(fixture->store, fixture->plan, 0, 300, 3000));
    struct record_board record = record_of(fixture, 1);
    assert_int_equal(record.worker_deaths, 3);
    assert_int_equal(record.quarantined_until_ms, 3000 + DAY_MS);
    assert_int_equal(record.fetched_at_ms, 0);
    struct plan_counts counts = plan_count_states(fixture->plan, 300);
    assert_int_equal(counts.quarantined, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.missing, 3);
    assert_int_equal(plan_take(fixture->plan, 300), 1);
    assert_int_equal(plan_take(fixture->plan, 300), 2);
    assert_int_equal(plan_take(fixture->plan, 299 + DAY_MS), PLAN_NONE);
    assert_int_equal(plan_take(fixture->plan, 300 + DAY_MS), 0);
    assert_int_equal(plan_count_states(fixture->plan, 300).quarantined, 0);
}

static void after_its_day_the_count_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < QUARANTINE_DEATHS; i++)
        quarantine_note_death(fixture->store, fixture->plan, 0, 0, 1000);
    plan_take(fixture->plan, DAY_MS + 1);
    plan_take(fixture->plan, DAY_MS + 1);
    assert_int_equal(plan_take(fixture->plan, DAY_MS + 1), 0);
    plan_retry(fixture->plan, 0, DAY_MS + 1);
    assert_false(quarantine_note_death(fixture->store, fixture->plan, 0, DAY_MS + 1, 1000 + DAY_MS + 1));
    assert_int_equal(record_of(fixture, 1).worker_deaths, 1);
    assert_int_equal(record_of(fixture, 1).quarantined_until_ms, 0);
}

static void a_release_makes_it_due_and_forgets_the_deaths(void **state)
{
    struct fixture *fixture = *state;
    assert_false(quarantine_release(fixture->store, fixture->plan, 0, 0));
    for (int i = 0; i < QUARANTINE_DEATHS; i++)
        quarantine_note_death(fixture->store, fixture->plan, 0, 0, 1000);
    assert_true(quarantine_release(fixture->store, fixture->plan, 0, 50));
    assert_int_equal(record_of(fixture, 1).worker_deaths, 0);
    assert_int_equal(record_of(fixture, 1).quarantined_until_ms, 0);
    assert_int_equal(plan_count_states(fixture->plan, 50).due, 3);
    assert_false(quarantine_release(fixture->store, fixture->plan, 0, 50));
}

static void a_restart_keeps_it_and_a_clock_cannot_stretch_it(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int64_t until_ms, wall_ms, due_ms; /* due_ms 0: not quarantined */
    } cases[] = {
        {1000 + DAY_MS, 1000, 77 + DAY_MS},
        {1000 + DAY_MS, 1000 + DAY_MS / 2, 77 + DAY_MS / 2},
        {1000 + DAY_MS, 1000 + DAY_MS, 0},
        {1000 + DAY_MS, 1000 + 2 * DAY_MS, 0},
        {INT64_MAX, 1000, 77 + DAY_MS}, /* written "in the future" */
        {0, 1000, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record_board record = {.quarantined_until_ms = cases[i].until_ms};
        bool kept = quarantine_learn(fixture->plan, 2, &record, 77, cases[i].wall_ms);
        assert_int_equal(kept, cases[i].due_ms != 0);
        if (kept)
            assert_int_equal(plan_entry(fixture->plan, 2)->due_ms, cases[i].due_ms);
        if (kept)
            plan_release(fixture->plan, 2, PLAN_MISSING);
    }
}

static void take_over(struct fixture *fixture, const char *list, unsigned expected)
{
    store_put_meta(fixture->store, RECORD_META_CLAIMS, list, strlen(list));
    store_commit(fixture->store);
    assert_int_equal(claims_take_over(fixture->store, &fixture->catalogue, 1000), expected);
    struct buffer now = buffer_make(100);
    assert_int_equal(store_get_meta(fixture->store, RECORD_META_CLAIMS, &now), STORE_META_FOUND);
    assert_string_equal(buffer_string(&now), "[]");
    buffer_free(&now);
}

static void what_was_handed_out_at_an_unclean_end_counts(void **state)
{
    struct fixture *fixture = *state;
    take_over(fixture, "[[10,1],[10,9],[99,1],[10,2]]", 2);
    take_over(fixture, "[]", 0);
    assert_int_equal(record_of(fixture, 1).worker_deaths, 1);
    assert_int_equal(record_of(fixture, 2).worker_deaths, 1);
    take_over(fixture, "[[10,1]]", 1);
    take_over(fixture, "[[10,1]]", 1);
    assert_int_equal(record_of(fixture, 1).quarantined_until_ms, 1000 + DAY_MS);
    assert_int_equal(record_of(fixture, 2).quarantined_until_ms, 0);
    struct record_board record;
    assert_false(store_get_board(fixture->store, 99, 1, &record));
}

static void suspects_go_one_by_one_behind_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct record_board record = {.worker_deaths = 1};
    assert_false(quarantine_learn(fixture->plan, 0, &record, 500, 1000));
    assert_false(quarantine_learn(fixture->plan, 1, &record, 500, 1000));
    assert_int_equal(plan_take(fixture->plan, 500), 2);
    assert_true(plan_busy(fixture->plan, 0));
    assert_int_equal(plan_take(fixture->plan, 499 + QUARANTINE_SPACE_MS), PLAN_NONE);
    assert_int_equal(plan_take(fixture->plan, 500 + QUARANTINE_SPACE_MS), 0);
    assert_int_equal(plan_take(fixture->plan, 500 + QUARANTINE_SPACE_MS), PLAN_NONE);
    assert_int_equal(plan_take(fixture->plan, 500 + 2 * QUARANTINE_SPACE_MS), 1);
    assert_int_equal(plan_entry(fixture->plan, 0)->attempt, 1);
    assert_true(plan_entry(fixture->plan, 0)->missing);
}

static void a_broken_list_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    static const char *const lists[] = {"", "{", "{}", "7", "[1,2]", "[[]]", "[[\"10\",1]]", "[[10]]",
        "[[-10,1]]", "[[1e300,1]]", "[[[10,1]]]", "[null]"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        take_over(fixture, lists[i], 0);
    struct record_board record;
    assert_false(store_get_board(fixture->store, 10, 1, &record));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(the_third_death_puts_away_for_a_day),
        WITH_STORE(after_its_day_the_count_begins_anew),
        WITH_STORE(a_release_makes_it_due_and_forgets_the_deaths),
        WITH_STORE(a_restart_keeps_it_and_a_clock_cannot_stretch_it),
        WITH_STORE(what_was_handed_out_at_an_unclean_end_counts),
        WITH_STORE(suspects_go_one_by_one_behind_the_others),
        WITH_STORE(a_broken_list_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
