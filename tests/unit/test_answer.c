#include "tests/unit/unit.h"

#include "coordinator/answer.h"

static void every_failure_says_what_it_should_of_the_service(void **state)
{
    (void)state;
    static const struct {
        enum failure failure;
        uint64_t status;
        enum answer_kind kind;
    } cases[] = {
        {FAILURE_NONE, 200, ANSWER_VALID},
        {FAILURE_DNS, 0, ANSWER_FAILED},
        {FAILURE_CONNECT, 0, ANSWER_FAILED},
        {FAILURE_TLS, 0, ANSWER_FAILED},
        {FAILURE_TIMEOUT, 0, ANSWER_FAILED},
        {FAILURE_RESET, 0, ANSWER_FAILED},
        {FAILURE_TRUNCATED, 200, ANSWER_FAILED},
        {FAILURE_ENCODING, 200, ANSWER_FAILED},
        {FAILURE_REDIRECT, 302, ANSWER_FAILED},
        {FAILURE_NOT_A_LISTING, 200, ANSWER_FAILED},
        {FAILURE_NOT_JSON, 200, ANSWER_BLOCKED},
        {FAILURE_HTTP_STATUS, 401, ANSWER_BLOCKED},
        {FAILURE_HTTP_STATUS, 403, ANSWER_BLOCKED},
        {FAILURE_HTTP_STATUS, 408, ANSWER_FAILED},
        {FAILURE_HTTP_STATUS, 425, ANSWER_FAILED},
        {FAILURE_HTTP_STATUS, 429, ANSWER_LIMITED},
        {FAILURE_HTTP_STATUS, 500, ANSWER_FAILED},
        {FAILURE_HTTP_STATUS, 503, ANSWER_BUSY},
        {FAILURE_HTTP_STATUS, 524, ANSWER_FAILED},
        {FAILURE_HTTP_STATUS, 204, ANSWER_NEUTRAL},
        {FAILURE_HTTP_STATUS, 400, ANSWER_NEUTRAL},
        {FAILURE_HTTP_STATUS, 404, ANSWER_NEUTRAL},
        {FAILURE_HTTP_STATUS, 410, ANSWER_NEUTRAL},
        {FAILURE_WRONG_BOARD, 200, ANSWER_NEUTRAL},
        {FAILURE_TOO_LARGE, 200, ANSWER_NEUTRAL},
        {FAILURE_TOO_MANY_PAGES, 200, ANSWER_NEUTRAL},
        {FAILURE_SHIFTED, 200, ANSWER_NEUTRAL},
        {FAILURE_MEMORY, 200, ANSWER_NEUTRAL},
        {FAILURE_INVALID_RESULT, 200, ANSWER_NEUTRAL},
        {FAILURE_LEASE_EXPIRED, 0, ANSWER_NEUTRAL},
        {FAILURE_WORKER_DIED, 0, ANSWER_NEUTRAL},
        {FAILURE_OTHER, 0, ANSWER_NEUTRAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(answer_kind_of(cases[i].failure, cases[i].status), cases[i].kind);
}

static void a_refusal_is_429_or_503_with_a_wish(void **state)
{
    (void)state;
    assert_true(answer_is_refusal(FAILURE_HTTP_STATUS, 429, 0));
    assert_true(answer_is_refusal(FAILURE_HTTP_STATUS, 503, 1000));
    assert_false(answer_is_refusal(FAILURE_HTTP_STATUS, 503, 0));
    assert_false(answer_is_refusal(FAILURE_HTTP_STATUS, 500, 1000));
    assert_false(answer_is_refusal(FAILURE_TIMEOUT, 429, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_says_what_it_should_of_the_service),
        cmocka_unit_test(a_refusal_is_429_or_503_with_a_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
