#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/breaker.h"

#define PAUSE_MS 300000

static struct answer failed(uint64_t board, uint64_t lease)
{
    return (struct answer){.kind = ANSWER_FAILED, .failure = FAILURE_TIMEOUT, .board = board, .lease = lease};
}

static struct answer of_kind(enum answer_kind kind, uint64_t board, uint64_t lease)
{
    return (struct answer){.kind = kind, .board = board, .lease = lease};
}

static bool tell(struct breaker *breaker, struct answer answer, int64_t now_ms)
{
    return breaker_answered(breaker, &answer, now_ms);
}

static int open_one(void **state)
{
    static struct breaker breaker;
    breaker_init(&breaker, 5, PAUSE_MS);
    for (uint64_t board = 1; board <= 4; board++)
        assert_false(tell(&breaker, failed(board, board), 0));
    assert_true(breaker_allows(&breaker, 0, 0));
    assert_true(tell(&breaker, failed(5, 5), 1000));
    *state = &breaker;
    return 0;
}

static void opens_after_failures_of_different_boards_in_a_row(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, 5, PAUSE_MS);
    for (int i = 0; i < 100; i++)
        assert_false(tell(&breaker, failed(1, 1), 0)); /* one bad board, again and again */
    for (uint64_t board = 1; board <= 4; board++)
        assert_false(tell(&breaker, failed(board, 1), 0));
    tell(&breaker, of_kind(ANSWER_VALID, 9, 1), 0); /* ends the row */
    for (uint64_t board = 1; board <= 4; board++)
        assert_false(tell(&breaker, failed(board, 1), 0));
    assert_false(tell(&breaker, of_kind(ANSWER_NEUTRAL, 10, 1), 0)); /* a 404 neither ends nor adds */
    assert_true(tell(&breaker, failed(5, 1), 0));
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_int_equal(breaker.reason, FAILURE_TIMEOUT);
    assert_false(breaker.mixed);
}

static void stops_sooner_when_we_are_not_wanted(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, 5, PAUSE_MS);
    assert_false(tell(&breaker, of_kind(ANSWER_BLOCKED, 1, 1), 0));
    assert_false(tell(&breaker, of_kind(ANSWER_BLOCKED, 2, 1), 0));
    assert_true(tell(&breaker, of_kind(ANSWER_BLOCKED, 3, 1), 0));
}

static void lets_one_request_try_after_the_pause(void **state)
{
    struct breaker *breaker = *state;
    assert_false(breaker_allows(breaker, 0, 1000 + PAUSE_MS - 1));
    assert_true(breaker_allows(breaker, 0, 1000 + PAUSE_MS));
    breaker_sent(breaker, 42, 1000 + PAUSE_MS);
    assert_false(breaker_allows(breaker, 0, 10 * PAUSE_MS));
    assert_false(breaker_allows(breaker, 41, 10 * PAUSE_MS));
    assert_true(breaker_allows(breaker, 42, 1001 + PAUSE_MS)); /* its further pages */
    assert_true(tell(breaker, of_kind(ANSWER_VALID, 7, 42), 2000 + PAUSE_MS));
    assert_int_equal(breaker->state, BREAKER_CLOSED);
    assert_true(breaker_allows(breaker, 0, 2000 + PAUSE_MS));
    assert_int_equal(breaker->failures, 0);
}

static void opens_again_when_the_probe_fails(void **state)
{
    struct breaker *breaker = *state;
    int64_t now = 1000 + PAUSE_MS;
    for (unsigned probes = 1; probes < 6; probes++) {
        breaker_sent(breaker, 42, now);
        assert_false(tell(breaker, failed(1, 42), now + 120000));
        assert_int_equal(breaker->probes, probes);
        assert_false(breaker_allows(breaker, 0, now + 120000 + PAUSE_MS - 1));
        now += 120000 + PAUSE_MS;
        assert_true(breaker_allows(breaker, 0, now));
    }
}

