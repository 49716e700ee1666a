#include "tests/unit/unit.h"

#include "coordinator/robots.h"

#define PAUSE_MS 300000
#define HOUR_MS  ((int64_t)3600 * 1000)

static const struct message_rules allowing = {.outcome = ROBOTS_OUTCOME_FOUND, .allowed = true};
static const struct message_rules refusing = {
    .outcome = ROBOTS_OUTCOME_FOUND, .problem = "Disallow: /", .crawl_delay_ms = 2000};
static const struct message_rules none = {
    .outcome = ROBOTS_OUTCOME_NONE, .allowed = true, .http_status = 404};
static const struct message_rules unreachable = {.outcome = ROBOTS_OUTCOME_UNREACHABLE,
    .failure = FAILURE_HTTP_STATUS,
    .http_status = 503,
    .problem = "HTTP status 503"};

static void nothing_is_known_before_the_first_answer(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    assert_true(robots_wanted(&robots, 0));
    assert_int_equal(robots_verdict(&robots, 0), ROBOTS_UNKNOWN);
    robots_asked(&robots, 10000, 0);
    assert_false(robots_wanted(&robots, 9999));
    assert_true(robots_wanted(&robots, 10000)); /* it never answered */
    robots_told(&robots, &allowing, 5000);
    assert_int_equal(robots_verdict(&robots, 5000), ROBOTS_ALLOWED);
    assert_false(robots_wanted(&robots, 5000 + ROBOTS_FRESH_MS - 1));
    assert_true(robots_wanted(&robots, 5000 + ROBOTS_FRESH_MS));
}

static void not_obeying_is_not_asking(void **state)
{
    (void)state;
    struct robots robots = robots_make(false, PAUSE_MS, 0);
    assert_false(robots_wanted(&robots, 0));
    assert_int_equal(robots_verdict(&robots, 0), ROBOTS_ALLOWED);
}

static void none_allows_and_a_refusal_refuses(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    robots_told(&robots, &none, 0);
    assert_int_equal(robots_verdict(&robots, 0), ROBOTS_ALLOWED);
    robots_told(&robots, &refusing, 1);
    assert_int_equal(robots_verdict(&robots, 1), ROBOTS_REFUSED);
    assert_int_equal(robots.crawl_delay_ms, 2000);
    assert_string_equal(robots.problem, "Disallow: /");
}

static void unreachable_is_tried_again_ever_later(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    int64_t now = 0;
    const int64_t pauses[] = {300000, 600000, 1200000, 2400000, 3600000, 3600000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        robots_told(&robots, &unreachable, now);
        assert_int_equal(robots_verdict(&robots, now), ROBOTS_UNKNOWN);
        assert_false(robots_wanted(&robots, now + pauses[i] - 1));
        now += pauses[i];
        assert_true(robots_wanted(&robots, now));
    }
    assert_int_equal(robots.failures, 6);
    assert_int_equal(robots.reason, FAILURE_HTTP_STATUS);
}

static void an_older_verdict_goes_on_while_it_is_unreachable(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    robots_told(&robots, &refusing, 0);
    robots_told(&robots, &unreachable, ROBOTS_FRESH_MS);
    assert_int_equal(robots_verdict(&robots, ROBOTS_FRESH_MS), ROBOTS_REFUSED);
    robots_told(&robots, &allowing, 2 * ROBOTS_FRESH_MS);
    robots_told(&robots, &unreachable, 3 * ROBOTS_FRESH_MS);
    assert_int_equal(robots_verdict(&robots, 31 * ROBOTS_FRESH_MS), ROBOTS_ALLOWED);
    assert_int_equal(robots_verdict(&robots, 32 * ROBOTS_FRESH_MS), ROBOTS_UNKNOWN);
}

static void a_lost_worker_is_followed_by_another_after_a_moment(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    int64_t now = 0;
    for (int64_t pause = 1000; pause <= 8000; pause *= 2) {
        robots_asked(&robots, 100000, now);
        robots_lost(&robots, now);
        assert_false(robots_wanted(&robots, now + pause - 1));
        now += pause;
        assert_true(robots_wanted(&robots, now));
    }
    assert_int_equal(robots.failures, 0);
}

