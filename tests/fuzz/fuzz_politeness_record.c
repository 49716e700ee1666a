/* The state of politeness in a broken store: what is read can be gone on with, and reads back the same. */
#include <assert.h>
#include <string.h>

#include "coordinator/politeness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct politeness_options options = {
        .rate_per_s = 4, .burst = 8, .robots = true, .breaker_failures = 5, .breaker_pause_ms = 300000};
    const int64_t wall_ms = 1767434400000;
    struct politeness_record record, again;
    struct holds holds = {0};
    if (!politeness_record_decode(data, size, &record))
        return 0;
    struct politeness *politeness = politeness_open(&options, &holds, 1000);
    politeness_restore(politeness, &record, 1000, wall_ms);
    assert(politeness_rate(politeness) > 0 && politeness_rate(politeness) <= 4);
    assert(politeness_gate_ms(politeness, 1000) <= 1000 + 2 * (int64_t)86400000);
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    politeness_save(politeness, &record, 1000, wall_ms);
    politeness_record_encode(&record, &json);
    bool sound = politeness_record_decode(json.data, json.length, &again);
    assert(!json.overflowed && sound);
    buffer_free(&json);
    politeness_close(&politeness);
    return 0;
}
