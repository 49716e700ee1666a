#include "tests/unit/unit.h"

#include "coordinator/answer.h"

static void every_failure_says_what_it_should_of_the_service(void **state)
{
    (void)state;
    static const struct {
        uint64_t status;
        enum failure failure;
        enum answer_kind kind;
    } cases[] = {
        {200, FAILURE_NONE, ANSWER_VALID},
        {0, FAILURE_DNS, ANSWER_FAILED},
        {0, FAILURE_CONNECT, ANSWER_FAILED},
        {0, FAILURE_TLS, ANSWER_FAILED},
        {0, FAILURE_TIMEOUT, ANSWER_FAILED},
        {0, FAILURE_RESET, ANSWER_FAILED},
        {200, FAILURE_TRUNCATED, ANSWER_FAILED},
        {200, FAILURE_ENCODING, ANSWER_FAILED},
        {302, FAILURE_REDIRECT, ANSWER_FAILED},
        {200, FAILURE_NOT_A_LISTING, ANSWER_FAILED},
        {200, FAILURE_NOT_JSON, ANSWER_BLOCKED},
        {401, FAILURE_HTTP_STATUS, ANSWER_BLOCKED},
        {403, FAILURE_HTTP_STATUS, ANSWER_BLOCKED},
        {408, FAILURE_HTTP_STATUS, ANSWER_FAILED},
        {425, FAILURE_HTTP_STATUS, ANSWER_FAILED},
        {429, FAILURE_HTTP_STATUS, ANSWER_LIMITED},
        {500, FAILURE_HTTP_STATUS, ANSWER_FAILED},
        {503, FAILURE_HTTP_STATUS, ANSWER_BUSY},
        {524, FAILURE_HTTP_STATUS, ANSWER_FAILED},
        {204, FAILURE_HTTP_STATUS, ANSWER_NEUTRAL},
        {400, FAILURE_HTTP_STATUS, ANSWER_NEUTRAL},
        {404, FAILURE_HTTP_STATUS, ANSWER_NEUTRAL},
        {410, FAILURE_HTTP_STATUS, ANSWER_NEUTRAL},
        {200, FAILURE_WRONG_BOARD, ANSWER_NEUTRAL},
        {200, FAILURE_TOO_LARGE, ANSWER_NEUTRAL},
        {200, FAILURE_TOO_MANY_PAGES, ANSWER_NEUTRAL},
        {200, FAILURE_MEMORY, ANSWER_NEUTRAL},
        {200, FAILURE_INVALID_RESULT, ANSWER_NEUTRAL},
        {0, FAILURE_LEASE_EXPIRED, ANSWER_NEUTRAL},
        {0, FAILURE_WORKER_DIED, ANSWER_NEUTRAL},
        {0, FAILURE_OTHER, ANSWER_NEUTRAL},
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
