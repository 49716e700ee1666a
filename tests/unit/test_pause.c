#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/pause.h"

#define NOW_MS  ((int64_t)5000)
#define WALL_MS ((int64_t)1767434400000) /* 2026-01-03T10:00:00Z */

struct fixture {
    char folder[64];
    struct store *store;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    unit_make_folder(fixture.folder);
    fixture.store = store_open(fixture.folder, 16);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    store_close(&fixture->store);
    unit_remove_store(fixture->folder);
    return 0;
}

/* What a start finds: how long the pause goes on; 0: there is none. */
static int64_t left_ms(struct fixture *fixture, int64_t wall_ms)
{
    struct holds holds = {0};
    store_commit(fixture->store);
    pause_load(fixture->store, &holds, NOW_MS, wall_ms);
    const struct hold *hold = holds_get(&holds, HOLD_PAUSED, NOW_MS);
    if (!hold)
        return 0;
    assert_non_null(strstr(hold->text, "since 2026-01-03T10:00:00Z: a \"reason\"; r3ectl resume"));
    return hold->until_ms == HOLD_FOREVER ? HOLD_FOREVER : hold->until_ms - NOW_MS;
}

static void it_goes_on_until_it_is_resumed(void **state)
{
    struct fixture *fixture = *state;
    struct holds holds = {0};
    assert_int_equal(left_ms(fixture, WALL_MS), 0);
    pause_begin(fixture->store, &holds, 0, "a \"reason\"", NOW_MS, WALL_MS);
    assert_int_equal(holds_get(&holds, HOLD_PAUSED, NOW_MS)->until_ms, HOLD_FOREVER);
    assert_int_equal(left_ms(fixture, WALL_MS), HOLD_FOREVER);
    assert_int_equal(left_ms(fixture, WALL_MS + INT64_C(1000) * 86400 * 1000), HOLD_FOREVER);
    assert_true(pause_end(fixture->store, &holds, NOW_MS));
    assert_false(pause_end(fixture->store, &holds, NOW_MS));
    assert_null(holds_get(&holds, HOLD_PAUSED, NOW_MS));
    assert_int_equal(left_ms(fixture, WALL_MS), 0);
}

static void one_for_a_time_ends_and_a_clock_cannot_stretch_it(void **state)
{
    struct fixture *fixture = *state;
    struct holds holds = {0};
    pause_begin(fixture->store, &holds, 60, "a \"reason\"", NOW_MS, WALL_MS);
    assert_non_null(holds_get(&holds, HOLD_PAUSED, NOW_MS + 59999));
    assert_null(holds_get(&holds, HOLD_PAUSED, NOW_MS + 60000));
    assert_int_equal(left_ms(fixture, WALL_MS), 60000);
    assert_int_equal(left_ms(fixture, WALL_MS + 20000), 40000);
    assert_int_equal(left_ms(fixture, WALL_MS + 60000), 0);
    assert_int_equal(left_ms(fixture, WALL_MS - 86400000), 60000);
}

static void a_broken_record_is_no_pause(void **state)
{
    struct fixture *fixture = *state;
    static const char *const records[] = {"", "{", "[]", "7", "{\"since_ms\":-1}", "{\"since_ms\":\"x\"}",
        "{\"since_ms\":1e300}", "{\"for_ms\":5}"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        store_put_meta(fixture->store, RECORD_META_PAUSE, records[i], strlen(records[i]));
        assert_int_equal(left_ms(fixture, WALL_MS), 0);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(it_goes_on_until_it_is_resumed),
        WITH(one_for_a_time_ends_and_a_clock_cannot_stretch_it),
        WITH(a_broken_record_is_no_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
