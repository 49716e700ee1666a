#include "coordinator/local_pool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/process.h"
#include "coordinator/watch.h"

struct local_pool {
    struct dispatch *dispatch;
    struct collect *collect;
    struct supervisor *supervisor;
    struct watch *watch;
    char program[PATH_MAX];
    char size[24];
    char upstream_port[8]; /* the only one that a worker of this host connects to */
    struct process_limits limits;
    const char *arguments[13];
};

static void worker_joined(void *context, pid_t pid)
{
    struct local_pool *pool = context;
    watch_add(pool->watch, pid);
}

static void worker_left(void *context, pid_t pid)
{
    struct local_pool *pool = context;
    watch_remove(pool->watch, pid);
}

static void worker_worked(void *context)
{
    struct local_pool *pool = context;
    pid_t pid;
    if (supervisor_pids(pool->supervisor, &pid, 1))
        supervisor_worked(pool->supervisor, pid);
}

static void worker_ended(void *context, pid_t pid)
{
    struct local_pool *pool = context;
    /* What it sent before it ended may still wait in the socket. */
    collect_readable(pool->collect);
    /* The workers of a pool that was killed die with it, whatever they held. */
    dispatch_process_ended(pool->dispatch, pid, !supervisor_is_broken(pool->supervisor));
}

/* One process that keeps the workers alive; it starts them faster than we could. */
static void set_arguments(struct local_pool *pool, const struct config *config)
{
    int length = snprintf(pool->size, sizeof pool->size, "%lld", (long long)config->workers.local);
    if (length < 0 || (size_t)length >= sizeof pool->size)
        log_bug("a pool of %lld workers", (long long)config->workers.local);
    length = snprintf(
        pool->upstream_port, sizeof pool->upstream_port, "%d", endpoint_url_port(config->upstream.base_url));
    if (length < 0 || (size_t)length >= sizeof pool->upstream_port)
        log_bug("the port of %s", config->upstream.base_url);
    const char *arguments[] = {pool->program, "--connect", config->local_sockets.jobs, "--pool", pool->size,
        "--log-level", log_level_string(config->log.level), "--log-format",
        log_format_string(config->log.format), "--tcp-ports", pool->upstream_port,
        config->hardening.sandbox ? NULL : "--no-sandbox", NULL};
    _Static_assert(sizeof arguments == sizeof pool->arguments, "all of them");
    memcpy(pool->arguments, arguments, sizeof arguments);
}

struct local_pool *local_pool_open(
    struct loop *loop, const struct config *config, struct dispatch *dispatch, struct collect *collect)
{
    struct local_pool *pool = memory_zalloc(1, sizeof *pool);
    pool->dispatch = dispatch;
    pool->collect = collect;
    if (!process_find_program("worker", "r3e-worker", pool->program, sizeof pool->program))
        log_fatal("r3e-worker is not installed beside this program; install all programs of the release");
    set_arguments(pool, config);
    pool->limits = process_limits_of_worker(config);
    struct supervisor_options options = {.kind = "worker pool",
        .arguments = pool->arguments,
        .limits = &pool->limits,
        .count = config->workers.local > 0};
    pool->supervisor = supervisor_open(loop, &options);
    pool->watch = watch_open(loop, worker_ended, pool);
    struct dispatch_events events = {
        .joined = worker_joined, .left = worker_left, .worked = worker_worked, .context = pool};
    dispatch_on_local(dispatch, &events);
    return pool;
}

void local_pool_set_config(struct local_pool *pool, const struct config *config)
{
    struct local_pool old = *pool;
    set_arguments(pool, config);
    bool same = strcmp(old.size, pool->size) == 0 && strcmp(old.upstream_port, pool->upstream_port) == 0;
    for (size_t i = 0; same && i < sizeof pool->arguments / sizeof *pool->arguments; i++)
        same = pool->arguments[i] == old.arguments[i]; /* all of them live as long as the configuration */
    if (same)
        return;
    log_info("reload: the local workers are started anew, %s of them", pool->size);
    supervisor_restart(pool->supervisor, config->workers.local > 0, SIGTERM);
}

void local_pool_close(struct local_pool **pointer)
{
    struct local_pool *pool = *pointer;
    if (!pool)
        return;
    supervisor_close(&pool->supervisor);
    watch_close(&pool->watch);
    free(pool);
    *pointer = NULL;
}

int64_t local_pool_tick(struct local_pool *pool, int64_t now_ms)
{
    return supervisor_tick(pool->supervisor, now_ms);
}

void local_pool_stop(struct local_pool *pool)
{
    supervisor_stop(pool->supervisor, SIGTERM);
}

bool local_pool_is_gone(const struct local_pool *pool)
{
    return supervisor_alive(pool->supervisor) == 0;
}

pid_t local_pool_pid(const struct local_pool *pool)
{
    pid_t pid;
    return supervisor_pids(pool->supervisor, &pid, 1) ? pid : 0;
}

uint64_t local_pool_crashed(const struct local_pool *pool)
{
    return supervisor_crashed(pool->supervisor);
}
