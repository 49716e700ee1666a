#ifndef R3E_COORDINATOR_ANSWER_H
#define R3E_COORDINATOR_ANSWER_H
/* What the end of a request says about the service, as opposed to the board that was asked for. Pure. */
#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"

enum answer_kind {
    ANSWER_VALID,   /* a listing that counts */
    ANSWER_LIMITED, /* 429: too many requests */
    ANSWER_BUSY,    /* 503 */
    ANSWER_BLOCKED, /* 401, 403, or a page for people in place of a listing: it may not want us at all */
    ANSWER_FAILED,  /* no answer, half of one, another 5xx, or none that could be used */
    ANSWER_NEUTRAL  /* about this board alone (404 …), or our own fault */
};

struct answer {
    enum answer_kind kind;
    enum failure failure; /* for people */
    uint64_t http_status;
    uint64_t retry_after_ms; /* 0: the service did not ask for a pause */
    double latency_ms;       /* of the slowest request; 0: not known */
    uint32_t requests;       /* that were made for it */
    int64_t sent_ms;         /* when the last of them was granted, monotonic */
    uint64_t lease;          /* which lease it belongs to; 0: none that is known */
    uint64_t board;          /* any number that tells boards apart */
};

/* The kind of a failed attempt (or ANSWER_VALID for FAILURE_NONE). */
enum answer_kind answer_kind_of(enum failure failure, uint64_t http_status);

/* What a result says about the service. `failure`: the coordinator may have found another one than the
 * worker. `sent_ms`, `requests`: of its lease. */
struct answer answer_of_result(
    const struct message_result *result, enum failure failure, int64_t sent_ms, uint32_t requests);

/* True if the service asked to come back later rather than failed: 429, or 503 with a Retry-After. Whatever
 * board was asked for is not to blame (FAULTS B17). */
bool answer_is_refusal(enum failure failure, uint64_t http_status, uint64_t retry_after_ms);

#endif
