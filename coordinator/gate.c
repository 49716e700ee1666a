#include "coordinator/gate.h"

#define PAUSE_MS      500
#define PAUSE_MOST_MS ((int64_t)300 * 1000)

bool gate_is_open(const struct gate *gate, int64_t now_ms)
{
    return now_ms >= gate->until_ms;
}

bool gate_is_new(const struct gate *gate, int64_t sent_ms)
{
    return !gate->refused || sent_ms > gate->refused_ms;
}

bool gate_close(struct gate *gate, uint64_t retry_after_ms, uint64_t random, int64_t now_ms)
{
    uint64_t most_ms = (uint64_t)GATE_WAIT_MOST_MS;
    uint64_t wait_ms = retry_after_ms < most_ms ? retry_after_ms : most_ms;
    int64_t until_ms = now_ms + (int64_t)(wait_ms + random % (wait_ms / 10 + 1));
    if (until_ms <= gate->until_ms)
        return false;
    gate->until_ms = until_ms;
    gate->wait_ms = until_ms - now_ms;
    return true;
}

bool gate_pause(struct gate *gate, uint64_t random, int64_t now_ms)
{
    int64_t pause_ms = PAUSE_MS;
    for (unsigned i = 0; i < gate->own_pauses && pause_ms < PAUSE_MOST_MS; i++)
        pause_ms *= 2;
    gate->own_pauses++;
    return gate_close(gate, (uint64_t)(pause_ms < PAUSE_MOST_MS ? pause_ms : PAUSE_MOST_MS), random, now_ms);
}

void gate_refused(struct gate *gate, int64_t now_ms)
{
    gate->refused = true;
    gate->refused_ms = now_ms;
}

void gate_answered(struct gate *gate)
{
    gate->own_pauses = 0;
}
