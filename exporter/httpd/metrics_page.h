#ifndef R3E_EXPORTER_HTTPD_METRICS_PAGE_H
#define R3E_EXPORTER_HTTPD_METRICS_PAGE_H
/* What /metrics says: the coordinator as its status socket tells (common/metrics.h), and this server. */
#include "common/buffer.h"
#include "common/metrics_writer.h"
#include "exporter/httpd/connections.h"
#include "exporter/httpd/counters.h"
#include "exporter/httpd/status_feed.h"

/* Borrowed. */
struct metrics_sources {
    struct status_feed *feed; /* NULL: nothing is said of a coordinator */
    struct connections *connections;
    const struct counters *counters;
};

/* Appends the page to `out`, whose limit is to be METRICS_PAGE_MAX. A summary that is older than
 * METRICS_SILENCE_MS is left out: what was true then must not look like what is true now. */
#define METRICS_PAGE_MAX ((size_t)512 * 1024)
void metrics_page_write(
    const struct metrics_sources *sources, enum metrics_format format, int64_t now_ms, struct buffer *out);

#endif
