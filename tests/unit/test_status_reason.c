#include "coordinator/status_reason.h"

#include <time.h>

#include "tests/unit/unit.h"

#define WALL_MS ((int64_t)1767434400000) /* 2026-01-03T10:00:00Z, a Saturday */
#define HOUR_MS ((int64_t)3600 * 1000)

static void expect(const struct status_reason_facts *facts, const char *wanted)
{
    char reason[STATUS_REASON_SIZE];
    status_reason(facts, reason);
    assert_string_equal(reason, wanted);
}

static void test_a_hold_is_the_reason(void **state)
{
    (void)state;
    struct hold hold = {.set = true, .text = "paused by an operator"};
    struct status_reason_facts facts = {.state = STATUS_FETCHING, .hold = &hold, .missing = 3};
    expect(&facts, "paused by an operator");
}

static void test_fetching(void **state)
{
    (void)state;
    struct status_reason_facts facts = {.state = STATUS_FETCHING, .total = 2400, .left = 7};
    expect(&facts, "7 boards are too old");
    facts.retrying = 7;
    expect(&facts, "7 boards failed and wait for their next attempt");
    facts.missing = 5;
    expect(&facts, "5 boards were never fetched");
    facts.progress.full_since_ms = WALL_MS;
    facts.progress.full_left = 812;
    expect(&facts, "a full refresh, 812 of 2400 boards are left");
    facts.progress.targeted_left = 2;
    expect(&facts, "2 boards that were asked for by name come first");
}

static void test_a_single_board(void **state)
{
    (void)state;
    struct status_reason_facts facts = {.state = STATUS_FETCHING, .total = 2400, .left = 1};
    expect(&facts, "1 board is too old");
    facts.retrying = 1;
    expect(&facts, "1 board failed and waits for its next attempt");
    facts.missing = 1;
    expect(&facts, "1 board was never fetched");
    facts.progress.full_since_ms = WALL_MS;
    facts.progress.full_left = 1;
    expect(&facts, "a full refresh, 1 of 2400 boards is left");
    facts.progress.targeted_left = 1;
    expect(&facts, "1 board that was asked for by name comes first");
}

static void test_waiting(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    struct status_reason_facts facts = {.state = STATUS_WAITING, .wall_ms = WALL_MS};
    expect(&facts, "nothing is due");
    facts.next_due_wall_ms = WALL_MS + 2 * HOUR_MS;
    expect(&facts, "waiting for 13:00, when the next board is due");
    facts.progress.next_daily_ms = WALL_MS + HOUR_MS;
    expect(&facts, "waiting for 12:00, the daily refresh");
    facts.progress.next_daily_ms = WALL_MS + 3 * HOUR_MS;
    expect(&facts, "waiting for 13:00, when the next board is due");
    facts.next_due_wall_ms = 0;
    facts.progress.next_daily_ms = WALL_MS + 48 * HOUR_MS;
    expect(&facts, "waiting for Monday 11:00, the daily refresh");
    facts.progress.next_daily_ms = WALL_MS + 400 * HOUR_MS;
    expect(&facts, "waiting for 2026-01-20 03:00, the daily refresh");
}

static void test_every_state_has_a_reason(void **state)
{
    (void)state;
#define X(name, string) name,
    static const enum status_state all[] = {STATUS_STATES(X)};
#undef X
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char reason[STATUS_REASON_SIZE] = "";
        status_reason(&(struct status_reason_facts){.state = all[i]}, reason);
        assert_true(reason[0] != '\0');
    }
}

static void who_is_done_is_not_held_back_by_its_end(void **state)
{
    (void)state;
    struct holds holds = {0};
    const struct status_sources from = {.holds = &holds};
    struct status_moment at = {.state = STATUS_DONE, .now_ms = 5};
    enum hold_kind kind;
    assert_null(status_hold(&from, &at, &kind));
    holds_set(&holds, HOLD_STOPPING, HOLD_FOREVER, 5, "the coordinator is stopping");
    assert_null(status_hold(&from, &at, &kind));
    at.state = STATUS_STOPPING;
    assert_ptr_equal(status_hold(&from, &at, &kind), holds_get(&holds, HOLD_STOPPING, 5));
    at.state = STATUS_DONE;
    holds_set(&holds, HOLD_STORE_ERROR, HOLD_FOREVER, 5, "no disk");
    assert_ptr_equal(status_hold(&from, &at, &kind), holds_get(&holds, HOLD_STORE_ERROR, 5));
    assert_int_equal(kind, HOLD_STORE_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hold_is_the_reason),
        cmocka_unit_test(test_fetching),
        cmocka_unit_test(test_a_single_board),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_every_state_has_a_reason),
        cmocka_unit_test(who_is_done_is_not_held_back_by_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
