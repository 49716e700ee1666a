#include "tests/upstream/stats.h"

#include <inttypes.h>

static const uint64_t SECOND_US = 1000000;

static void raise_peak(uint64_t *peak, uint64_t value)
{
    if (value > *peak)
        *peak = value;
}

void stats_listing_arrived(struct stats *stats, uint64_t now_us)
{
    stats->listing_requests++;
    raise_peak(&stats->peak_in_flight, ++stats->in_flight);
    while (stats->ring_count > 0 && now_us - stats->ring_us[stats->ring_first] >= SECOND_US) {
        stats->ring_first = (stats->ring_first + 1) % STATS_RING;
        stats->ring_count--;
    }
    if (stats->ring_count < STATS_RING)
        stats->ring_us[(stats->ring_first + stats->ring_count++) % STATS_RING] = now_us;
    raise_peak(&stats->peak_per_second, stats->ring_count);
}

void stats_listing_done(struct stats *stats)
{
    stats->in_flight--;
}

void stats_connection_opened(struct stats *stats)
{
    stats->connections++;
    raise_peak(&stats->peak_open_connections, ++stats->open_connections);
}

void stats_connection_closed(struct stats *stats)
{
    stats->open_connections--;
}

void stats_reset(struct stats *stats)
{
    uint64_t in_flight = stats->in_flight, open = stats->open_connections;
    *stats = (struct stats){.in_flight = in_flight,
        .peak_in_flight = in_flight,
        .open_connections = open,
        .peak_open_connections = open};
}

void stats_append_json(struct text *out, const struct stats *stats)
{
    text_append_format(out,
        "{\"requests\":%" PRIu64 ",\"listing_requests\":%" PRIu64 ",\"connections\":%" PRIu64
        ",\"open_connections\":%" PRIu64 ",\"peak_open_connections\":%" PRIu64 ",\"in_flight\":%" PRIu64
        ",\"peak_in_flight\":%" PRIu64 ",\"peak_per_second\":%" PRIu64 ",\"bytes\":%" PRIu64
        ",\"by_status\":{",
        stats->requests, stats->listing_requests, stats->connections, stats->open_connections,
        stats->peak_open_connections, stats->in_flight, stats->peak_in_flight, stats->peak_per_second,
        stats->bytes);
    const char *separator = "";
    for (int status = 0; status < STATS_STATUSES; status++) {
        if (stats->by_status[status] == 0)
            continue;
        text_append_format(out, "%s\"%d\":%" PRIu64, separator, status, stats->by_status[status]);
        separator = ",";
    }
    text_append_string(out, "}}");
}
