#include "coordinator/accept.h"

#include <string.h>

#include "tests/unit/unit.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)
#define START  ((int64_t)1767434400000)

static const struct refresh_policy policy = {
    .max_age_ms = 24 * HOUR, .retries = 4, .backoff_ms = 30000, .backoff_most_ms = HOUR, .confirm_shrink = 3};

static struct record_board board_of(uint32_t entries)
{
    return (struct record_board){
        .fetched_at_ms = START, .entry_count = entries, .content_hash = {1}, .checks = 1, .worker_deaths = 2};
}

static enum accept_decision give(struct record_board *record, uint32_t entries, int64_t wall_ms)
{
    struct accept_answer answer = {.changed = true,
        .entries = entries,
        .hash = {(uint8_t)(entries + 2)},
        .lease = 7,
        .wall_ms = wall_ms};
    return accept_answer(&policy, record, &answer);
}

/* What one answer does to a board: known entries, answered entries. */
static void test_one_answer(void **state)
{
    (void)state;
    static const struct {
        uint32_t known, answered;
        enum accept_decision decision;
    } cases[] = {
        {0, 0, ACCEPT_REPLACE},
        {0, 5, ACCEPT_REPLACE},
        {1, 0, ACCEPT_ASIDE},
        {1, 1, ACCEPT_REPLACE},
        {3, 2, ACCEPT_REPLACE},
        {3, 1, ACCEPT_ASIDE},
        {300, 200, ACCEPT_REPLACE},
        {300, 199, ACCEPT_ASIDE},
        {300, 0, ACCEPT_ASIDE},
        {300, 100000, ACCEPT_REPLACE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record_board record = board_of(cases[i].known);
        assert_int_equal(give(&record, cases[i].answered, START + HOUR), cases[i].decision);
        bool aside = cases[i].decision == ACCEPT_ASIDE;
        assert_int_equal(record.entry_count, aside ? cases[i].known : cases[i].answered);
        assert_int_equal(record.fetched_at_ms, aside ? START : START + HOUR);
        assert_int_equal(record.empty_streak, aside);
        assert_int_equal(record.lease, 7);
    }
}

/* What a second answer, given 10 minutes after an empty or shrunken one, does to a board of 300. */
static void test_second_answer(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, second, streak;
        enum accept_decision decision;
    } cases[] = {
        {0, 0, 2, ACCEPT_ASIDE},
        {0, 1, 1, ACCEPT_ASIDE},
        {1, 0, 1, ACCEPT_ASIDE},
        {100, 110, 2, ACCEPT_ASIDE},
        {100, 112, 1, ACCEPT_ASIDE},
        {100, 90, 2, ACCEPT_ASIDE},
        {100, 89, 1, ACCEPT_ASIDE},
        {5, 7, 2, ACCEPT_ASIDE},
        {5, 8, 1, ACCEPT_ASIDE},
        {100, 250, 0, ACCEPT_REPLACE},
        {0, 300, 0, ACCEPT_REPLACE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record_board record = board_of(300);
        give(&record, cases[i].first, START);
        assert_int_equal(give(&record, cases[i].second, START + 10 * MINUTE), cases[i].decision);
        assert_int_equal(record.empty_streak, cases[i].streak);
        bool again = cases[i].streak == 2;
        assert_int_equal(record.candidate_entries, cases[i].streak ? cases[i].second : 0);
        assert_int_equal(record.candidate_since_ms, again                  ? START
                                                    : cases[i].streak == 1 ? START + 10 * MINUTE
                                                                           : 0);
    }
}

static void test_the_third_that_agrees_replaces(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    assert_int_equal(give(&record, 0, START), ACCEPT_ASIDE);
    assert_int_equal(give(&record, 0, START + 10 * MINUTE), ACCEPT_ASIDE);
    assert_int_equal(record.entry_count, 300);
    assert_int_equal(give(&record, 0, START + 60 * MINUTE), ACCEPT_REPLACE);
    assert_int_equal(record.entry_count, 0);
    assert_int_equal(record.empty_streak, 0);
    assert_int_equal(record.candidate_last_ms, 0);
    assert_int_equal(record.worker_deaths, 0);
}

/* Asking often does not make more of one answer. */
static void test_answers_must_be_separate(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    give(&record, 0, START);
    for (int i = 1; i < 10; i++)
        assert_int_equal(give(&record, 0, START + i * 1000), ACCEPT_ASIDE);
    assert_int_equal(record.empty_streak, 1);
    assert_int_equal(record.candidate_last_ms, START);
    give(&record, 0, START + 4 * MINUTE); /* half of 8 minutes */
    assert_int_equal(record.empty_streak, 2);
    assert_int_equal(give(&record, 0, START + 4 * MINUTE + 15 * MINUTE), ACCEPT_ASIDE);
    assert_int_equal(give(&record, 0, START + 4 * MINUTE + 16 * MINUTE), ACCEPT_REPLACE);
}

static void test_a_clock_set_back_blocks_nothing(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    give(&record, 0, START + 48 * HOUR);
    give(&record, 0, START);
    assert_int_equal(record.empty_streak, 2);
}

static void test_an_unchanged_answer_forgets_the_candidate(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    give(&record, 0, START);
    struct accept_answer same = {.lease = 9, .wall_ms = START + HOUR};
    assert_int_equal(accept_answer(&policy, &record, &same), ACCEPT_KEEP);
    assert_int_equal(record.empty_streak, 0);
    assert_int_equal(record.fetched_at_ms, START + HOUR);
    assert_int_equal(record.content_hash[0], 1);
    assert_int_equal(record.lease, 9);
}

static void test_a_failure_keeps_board_and_candidate(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    give(&record, 0, START);
    accept_failure(&record, FAILURE_TIMEOUT, 0, 8, START + MINUTE);
    assert_int_equal(record.empty_streak, 1);
    assert_int_equal(record.failure_streak, 1);
    assert_int_equal(record.gone_since_ms, 0);
    accept_failure(&record, FAILURE_HTTP_STATUS, 404, 9, START + 2 * MINUTE);
    accept_failure(&record, FAILURE_HTTP_STATUS, 410, 10, START + 3 * MINUTE);
    assert_int_equal(record.gone_since_ms, START + 2 * MINUTE);
    assert_int_equal(record.entry_count, 300);
    give(&record, 300, START + 4 * MINUTE);
    assert_int_equal(record.gone_since_ms, 0);
    assert_int_equal(record.failure_streak, 0);
    struct record_board never = {0};
    accept_failure(&never, FAILURE_HTTP_STATUS, 404, 1, START);
    assert_int_equal(never.gone_since_ms, 0);
}

static void test_distances_grow_and_end(void **state)
{
    (void)state;
    assert_int_equal(accept_distance_ms(&policy, 1), 8 * MINUTE);
    assert_int_equal(accept_distance_ms(&policy, 2), 32 * MINUTE);
    assert_int_equal(accept_distance_ms(&policy, 4), 6 * HOUR);
    assert_int_equal(accept_distance_ms(&policy, UINT32_MAX), 6 * HOUR);
}

static void test_when_it_is_due(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    assert_int_equal(accept_due_in_ms(&policy, &record, START + HOUR), 23 * HOUR);
    assert_int_equal(accept_due_in_ms(&policy, &record, START + 25 * HOUR), 0);
    assert_int_equal(accept_due_in_ms(&policy, &record, START - HOUR), 24 * HOUR);
    give(&record, 0, START + 30 * HOUR);
    assert_int_equal(accept_due_in_ms(&policy, &record, START + 30 * HOUR), 8 * MINUTE);
    assert_int_equal(accept_due_in_ms(&policy, &record, START + 31 * HOUR), 0);
    record = board_of(300);
    record.content_lost = true;
    assert_int_equal(accept_due_in_ms(&policy, &record, START), 0);
    record = (struct record_board){.worker_deaths = 1};
    assert_int_equal(accept_due_in_ms(&policy, &record, START), 0);
}

static void test_lost_content_is_replaced(void **state)
{
    (void)state;
    struct record_board record = board_of(300);
    record.content_lost = true;
    assert_int_equal(give(&record, 300, START + HOUR), ACCEPT_REPLACE);
    assert_false(record.content_lost);
}

static void test_statistics_forget(void **state)
{
    (void)state;
    struct record_board record = board_of(10);
    record.checks = (UINT64_C(1) << 20) - 1;
    record.rows_changed = 1000;
    give(&record, 14, START + HOUR);
    assert_int_equal(record.checks, UINT64_C(1) << 19);
    assert_int_equal(record.rows_changed, 502);
    assert_int_equal(record.watched_s, 1800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_answer),
        cmocka_unit_test(test_second_answer),
        cmocka_unit_test(test_the_third_that_agrees_replaces),
        cmocka_unit_test(test_answers_must_be_separate),
        cmocka_unit_test(test_a_clock_set_back_blocks_nothing),
        cmocka_unit_test(test_an_unchanged_answer_forgets_the_candidate),
        cmocka_unit_test(test_a_failure_keeps_board_and_candidate),
        cmocka_unit_test(test_distances_grow_and_end),
        cmocka_unit_test(test_when_it_is_due),
        cmocka_unit_test(test_lost_content_is_replaced),
        cmocka_unit_test(test_statistics_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
