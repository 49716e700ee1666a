#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "coordinator/politeness.h"

#define WALL_MS 1767434400000

static const struct politeness_options defaults = {.rate_per_s = 4,
    .burst = 8,
    .robots = false,
    .respect_retry_after = true,
    .breaker_failures = 5,
    .breaker_pause_ms = 300000};

static const struct message_rules allowing = {
    .outcome = ROBOTS_OUTCOME_FOUND, .allowed = true, .requests = 1};

struct fixture {
    struct holds holds;
    struct politeness *politeness;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    fixture.politeness = politeness_open(&defaults, &fixture.holds, 0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    politeness_close(&((struct fixture *)*state)->politeness);
    return 0;
}

static struct answer valid(uint64_t lease, int64_t sent_ms)
{
    return (struct answer){.kind = ANSWER_VALID,
        .lease = lease,
        .board = lease,
        .sent_ms = sent_ms,
        .requests = 1,
        .latency_ms = 100};
}

static struct answer failed(enum failure failure, uint64_t status, uint64_t lease, int64_t sent_ms)
{
    return (struct answer){.kind = answer_kind_of(failure, status),
        .failure = failure,
        .http_status = status,
        .lease = lease,
        .board = lease,
        .sent_ms = sent_ms};
}

static void tell(struct politeness *politeness, struct answer answer, int64_t now_ms)
{
    politeness_answered(politeness, &answer, 0, now_ms);
}

static void retry_after_closes_the_gate_for_everybody(void **state)
{
    struct fixture *f = *state;
    struct answer answer = failed(FAILURE_HTTP_STATUS, 429, 1, 10000);
    answer.retry_after_ms = 7000;
    for (int64_t now = 0; now < 10000; now += 250)
        politeness_sent(f->politeness, 1, now);
    politeness_answered(f->politeness, &answer, 699, 10300);
    assert_int_equal(politeness_gate_ms(f->politeness, 10300), 10300 + 7699);
    assert_false(politeness_allows(f->politeness, 0, 10300 + 7698));
    assert_false(politeness_allows(f->politeness, 1, 10300 + 7698));
    assert_int_equal(holds_wait_ms(&f->holds, HOLD_REQUESTS, 10300), 7699);
    assert_string_equal(
        holds_get(&f->holds, HOLD_RETRY_AFTER, 10300)->text, "the service asked to wait 7.7 s");
    /* And no burst behind it: the first request when one token has come. */
    int64_t wait_ms = politeness_wait_ms(f->politeness, 10300 + 7699);
    assert_in_range(wait_ms, 490, 510);
}

static void an_answer_of_another_kind_may_ask_for_a_pause_too(void **state)
{
    struct fixture *f = *state;
    struct answer answer = failed(FAILURE_HTTP_STATUS, 500, 1, 0);
    answer.retry_after_ms = 5000;
    politeness_answered(f->politeness, &answer, 0, 100);
    assert_int_equal(politeness_gate_ms(f->politeness, 100), 5100);
}

static void a_wish_is_ignored_where_that_is_configured(void **state)
{
    (void)state;
    struct holds holds = {0};
    struct politeness_options options = defaults;
    options.respect_retry_after = false;
    struct politeness *politeness = politeness_open(&options, &holds, 0);
    struct answer answer = failed(FAILURE_HTTP_STATUS, 429, 1, 10000);
    answer.retry_after_ms = 7000;
    politeness_answered(politeness, &answer, 0, 10300);
    assert_int_equal(politeness_gate_ms(politeness, 10300), 10800); /* our own pause */
    politeness_close(&politeness);
}

static void a_volley_of_refusals_is_one(void **state)
{
    struct fixture *f = *state;
    for (uint64_t lease = 1; lease <= 20; lease++)
        tell(f->politeness, failed(FAILURE_HTTP_STATUS, 429, lease, 1000 + (int64_t)lease),
            2000 + (int64_t)lease);
    assert_int_equal(politeness_gate_ms(f->politeness, 2000), 2501); /* not longer by the others */
    assert_null(holds_get(&f->holds, HOLD_BREAKER, 3000));           /* nor a failure for each of them */
}

static void refusals_without_end_open_the_breaker(void **state)
{
    struct fixture *f = *state;
    int64_t now = 0;
    for (uint64_t lease = 1; lease <= 5; lease++) {
        assert_null(holds_get(&f->holds, HOLD_BREAKER, now));
        now = politeness_gate_ms(f->politeness, now) + 1000;
        tell(f->politeness, failed(FAILURE_HTTP_STATUS, 429, lease, now - 100), now);
    }
    assert_non_null(holds_get(&f->holds, HOLD_BREAKER, now));
}

static void the_breaker_says_why_and_lets_one_try(void **state)
{
    struct fixture *f = *state;
    enum failure reason;
    uint64_t status;
    for (uint64_t lease = 1; lease <= 5; lease++)
        tell(f->politeness, failed(FAILURE_TIMEOUT, 0, lease, 0), 1000);
    const struct hold *hold = holds_get(&f->holds, HOLD_BREAKER, 1000);
    assert_non_null(hold);
    assert_non_null(strstr(hold->text, "breaker open: 5 × timeout"));
    assert_int_equal(hold->until_ms, 301000);
    assert_false(politeness_allows(f->politeness, 0, 300999));
    assert_int_equal(politeness_wait_ms(f->politeness, 300000), 1000);
    int64_t now = 301000;
    for (uint64_t lease = 10; lease < 15; lease++) {
        assert_false(politeness_is_hopeless(f->politeness, 4, &reason, &status));
        assert_true(politeness_allows(f->politeness, 0, now));
        politeness_sent(f->politeness, lease, now);
        assert_false(politeness_allows(f->politeness, 0, now + 10000));
        assert_true(politeness_allows(f->politeness, lease, now + 10000)); /* its next page */
        assert_int_equal(holds_get(&f->holds, HOLD_BREAKER, now)->until_ms, HOLD_FOREVER);
        tell(f->politeness, failed(FAILURE_CONNECT, 0, lease, now), now + 10);
        now += 10 + 300000;
    }
    assert_true(politeness_is_hopeless(f->politeness, 4, &reason, &status));
    assert_int_equal(reason, FAILURE_CONNECT);
    politeness_sent(f->politeness, 20, now);
    tell(f->politeness, valid(20, now), now + 10);
    assert_null(holds_get(&f->holds, HOLD_BREAKER, now + 10));
    assert_false(politeness_is_hopeless(f->politeness, 4, &reason, &status));
}

static void a_service_that_was_up_is_given_up_later(void **state)
{
    struct fixture *f = *state;
    enum failure reason;
    uint64_t status;
    tell(f->politeness, valid(1, 0), 10);
    for (uint64_t lease = 2; lease <= 6; lease++)
        tell(f->politeness, failed(FAILURE_TIMEOUT, 0, lease, 0), 1000);
    int64_t now = 301000;
    for (uint64_t lease = 10; lease < 10 + 3 * 5; lease++) {
        assert_false(politeness_is_hopeless(f->politeness, 4, &reason, &status));
        politeness_sent(f->politeness, lease, now);
        tell(f->politeness, failed(FAILURE_CONNECT, 0, lease, now), now + 10);
        now += 10 + 300000;
    }
    assert_true(politeness_is_hopeless(f->politeness, 4, &reason, &status));
}

static void a_lost_probe_is_a_pause_more(void **state)
{
    struct fixture *f = *state;
    for (uint64_t lease = 1; lease <= 5; lease++)
        tell(f->politeness, failed(FAILURE_RESET, 0, lease, 0), 0);
    politeness_sent(f->politeness, 9, 300000);
    politeness_lost(f->politeness, 9, 310000);
    assert_int_equal(holds_get(&f->holds, HOLD_BREAKER, 310000)->until_ms, 610000);
}

static void robots_are_asked_for_before_anything_else(void **state)
{
    (void)state;
    struct holds holds = {0};
    struct politeness_options options = defaults;
    options.robots = true;
    struct politeness *politeness = politeness_open(&options, &holds, 0);
    assert_string_equal(holds_get(&holds, HOLD_ROBOTS, 0)->text, "robots.txt is being fetched");
    assert_true(politeness_wants_robots(politeness, 0));
    holds_set(&holds, HOLD_PAUSED, HOLD_FOREVER, 0, "paused");
    assert_false(politeness_wants_robots(politeness, 0));
    holds_clear(&holds, HOLD_PAUSED, 0);
    politeness_robots_asked(politeness, 60000, 0);
    assert_false(politeness_wants_robots(politeness, 1));
    assert_false(politeness_allows(politeness, 0, 1)); /* it cost the only token */

    struct message_rules rules = {.outcome = ROBOTS_OUTCOME_FOUND, .problem = "Disallow: /", .requests = 3};
    politeness_robots_told(politeness, &rules, 0, 100);
    assert_true(politeness_is_refused(politeness, 100));
    const char *text = holds_get(&holds, HOLD_ROBOTS, 100)->text;
    assert_non_null(strstr(text, "Disallow: /"));
    assert_non_null(strstr(text, "politeness.robots = false"));
    assert_int_equal(politeness_wait_ms(politeness, 100), 650); /* the two redirects are paid */

    rules = allowing;
    rules.crawl_delay_ms = 4000;
    politeness_robots_told(politeness, &rules, 0, 2000);
    assert_null(holds_get(&holds, HOLD_ROBOTS, 2000));
    assert_true(politeness_rate(politeness) == 0.25);
    politeness_close(&politeness);
}

static void unreachable_robots_give_no_hope_after_the_retries(void **state)
{
    (void)state;
    struct holds holds = {0};
    enum failure reason;
    uint64_t status;
    struct politeness_options options = defaults;
    options.robots = true;
    struct politeness *politeness = politeness_open(&options, &holds, 0);
    struct message_rules rules = {.outcome = ROBOTS_OUTCOME_UNREACHABLE,
        .failure = FAILURE_CONNECT,
        .problem = "Connection refused",
        .requests = 1};
    for (int i = 0; i < 3; i++) {
        assert_false(politeness_is_hopeless(politeness, 2, &reason, &status));
        politeness_robots_told(politeness, &rules, 0, i * 1000000);
    }
    assert_true(politeness_is_hopeless(politeness, 2, &reason, &status));
    assert_int_equal(reason, FAILURE_CONNECT);
    assert_non_null(strstr(holds_get(&holds, HOLD_ROBOTS, 0)->text, "Connection refused"));
    politeness_close(&politeness);
}

/* ---- restarts ---- */

/* What another process makes of what this one leaves, `later_ms` of wall clock later. */
static struct politeness *restart(
    struct politeness *politeness, struct holds *holds, int64_t now_ms, int64_t later_ms)
{
    struct politeness_record record;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    politeness_save(politeness, &record, now_ms, WALL_MS);
    politeness_record_encode(&record, &json);
    assert_true(politeness_record_decode(json.data, json.length, &record));
    buffer_free(&json);
    *holds = (struct holds){0};
    struct politeness *next = politeness_open(&defaults, holds, 50);
    politeness_restore(next, &record, 50, WALL_MS + later_ms);
    return next;
}

static void a_restart_gives_no_request_away(void **state)
{
    struct fixture *f = *state;
    struct holds holds;
    struct politeness *next = restart(f->politeness, &holds, 1000, 0);
    assert_int_equal(politeness_wait_ms(next, 50), 250);
    assert_true(politeness_rate(next) == 4);
    politeness_close(&next);
}

static void the_gate_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct holds holds;
    struct answer answer = failed(FAILURE_HTTP_STATUS, 429, 1, 10000);
    answer.retry_after_ms = 7000;
    for (int64_t now = 0; now < 10000; now += 250)
        politeness_sent(f->politeness, 1, now);
    politeness_answered(f->politeness, &answer, 0, 10300);
    assert_true(politeness_take_change(f->politeness));
    assert_false(politeness_take_change(f->politeness));
    struct politeness *next = restart(f->politeness, &holds, 11300, 2000);
    assert_int_equal(politeness_gate_ms(next, 50), 50 + 4000);
    assert_false(politeness_allows(next, 0, 4049));
    assert_int_equal(holds_wait_ms(&holds, HOLD_REQUESTS, 50), 4000);
    double rate = politeness_rate(next);
    assert_true(rate > 0 && rate < 4 && rate == politeness_rate(f->politeness));
    politeness_close(&next);
    next = restart(f->politeness, &holds, 11300, -3600 * 1000); /* the clock was set back */
    assert_int_equal(politeness_gate_ms(next, 50), 50 + 7000);
    politeness_close(&next);
    next = restart(f->politeness, &holds, 11300, 3600 * 1000);
    assert_int_equal(politeness_gate_ms(next, 50), 50);
    assert_null(holds_get(&holds, HOLD_RETRY_AFTER, 50));
    politeness_close(&next);
}