static void a_young_verdict_survives_a_restart(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 5000);
    robots_restore(&robots, ROBOTS_ALLOWED, 23 * HOUR_MS, 500, 5000);
    assert_int_equal(robots_verdict(&robots, 5000), ROBOTS_ALLOWED);
    assert_int_equal(robots.crawl_delay_ms, 500);
    assert_false(robots_wanted(&robots, 4999 + HOUR_MS));
    assert_true(robots_wanted(&robots, 5000 + HOUR_MS));

    robots = robots_make(true, PAUSE_MS, 5000);
    robots_restore(&robots, ROBOTS_ALLOWED, 25 * HOUR_MS, 0, 5000); /* asked for anew, good meanwhile */
    assert_int_equal(robots_verdict(&robots, 5000), ROBOTS_ALLOWED);
    assert_true(robots_wanted(&robots, 5000));

    robots = robots_make(true, PAUSE_MS, 5000);
    robots_restore(&robots, ROBOTS_REFUSED, HOUR_MS, 0, 5000); /* looked at again at each start */
    assert_int_equal(robots_verdict(&robots, 5000), ROBOTS_REFUSED);
    assert_true(robots_wanted(&robots, 5000));

    robots = robots_make(true, PAUSE_MS, 5000);
    robots_restore(&robots, ROBOTS_ALLOWED, -10 * HOUR_MS, 0, 5000); /* the clock was set back */
    assert_false(robots_wanted(&robots, 4999 + 24 * HOUR_MS));

    robots = robots_make(true, PAUSE_MS, 5000);
    robots_restore(&robots, ROBOTS_ALLOWED, 31 * 24 * HOUR_MS, 0, 5000);
    assert_int_equal(robots_verdict(&robots, 5000), ROBOTS_UNKNOWN);
}

static void another_service_needs_another_verdict(void **state)
{
    (void)state;
    struct robots robots = robots_make(true, PAUSE_MS, 0);
    robots_told(&robots, &refusing, 0);
    robots_set(&robots, true, PAUSE_MS, true, 1000);
    assert_int_equal(robots_verdict(&robots, 1000), ROBOTS_REFUSED);
    assert_true(robots_wanted(&robots, 1000));
    assert_int_equal(robots_crawl_delay_ms(&robots), 2000);
    robots_set(&robots, false, PAUSE_MS, true, 1000);
    assert_int_equal(robots_verdict(&robots, 1000), ROBOTS_ALLOWED);
    assert_int_equal(robots_crawl_delay_ms(&robots), 0);
    robots_set(&robots, true, PAUSE_MS, false, 1000);
    assert_int_equal(robots_verdict(&robots, 1000), ROBOTS_UNKNOWN);
    assert_int_equal(robots_crawl_delay_ms(&robots), 0);
    /* What a worker was asked about the one before says nothing of this one. */
    robots_asked(&robots, 10000, 1000);
    robots_set(&robots, true, PAUSE_MS, false, 2000);
    assert_false(robots_wanted(&robots, 2000));
    robots_told(&robots, &allowing, 3000);
    assert_int_equal(robots_verdict(&robots, 3000), ROBOTS_UNKNOWN);
    assert_true(robots_wanted(&robots, 3000));
    robots_asked(&robots, 10000, 3000);
    robots_told(&robots, &allowing, 4000);
    assert_int_equal(robots_verdict(&robots, 4000), ROBOTS_ALLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_the_first_answer),
        cmocka_unit_test(not_obeying_is_not_asking),
        cmocka_unit_test(none_allows_and_a_refusal_refuses),
        cmocka_unit_test(unreachable_is_tried_again_ever_later),
        cmocka_unit_test(an_older_verdict_goes_on_while_it_is_unreachable),
        cmocka_unit_test(a_lost_worker_is_followed_by_another_after_a_moment),
        cmocka_unit_test(another_service_needs_another_verdict),
        cmocka_unit_test(a_young_verdict_survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
