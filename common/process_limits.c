#include "common/process_limits.h"

#include "common/sanitized.h"

static rlim_t megabytes(int64_t count)
{
    return (rlim_t)count * 1024 * 1024;
}

static void add(struct process_limits *limits, int resource, rlim_t most)
{
    limits->list[limits->count++] = (struct process_limit){resource, most};
}

struct process_limits process_limits_of_all(const struct config *config)
{
    struct process_limits limits = {0};
    if (!SANITIZED)
        add(&limits, RLIMIT_DATA, megabytes(config->hardening.memory_mb));
    add(&limits, RLIMIT_CORE, megabytes(config->hardening.core_mb));
    return limits;
}

struct process_limits process_limits_of_worker(const struct config *config)
{
    struct process_limits limits = {0};
    add(&limits, RLIMIT_NOFILE, (rlim_t)config->hardening.open_files);
    return limits;
}

struct process_limits process_limits_of_exporter(const struct config *config)
{
    struct process_limits limits = process_limits_of_worker(config);
    add(&limits, RLIMIT_FSIZE, megabytes(config->hardening.file_size_mb));
    return limits;
}

bool process_limits_set(const struct process_limits *limits)
{
    bool ok = true;
    for (unsigned i = 0; i < limits->count; i++) {
        const struct process_limit *wanted = &limits->list[i];
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)wanted->resource, &limit) != 0) {
            ok = false;
            continue;
        }
        limit.rlim_max = limit.rlim_max < wanted->most ? limit.rlim_max : wanted->most;
        limit.rlim_cur = limit.rlim_cur < limit.rlim_max ? limit.rlim_cur : limit.rlim_max;
        ok = setrlimit((__rlimit_resource_t)wanted->resource, &limit) == 0 && ok;
    }
    return ok;
}
