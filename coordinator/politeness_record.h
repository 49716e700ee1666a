#ifndef R3E_COORDINATOR_POLITENESS_RECORD_H
#define R3E_COORDINATOR_POLITENESS_RECORD_H
/* What politeness keeps over a restart: one flat JSON object of numbers, in the store's meta data under
 * RECORD_META_POLITENESS. Times are wall-clock milliseconds, as only they mean anything to the next process.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

/* What a double carries without loss. */
#define POLITENESS_RECORD_SUBJECT_MAX (UINT64_C(1) << 53)
#define POLITENESS_RECORD_MAX         2048 /* bytes of the JSON */

struct politeness_record {
    double rate_per_s;                                 /* 0: not lowered */
    double knee_per_s, start_per_s, span_ms, grown_ms; /* pace.h */
    double latency_base_ms, latency_factor;
    double gate_until_ms; /* 0: open */
    double gate_wait_ms;  /* how long it was closed for: it is never closed for longer than that */
    double own_pauses;    /* in a row, that we made up ourselves */
    double breaker_failures, breaker_probes;
    double breaker_until_ms; /* 0: closed */
    double robots_verdict;   /* enum robots_verdict */
    double robots_fetched_ms;
    double robots_subject; /* politeness.h */
    double crawl_delay_ms;
};

void politeness_record_encode(const struct politeness_record *record, struct buffer *out);

/* False: not such an object, or a value out of range; `*record` is undefined then. */
bool politeness_record_decode(const void *bytes, size_t length, struct politeness_record *record);

#endif
