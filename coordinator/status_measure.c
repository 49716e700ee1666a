#include "coordinator/status_measure.h"

#include <unistd.h>

#include "common/process.h"

struct status_measure status_measure_make(int64_t now_ms)
{
    return (struct status_measure){.rate_since_ms = now_ms};
}

static uint64_t pss_of(pid_t pid)
{
    uint64_t pss_kb, rss_kb;
    return process_memory(pid, &pss_kb, &rss_kb) ? pss_kb : 0;
}

static void measure_memory(struct status_measure *measure, const struct status_sources *from)
{
    pid_t pool = local_pool_pid(from->pool);
    measure->self_kb = measure->tree_kb = pss_of(getpid());
    if (pool)
        measure->tree_kb += pss_of(pool);
    if (export_run_active(from->exporter))
        measure->tree_kb += pss_of(export_run_pid(from->exporter));
    const struct worker *worker = dispatch_roster(from->dispatch)->by_identity;
    for (; worker; worker = worker->hh.next)
        if (worker->local)
            measure->tree_kb += pss_of(worker->pid);
    if (measure->tree_kb > measure->tree_peak_kb)
        measure->tree_peak_kb = measure->tree_kb;
}

static void measure_rate(struct status_measure *measure, const struct status_sources *from, int64_t now_ms)
{
    uint64_t requests = dispatch_counters(from->dispatch)->requests;
    int64_t span_ms = now_ms - measure->rate_since_ms;
    if (span_ms < STATUS_MEASURE_EVERY_MS)
        return;
    double rate = (double)(requests - measure->rate_requests) * 1000 / (double)span_ms;
    /* Smoothed, so that the time left does not jump. */
    measure->request_rate = measure->request_rate > 0 ? measure->request_rate * 0.7 + rate * 0.3 : rate;
    measure->rate_since_ms = now_ms;
    measure->rate_requests = requests;
}

void status_measure_look(struct status_measure *measure, const struct status_sources *from, int64_t now_ms)
{
    measure_memory(measure, from);
    measure_rate(measure, from, now_ms);
}