static void what_was_under_way_changes_nothing(void **state)
{
    struct breaker *breaker = *state;
    assert_false(tell(breaker, of_kind(ANSWER_VALID, 8, 3), 2000));
    assert_false(tell(breaker, failed(9, 4), 3000));
    assert_int_equal(breaker->until_ms, 1000 + PAUSE_MS);
    breaker_sent(breaker, 42, 1000 + PAUSE_MS);
    assert_false(tell(breaker, of_kind(ANSWER_VALID, 8, 3), 1001 + PAUSE_MS));
    assert_false(tell(breaker, failed(9, 0), 1001 + PAUSE_MS));
    assert_int_equal(breaker->state, BREAKER_PROBE);
}

static void only_a_valid_answer_closes_it(void **state)
{
    struct breaker *breaker = *state;
    breaker_sent(breaker, 42, 1000 + PAUSE_MS);
    assert_false(tell(breaker, of_kind(ANSWER_NEUTRAL, 7, 42), 2000 + PAUSE_MS));
    assert_int_equal(breaker->state, BREAKER_OPEN);
    assert_int_equal(breaker->reason, FAILURE_TIMEOUT);
}

static void a_probe_whose_worker_died_waits_for_its_pause(void **state)
{
    struct breaker *breaker = *state;
    breaker_sent(breaker, 42, 1000 + PAUSE_MS);
    breaker_lost(breaker, 41, 1500 + PAUSE_MS);
    assert_int_equal(breaker->state, BREAKER_PROBE);
    breaker_lost(breaker, 42, 2000 + PAUSE_MS);
    assert_false(breaker_allows(breaker, 0, 1999 + 2 * PAUSE_MS));
    assert_true(breaker_allows(breaker, 0, 2000 + 2 * PAUSE_MS));
    assert_int_equal(breaker->probes, 0); /* it says nothing about the service */
}

static void goes_on_after_a_restart(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, 5, PAUSE_MS);
    breaker_restore(&breaker, 5, 2, 10 * PAUSE_MS, 0); /* the clock was set back meanwhile */
    assert_int_equal(breaker.until_ms, PAUSE_MS);
    assert_int_equal(breaker.probes, 2);
    breaker_init(&breaker, 5, PAUSE_MS);
    breaker_restore(&breaker, 4, 0, 0, 0);
    assert_true(breaker_allows(&breaker, 0, 0));
    assert_true(tell(&breaker, failed(1, 1), 0));
    assert_true(breaker.mixed);
}

/* With the service down, whatever the order of answers: at most one request in a pause. */
static void never_two_requests_within_a_pause(void **state)
{
    struct breaker *breaker = *state;
    int64_t last = 1000, now = 1000;
    uint64_t lease = 100;
    srandom(3);
    for (int step = 0; step < 100000; step++) {
        now += random() % 3000;
        if (breaker_allows(breaker, 0, now)) {
            assert_true(now - last >= PAUSE_MS);
            last = now;
            breaker_sent(breaker, ++lease, now);
        } else if (random() % 3 == 0) {
            long what = random() % 4;
            if (what == 0)
                breaker_lost(breaker, lease, now);
            else
                tell(breaker,
                    what == 1 ? of_kind(ANSWER_NEUTRAL, 1, lease) : failed((uint64_t)random(), lease), now);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_of_different_boards_in_a_row),
        cmocka_unit_test(stops_sooner_when_we_are_not_wanted),
        cmocka_unit_test_setup(lets_one_request_try_after_the_pause, open_one),
        cmocka_unit_test_setup(opens_again_when_the_probe_fails, open_one),
        cmocka_unit_test_setup(what_was_under_way_changes_nothing, open_one),
        cmocka_unit_test_setup(only_a_valid_answer_closes_it, open_one),
        cmocka_unit_test_setup(a_probe_whose_worker_died_waits_for_its_pause, open_one),
        cmocka_unit_test(goes_on_after_a_restart),
        cmocka_unit_test_setup(never_two_requests_within_a_pause, open_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