static void the_breaker_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct holds holds;
    for (uint64_t lease = 1; lease <= 5; lease++)
        tell(f->politeness, failed(FAILURE_TIMEOUT, 0, lease, 0), 1000);
    struct politeness *next = restart(f->politeness, &holds, 2000, 1000);
    assert_int_equal(holds_get(&holds, HOLD_BREAKER, 50)->until_ms, 50 + 298000);
    assert_false(politeness_allows(next, 0, 50 + 297999));
    politeness_close(&next);
    /* A probe under way: what became of it is not known, so it had its turn. */
    politeness_sent(f->politeness, 9, 301000);
    next = restart(f->politeness, &holds, 302000, 1000);
    assert_int_equal(holds_get(&holds, HOLD_BREAKER, 50)->until_ms, 50 + 298000);
    politeness_close(&next);
}

static void a_reload_changes_the_limits_but_forgets_nothing(void **state)
{
    struct fixture *f = *state;
    struct politeness_options options = defaults;
    options.rate_per_s = 6;
    politeness_set_options(f->politeness, &options, 0);
    assert_true(politeness_rate(f->politeness) == 6);
    for (int64_t now = 0; now < 10000; now += 100)
        politeness_sent(f->politeness, 1, now);
    tell(f->politeness, failed(FAILURE_HTTP_STATUS, 429, 1, 10000), 10300);
    double lowered = politeness_rate(f->politeness);
    assert_true(lowered < 6);
    options.rate_per_s = 100;
    politeness_set_options(f->politeness, &options, 10300);
    assert_true(politeness_rate(f->politeness) == lowered);
    options.rate_per_s = 1;
    options.robots = true;
    politeness_set_options(f->politeness, &options, 10300);
    assert_true(politeness_rate(f->politeness) == 1);
    assert_non_null(holds_get(&f->holds, HOLD_ROBOTS, 10300));
    assert_false(politeness_allows(f->politeness, 0, 10301)); /* the gate is still closed */
}

