#include "coordinator/answer.h"

static enum answer_kind kind_of_status(uint64_t status)
{
    switch (status) {
    case 429:
        return ANSWER_LIMITED;
    case 503:
        return ANSWER_BUSY;
    case 401:
    case 403:
        return ANSWER_BLOCKED;
    case 408:
    case 425:
        return ANSWER_FAILED;
    default:
        return status >= 500 ? ANSWER_FAILED : ANSWER_NEUTRAL;
    }
}

enum answer_kind answer_kind_of(enum failure failure, uint64_t http_status)
{
    switch (failure) {
    case FAILURE_NONE:
        return ANSWER_VALID;
    case FAILURE_HTTP_STATUS:
        return kind_of_status(http_status);
    case FAILURE_NOT_JSON:
        return ANSWER_BLOCKED;
    case FAILURE_DNS:
    case FAILURE_CONNECT:
    case FAILURE_TLS:
    case FAILURE_TIMEOUT:
    case FAILURE_RESET:
    case FAILURE_TRUNCATED:
    case FAILURE_REDIRECT:
    case FAILURE_ENCODING:
    case FAILURE_NOT_A_LISTING:
        return ANSWER_FAILED;
    default:
        return ANSWER_NEUTRAL;
    }
}

struct answer answer_of_result(
    const struct message_result *result, enum failure failure, int64_t sent_ms, uint32_t requests)
{
    return (struct answer){.kind = answer_kind_of(failure, result->http_status),
        .failure = failure,
        .http_status = result->http_status,
        .retry_after_ms = result->retry_after_ms,
        .latency_ms = (double)result->latency_ms,
        .requests = requests,
        .sent_ms = sent_ms,
        .lease = result->lease,
        .board = result->track_id << 32 | result->class_id};
}

bool answer_is_refusal(enum failure failure, uint64_t http_status, uint64_t retry_after_ms)
{
    return failure == FAILURE_HTTP_STATUS && (http_status == 429 || (http_status == 503 && retry_after_ms));
}
