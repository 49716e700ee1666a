#include "coordinator/collect_counters.h"

void collect_counters_answer(struct collect_counters *counters, const struct message_result *result)
{
    bool known = result->http_status < COLLECT_STATUS_CODES;
    counters->results++;
    counters->requests += result->requests;
    counters->bytes += result->bytes;
    counters->answers[known ? result->http_status : 0]++;
    if (result->http_status)
        histogram_add(&counters->latency, result->latency_ms, 1);
}
