#include "coordinator/breaker.h"

void breaker_init(struct breaker *breaker, unsigned failures, int64_t pause_ms)
{
    *breaker = (struct breaker){0};
    breaker_set_limits(breaker, failures, pause_ms);
}

void breaker_set_limits(struct breaker *breaker, unsigned failures, int64_t pause_ms)
{
    breaker->failures_most = failures < BREAKER_FAILURES_MAX ? failures : BREAKER_FAILURES_MAX;
    breaker->pause_ms = pause_ms;
}

bool breaker_allows(const struct breaker *breaker, uint64_t lease, int64_t now_ms)
{
    switch (breaker->state) {
    case BREAKER_OPEN:
        return now_ms >= breaker->until_ms;
    case BREAKER_PROBE:
        return lease && lease == breaker->probe;
    default:
        return true;
    }
}

void breaker_sent(struct breaker *breaker, uint64_t lease, int64_t now_ms)
{
    if (breaker->state != BREAKER_OPEN)
        return;
    breaker->state = BREAKER_PROBE;
    breaker->probe = lease;
    breaker->until_ms = now_ms + breaker->pause_ms;
}

static void open_it(struct breaker *breaker, int64_t now_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->until_ms = now_ms + breaker->pause_ms;
}

static void close_it(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->failures = breaker->count = breaker->probes = 0;
    breaker->mixed = false;
}

static bool is_in_row(const struct breaker *breaker, uint64_t board)
{
    for (unsigned i = 0; i < breaker->count; i++)
        if (breaker->boards[i] == board)
            return true;
    return false;
}

/* True: that was one too many. */
static bool count_failure(struct breaker *breaker, const struct answer *answer)
{
    if (is_in_row(breaker, answer->board))
        return false;
    breaker->mixed = breaker->failures && (breaker->mixed || breaker->reason != answer->failure);
    breaker->boards[breaker->count++] = answer->board;
    breaker->failures += answer->kind == ANSWER_BLOCKED ? BREAKER_BLOCKED_WEIGHT : 1;
    breaker->reason = answer->failure;
    breaker->http_status = answer->http_status;
    return breaker->failures >= breaker->failures_most;
}

static bool judge_probe(struct breaker *breaker, const struct answer *answer, int64_t now_ms)
{
    if (answer->kind == ANSWER_VALID) {
        close_it(breaker);
        return true;
    }
    breaker->probes++;
    if (answer->kind != ANSWER_NEUTRAL) {
        breaker->reason = answer->failure;
        breaker->http_status = answer->http_status;
    }
    open_it(breaker, now_ms);
    return false;
}

bool breaker_answered(struct breaker *breaker, const struct answer *answer, int64_t now_ms)
{
    if (breaker->state == BREAKER_PROBE && answer->lease && answer->lease == breaker->probe)
        return judge_probe(breaker, answer, now_ms);
    if (breaker->state != BREAKER_CLOSED || answer->kind == ANSWER_NEUTRAL)
        return false;
    if (answer->kind == ANSWER_VALID) {
        close_it(breaker);
        return false;
    }
    if (!count_failure(breaker, answer))
        return false;
    open_it(breaker, now_ms);
    return true;
}

void breaker_lost(struct breaker *breaker, uint64_t lease, int64_t now_ms)
{
    if (breaker->state == BREAKER_PROBE && breaker->probe == lease)
        open_it(breaker, now_ms);
}

void breaker_restore(
    struct breaker *breaker, unsigned failures, unsigned probes, int64_t left_ms, int64_t now_ms)
{
    breaker->failures = failures < breaker->failures_most ? failures : breaker->failures_most;
    breaker->mixed = failures > 0;
    breaker->probes = probes;
    if (left_ms <= 0)
        return;
    breaker->state = BREAKER_OPEN;
    breaker->until_ms = now_ms + (left_ms < breaker->pause_ms ? left_ms : breaker->pause_ms);
}
