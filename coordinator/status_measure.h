#ifndef R3E_COORDINATOR_STATUS_MEASURE_H
#define R3E_COORDINATOR_STATUS_MEASURE_H
/* What has to be measured over time rather than read off: the rate of requests, the memory of all processes.
 */
#include <stdint.h>

#include "coordinator/status_sources.h"

#define STATUS_MEASURE_EVERY_MS 500

struct status_measure {
    uint64_t tree_kb, tree_peak_kb, self_kb; /* proportional memory, KiB: all processes, this one */
    int64_t rate_since_ms;                   /* the request rate is measured from here … */
    uint64_t rate_requests;
    double request_rate; /* … and was this when last measured, smoothed; per second */
};

struct status_measure status_measure_make(int64_t now_ms);

/* Looks at the memory of the coordinator, its workers on this host and the exporter, and at the rate if
 * STATUS_MEASURE_EVERY_MS have passed. */
void status_measure_look(struct status_measure *measure, const struct status_sources *from, int64_t now_ms);

#endif
