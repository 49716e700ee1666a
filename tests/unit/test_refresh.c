#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/refresh.h"

static const struct refresh_policy policy = {
    .max_age_ms = 86400000, .retries = 2, .backoff_ms = 1000, .backoff_most_ms = 8000, .confirm_shrink = 3};

static void pauses_double_up_to_a_limit_and_only_add(void **state)
{
    (void)state;
    const int64_t least[] = {1000, 2000, 4000, 8000, 8000, 8000};
    for (uint32_t attempt = 1; attempt <= 6; attempt++) {
        for (uint64_t random = 0; random < 20000; random += 7) {
            int64_t pause = refresh_backoff_ms(&policy, attempt, random);
            assert_in_range(pause, least[attempt - 1], least[attempt - 1] * 3 / 2);
        }
    }
    assert_int_equal(refresh_backoff_ms(&policy, UINT32_MAX, 0), 8000);
}

static void what_the_service_says_of_the_request_is_permanent(void **state)
{
    (void)state;
    const uint64_t permanent[] = {400, 401, 403, 404, 405, 410, 414};
    const uint64_t transient[] = {408, 425, 429, 500, 502, 503, 504, 520};
    for (size_t i = 0; i < sizeof permanent / sizeof *permanent; i++)
        assert_false(refresh_is_transient(FAILURE_HTTP_STATUS, permanent[i]));
    for (size_t i = 0; i < sizeof transient / sizeof *transient; i++)
        assert_true(refresh_is_transient(FAILURE_HTTP_STATUS, transient[i]));
    assert_true(refresh_is_transient(FAILURE_TIMEOUT, 0));
    assert_true(refresh_is_transient(FAILURE_NOT_JSON, 200));
    assert_false(refresh_is_transient(FAILURE_TOO_LARGE, 200));
    assert_false(refresh_is_transient(FAILURE_REDIRECT, 302));
}

static struct plan *one_entry_plan(struct catalogue *catalogue)
{
    *catalogue = catalogue_make();
    assert_null(catalogue_add_item(catalogue, &catalogue->tracks, 1, "t", 1));
    assert_null(catalogue_add_item(catalogue, &catalogue->classes, 2, "c", 1));
    return plan_open(catalogue);
}

static void gives_up_after_the_retries(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct plan *plan = one_entry_plan(&catalogue);
    struct refresh_failure failure = {.failure = FAILURE_TIMEOUT};
    int64_t now = 0;
    for (int attempt = 1; attempt <= 3; attempt++) {
        assert_int_equal(plan_take(plan, now), 0);
        assert_int_equal(refresh_failed(&policy, plan, 0, &failure, now, 0), attempt < 3);
        now = plan_next_due_ms(plan);
    }
    assert_true(plan_entry(plan, 0)->failed);
    assert_int_equal(plan_entry(plan, 0)->last_failure, FAILURE_TIMEOUT);
    plan_close(&plan);
    catalogue_free(&catalogue);
}

static void waits_as_long_as_the_service_asks(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct plan *plan = one_entry_plan(&catalogue);
    struct refresh_failure failure = {
        .failure = FAILURE_HTTP_STATUS, .http_status = 429, .not_before_ms = 70000};
    plan_take(plan, 0);
    assert_true(refresh_failed(&policy, plan, 0, &failure, 0, 0));
    assert_int_equal(plan_next_due_ms(plan), 70000);
    plan_close(&plan);
    catalogue_free(&catalogue);
}

static void a_refusal_costs_no_attempt_at_first(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct plan *plan = one_entry_plan(&catalogue);
    struct refresh_failure failure = {.failure = FAILURE_HTTP_STATUS, .http_status = 429, .refusal = true};
    int64_t now = 0;
    for (int i = 0; i < REFRESH_REFUSALS; i++) {
        failure.not_before_ms = now + 1000;
        assert_int_equal(plan_take(plan, now), 0);
        assert_int_equal(plan_entry(plan, 0)->attempt, 1);
        assert_true(refresh_failed(&policy, plan, 0, &failure, now, 0));
        assert_int_equal(plan_next_due_ms(plan), now + 1000);
        now += 1000;
    }
    /* Now it is the board's: a crawl must end. */
    for (uint32_t attempt = 1; attempt <= policy.retries + 1; attempt++) {
        plan_take(plan, now);
        assert_int_equal(refresh_failed(&policy, plan, 0, &failure, now, 0), attempt <= policy.retries);
        now = plan_next_due_ms(plan);
    }
    assert_true(plan_entry(plan, 0)->failed);
    plan_close(&plan);
    catalogue_free(&catalogue);
}

static void a_dead_worker_costs_an_attempt_but_no_pause(void **state)
{
    (void)state;
    struct catalogue catalogue;
    struct plan *plan = one_entry_plan(&catalogue);
    struct refresh_failure failure = {.failure = FAILURE_WORKER_DIED};
    plan_take(plan, 123);
    assert_true(refresh_failed(&policy, plan, 0, &failure, 123, 99));
    assert_int_equal(plan_next_due_ms(plan), 123);
    assert_int_equal(plan_take(plan, 123), 0);
    assert_int_equal(plan_entry(plan, 0)->attempt, 2);
    plan_close(&plan);
    catalogue_free(&catalogue);
}

static void a_sharp_shrink_is_suspicious(void **state)
{
    (void)state;
    assert_true(refresh_is_suspicious(1, 0));
    assert_true(refresh_is_suspicious(300, 199));
    assert_false(refresh_is_suspicious(300, 200));
    assert_false(refresh_is_suspicious(300, 301));
    assert_false(refresh_is_suspicious(0, 0));
    assert_true(refresh_is_suspicious(UINT32_MAX, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_a_limit_and_only_add),
        cmocka_unit_test(what_the_service_says_of_the_request_is_permanent),
        cmocka_unit_test(gives_up_after_the_retries),
        cmocka_unit_test(waits_as_long_as_the_service_asks),
        cmocka_unit_test(a_refusal_costs_no_attempt_at_first),
        cmocka_unit_test(a_dead_worker_costs_an_attempt_but_no_pause),
        cmocka_unit_test(a_sharp_shrink_is_suspicious),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
