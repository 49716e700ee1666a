#include "exporter/httpd/counters.h"

#include "common/log.h"

#define X(code) code,
static const unsigned statuses[] = {HTTP_STATUSES(X)};
#undef X
#define X(code) #code,
static const char *const strings[] = {HTTP_STATUSES(X)};
#undef X

void counters_answered(struct counters *counters, unsigned status)
{
    for (unsigned i = 0; i < HTTP_STATUS_COUNT; i++) {
        if (statuses[i] == status) {
            atomic_fetch_add_explicit(&counters->answers[i], 1, memory_order_relaxed);
            return;
        }
    }
    log_bug("status %u is not counted", status);
}

uint64_t counters_answers(const struct counters *counters, enum http_status_index index)
{
    return atomic_load_explicit(&counters->answers[index], memory_order_relaxed);
}

const char *counters_status_string(enum http_status_index index)
{
    return strings[index];
}
