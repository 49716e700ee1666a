// Counts what the clients do.
#pragma once

#include "tests/upstream/text.h"

#include <stdint.h>

enum {
    STATS_STATUSES = 600, // HTTP status codes below this are counted
    STATS_RING = 1 << 16, // most listing requests in a second that can be told apart
};

struct stats {
    uint64_t requests; // all
    uint64_t listing_requests;
    uint64_t connections; // opened so far
    uint64_t open_connections;
    uint64_t peak_open_connections;
    uint64_t in_flight; // listing requests being answered
    uint64_t peak_in_flight;
    uint64_t peak_per_second; // most listing requests in any second, wherever it begins
    uint64_t bytes;           // of bodies
    uint64_t by_status[STATS_STATUSES];
    uint32_t ring_first, ring_count; // arrivals within the last second
    uint64_t ring_us[STATS_RING];
};

// A listing request arrives at `now_us` (monotonic); it is in flight until stats_listing_done().
void stats_listing_arrived(struct stats *stats, uint64_t now_us);
void stats_listing_done(struct stats *stats);

void stats_connection_opened(struct stats *stats);
void stats_connection_closed(struct stats *stats);

// Sets the counters to zero; what is open or in flight stays counted as such.
void stats_reset(struct stats *stats);

// Appends one JSON object.
void stats_append_json(struct text *out, const struct stats *stats);