static void a_verdict_is_of_one_service(void **state)
{
    (void)state;
    struct holds holds = {0};
    struct politeness_options options = defaults;
    options.robots = true;
    options.robots_subject = 77;
    struct politeness *politeness = politeness_open(&options, &holds, 0);
    politeness_robots_told(politeness, &allowing, 0, 0);
    struct politeness_record record;
    politeness_save(politeness, &record, 0, WALL_MS);
    politeness_close(&politeness);
    for (uint64_t subject = 77; subject <= 78; subject++) {
        holds = (struct holds){0};
        options.robots_subject = subject;
        politeness = politeness_open(&options, &holds, 0);
        politeness_restore(politeness, &record, 0, WALL_MS);
        assert_true((holds_get(&holds, HOLD_ROBOTS, 0) == NULL) == (subject == 77));
        politeness_close(&politeness);
    }
}

static void what_cannot_be_read_halves_the_rate(void **state)
{
    struct fixture *f = *state;
    politeness_restore(f->politeness, NULL, 0, WALL_MS);
    assert_true(politeness_rate(f->politeness) == 2);
}

/* ---- properties ---- */

/* In any span of T seconds no more than burst + rate · T requests, whatever comes back; and what is no valid
 * answer never raises the rate. */
static void random_lives_keep_the_limits(void **state)
{
    (void)state;
    srandom(11);
    int total = 0;
    for (int life = 0; life < 60; life++) {
        struct holds holds = {0};
        struct politeness_options options = defaults;
        options.rate_per_s = 20;
        options.breaker_pause_ms = 5000;
        struct politeness *politeness = politeness_open(&options, &holds, 0);
        static int64_t sent[20000];
        int count = 0, answered = 0;
        for (int64_t now = 0; now < 120000; now += 1 + random() % 20) {
            while (politeness_allows(politeness, 0, now)) {
                sent[count++] = now;
                politeness_sent(politeness, (uint64_t)count, now);
            }
            if (answered == count || random() % 4 == 0)
                continue;
            int64_t sent_ms = sent[answered++];
            struct answer answer = valid((uint64_t)answered, sent_ms);
            if (random() % (2 + life) == 0) {
                static const enum failure failures[] = {FAILURE_HTTP_STATUS, FAILURE_TIMEOUT,
                    FAILURE_NOT_JSON, FAILURE_WRONG_BOARD, FAILURE_MEMORY};
                static const uint64_t statuses[] = {429, 503, 500, 404, 403};
                answer = failed(failures[random() % 5], statuses[random() % 5], answer.lease, sent_ms);
                answer.retry_after_ms = random() % 3 ? 0 : (uint64_t)random() % 2000;
            }
            double before = politeness_rate(politeness);
            politeness_answered(politeness, &answer, (uint64_t)random(), now);
            double after = politeness_rate(politeness);
            assert_true(after > 0 && after <= 20 && (answer.kind == ANSWER_VALID || after <= before));
        }
        int first = 0;
        for (int last = 0; last < count; last++) {
            while (sent[last] - sent[first] >= 1000)
                first++;
            assert_in_range(last - first + 1, 1, 28);
        }
        assert_true(count > 10);
        total += count;
        politeness_close(&politeness);
    }
    assert_true(total > 30000); /* most lives went well enough to tell */
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(retry_after_closes_the_gate_for_everybody),
        WITH(an_answer_of_another_kind_may_ask_for_a_pause_too),
        cmocka_unit_test(a_wish_is_ignored_where_that_is_configured),
        WITH(a_volley_of_refusals_is_one),
        WITH(refusals_without_end_open_the_breaker),
        WITH(the_breaker_says_why_and_lets_one_try),
        WITH(a_service_that_was_up_is_given_up_later),
        WITH(a_lost_probe_is_a_pause_more),
        cmocka_unit_test(robots_are_asked_for_before_anything_else),
        cmocka_unit_test(unreachable_robots_give_no_hope_after_the_retries),
        WITH(a_restart_gives_no_request_away),
        WITH(the_gate_survives_a_restart),
        WITH(the_breaker_survives_a_restart),
        WITH(a_reload_changes_the_limits_but_forgets_nothing),
        cmocka_unit_test(a_verdict_is_of_one_service),
        WITH(what_cannot_be_read_halves_the_rate),
        cmocka_unit_test(random_lives_keep_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
