#include "coordinator/publish_due.h"

#include "tests/unit/unit.h"

#define NOW_MS  INT64_C(10000000)
#define HALF_MS INT64_C(1800000) /* half an hour */

/* A daemon that published a minute ago, has stored boards since and nothing to do for an hour. */
static const struct publish_situation idle = {.begun = true,
    .begun_at_ms = NOW_MS - 60000,
    .found_boards = true,
    .next_due_ms = NOW_MS + 3600000,
    .news = true,
    .every_ms = HALF_MS};

static int64_t wait_ms(struct publish_situation situation)
{
    return publish_wait_ms(&situation, NOW_MS);
}

static void what_is_fetched_is_published_at_once(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    assert_int_equal(wait_ms(now), 0);
    now.next_due_ms = INT64_MAX; /* nothing will be due */
    assert_int_equal(wait_ms(now), 0);
}

static void every_so_often_while_boards_are_fetched(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.busy = true;
    assert_int_equal(wait_ms(now), HALF_MS - 60000);
    now.begun_at_ms = NOW_MS - HALF_MS;
    assert_int_equal(wait_ms(now), 0);
    now.begun_at_ms = 0; /* long ago */
    assert_int_equal(wait_ms(now), 0);
}

static void boards_that_come_due_one_by_one_are_not_published_one_by_one(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.next_due_ms = NOW_MS + PUBLISH_QUIET_MS - 1;
    assert_int_equal(wait_ms(now), HALF_MS - 60000);
    now.next_due_ms = NOW_MS + PUBLISH_QUIET_MS;
    assert_int_equal(wait_ms(now), 0);
    now.next_due_ms = INT64_MIN; /* due since ever, but held back: paused, or draining */
    assert_int_equal(wait_ms(now), HALF_MS - 60000);
}

static void a_run_to_the_end_does_not_wait_for_what_is_not_due(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.once = true;
    now.next_due_ms = NOW_MS + 1;
    assert_int_equal(wait_ms(now), 0);
}

static void what_somebody_waits_for_comes_within_a_minute(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.busy = now.hurried = true;
    now.begun_at_ms = NOW_MS - 15000;
    assert_int_equal(wait_ms(now), PUBLISH_HURRIED_EVERY_MS - 15000);
    now.every_ms = 20000; /* less than that */
    assert_int_equal(wait_ms(now), 5000);
    now.busy = false;
    now.every_ms = HALF_MS;
    now.next_due_ms = NOW_MS + 5000;
    assert_int_equal(wait_ms(now), PUBLISH_HURRIED_EVERY_MS - 15000);
    now.asked = true;
    assert_int_equal(wait_ms(now), 0);
}

static void what_was_found_is_published_at_the_start(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.busy = true;
    now.begun = false;
    assert_int_equal(wait_ms(now), 0);
    now.once = true; /* together with what is due */
    assert_int_equal(wait_ms(now), HALF_MS - 60000);
    now.once = false;
    now.found_boards = false;
    assert_int_equal(wait_ms(now), HALF_MS - 60000);
}

static void failures_have_growing_pauses(void **state)
{
    (void)state;
    struct publish_situation now = idle;
    now.failed = true;
    now.busy = true;
    now.failed_at_ms = NOW_MS;
    int64_t expected_ms = PUBLISH_RETRY_FIRST_MS;
    for (now.failed_in_row = 1; now.failed_in_row < 70; now.failed_in_row++) {
        assert_int_equal(wait_ms(now), expected_ms);
        expected_ms = expected_ms * 2 < PUBLISH_RETRY_LAST_MS ? expected_ms * 2 : PUBLISH_RETRY_LAST_MS;
    }
    now.busy = false; /* something new, and nothing left to fetch */
    assert_int_equal(wait_ms(now), PUBLISH_RETRY_FIRST_MS);
    now.next_due_ms = NOW_MS + 1;
    assert_int_equal(wait_ms(now), PUBLISH_RETRY_FIRST_MS);
    now.once = true;
    assert_int_equal(wait_ms(now), 0);
    now.news = false;
    assert_int_equal(wait_ms(now), PUBLISH_RETRY_LAST_MS);
    now.failed_at_ms = NOW_MS - PUBLISH_RETRY_LAST_MS;
    assert_int_equal(wait_ms(now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_fetched_is_published_at_once),
        cmocka_unit_test(every_so_often_while_boards_are_fetched),
        cmocka_unit_test(boards_that_come_due_one_by_one_are_not_published_one_by_one),
        cmocka_unit_test(a_run_to_the_end_does_not_wait_for_what_is_not_due),
        cmocka_unit_test(what_somebody_waits_for_comes_within_a_minute),
        cmocka_unit_test(what_was_found_is_published_at_the_start),
        cmocka_unit_test(failures_have_growing_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
