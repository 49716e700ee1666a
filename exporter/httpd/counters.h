#ifndef R3E_EXPORTER_HTTPD_COUNTERS_H
#define R3E_EXPORTER_HTTPD_COUNTERS_H
/* What was answered, for /metrics. Nothing is kept of who asked. */
#include <stdatomic.h>
#include <stdint.h>

/* Every status that we answer with. */
#define HTTP_STATUSES(X) X(200) X(206) X(304) X(400) X(404) X(405) X(412) X(414) X(416) X(503)

#define X(code) HTTP_STATUS_##code,
enum http_status_index { HTTP_STATUSES(X) HTTP_STATUS_COUNT };
#undef X

struct counters {
    atomic_uint_fast64_t answers[HTTP_STATUS_COUNT];
};

/* Any thread. `status` is one of them. */
void counters_answered(struct counters *counters, unsigned status);

uint64_t counters_answers(const struct counters *counters, enum http_status_index index);

/* "200" … */
const char *counters_status_string(enum http_status_index index);

#endif
