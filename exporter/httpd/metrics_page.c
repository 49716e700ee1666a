#include "exporter/httpd/metrics_page.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "common/process.h"
#include "common/version.h"

static void put_coordinator(struct metrics_writer *writer, struct status_feed *feed, int64_t now_ms)
{
    struct buffer summary = buffer_make(STATUS_FEED_SUMMARY_MAX);
    int64_t heard_ms;
    bool up =
        status_feed_last(feed, &summary, &heard_ms) && now_ms - heard_ms <= METRICS_SILENCE_MS &&
        metrics_write_summary(writer, (struct text){(const char *)summary.data, (uint32_t)summary.length});
    metrics_write_presence(writer, up, (double)(now_ms > heard_ms ? now_ms - heard_ms : 0) / 1000);
    buffer_free(&summary);
}

static void put_answers(struct metrics_writer *writer, const struct counters *counters)
{
    metrics_family(
        writer, "r3e_httpd_answers", METRICS_COUNTER, "Requests that were answered, by HTTP status.");
    for (unsigned i = 0; i < HTTP_STATUS_COUNT; i++) {
        const struct metrics_label code = {"code", counters_status_string(i)};
        metrics_sample(writer, &code, 1, (double)counters_answers(counters, i));
    }
}

static void put_connections(struct metrics_writer *writer, struct connections *connections)
{
    struct connections_figures figures = connections_figures(connections);
    const struct metrics_label late = {"reason", "late"};
    const struct metrics_label early = {"reason", "room"};
    metrics_put(writer, "r3e_httpd_connections_accepted", METRICS_COUNTER, "Connections that came.",
        (double)figures.accepted);
    metrics_family(writer, "r3e_httpd_connections_ended", METRICS_COUNTER,
        "Connections that were ended: late, their time was over; room, others needed their place.");
    metrics_sample(writer, &late, 1, (double)figures.ended_late);
    metrics_sample(writer, &early, 1, (double)figures.ended_early);
    metrics_put(writer, "r3e_httpd_connections_open", METRICS_GAUGE, "Connections that are open.",
        (double)figures.open);
}

/* Names that Prometheus' client libraries have agreed upon. */
static void put_process(struct metrics_writer *writer)
{
    const struct metrics_label version = {"version", R3E_VERSION};
    uint64_t pss_kb;
    uint64_t rss_kb;
    metrics_family(writer, "r3e_httpd_build", METRICS_INFO, "The release of this web server.");
    metrics_sample(writer, &version, 1, 1);
    metrics_put(writer, "process_open_fds", METRICS_GAUGE, "Open file descriptors of this web server.",
        process_descriptor_count());
    if (process_memory(getpid(), &pss_kb, &rss_kb))
        metrics_put(writer, "process_resident_memory_bytes", METRICS_GAUGE, "Its resident memory.",
            (double)rss_kb * 1024);
}

void metrics_page_write(
    const struct metrics_sources *sources, enum metrics_format format, int64_t now_ms, struct buffer *out)
{
    struct metrics_writer writer = metrics_writer_make(out, format);
    if (sources->feed)
        put_coordinator(&writer, sources->feed, now_ms);
    put_answers(&writer, sources->counters);
    put_connections(&writer, sources->connections);
    put_process(&writer);
    metrics_end(&writer);
}
