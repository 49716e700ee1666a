#include "common/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"

#define PAUSE_FIRST_MS 1000
#define PAUSE_MOST_MS  60000
#define FLAGS_BYTES    (SUPERVISOR_CHILDREN_MAX * sizeof(atomic_bool))

struct child {
    struct process process;
    struct supervisor *owner;
    atomic_bool *worked; /* in `flags` */
    bool dismissed;      /* told to end; it is not held against it */
};

struct supervisor {
    struct loop *loop;
    struct supervisor_options options;
    struct child children[SUPERVISOR_CHILDREN_MAX];
    atomic_bool *flags; /* owned; shared with forked children */
    unsigned alive;
    bool stopping;
    int64_t start_after_ms; /* monotonic; nothing is started before */
    int64_t pause_ms;       /* the next pause; 0: healthy */
    bool unhealthy;         /* one ended before it had worked; the next tick holds back */
    uint64_t crashed;
    supervisor_ended ended;
    void *ended_context;
};

struct supervisor *supervisor_open(struct loop *loop, const struct supervisor_options *options)
{
    if (options->count > SUPERVISOR_CHILDREN_MAX)
        log_bug("supervisor: %u children of kind %s", options->count, options->kind);
    struct supervisor *supervisor = memory_zalloc(1, sizeof *supervisor);
    supervisor->loop = loop;
    supervisor->options = *options;
    supervisor->flags = mmap(NULL, FLAGS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (supervisor->flags == MAP_FAILED)
        log_fatal("out of memory: wanted %zu bytes; raise the memory limit", FLAGS_BYTES);
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX; i++)
        supervisor->children[i] =
            (struct child){.process = PROCESS_NONE, .owner = supervisor, .worked = &supervisor->flags[i]};
    return supervisor;
}

static void hold_back(struct supervisor *supervisor, int64_t now_ms)
{
    int64_t pause = supervisor->pause_ms ? supervisor->pause_ms : PAUSE_FIRST_MS;
    supervisor->start_after_ms = now_ms + pause + random() % (pause / 2);
    supervisor->pause_ms = pause * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : pause * 2;
    supervisor->unhealthy = false;
}

static void log_end(const struct supervisor *supervisor, pid_t pid, const struct process_end *end)
{
    if (end->signal)
        log_warn("%s %d was ended by signal %d (%s)", supervisor->options.kind, (int)pid, end->signal,
            strsignal(end->signal));
    else
        log_warn("%s %d exited with code %d; its own message stands above", supervisor->options.kind,
            (int)pid, end->exit_code);
}

static void child_ended(void *context)
{
    struct child *child = context;
    struct supervisor *supervisor = child->owner;
    struct process_end end;
    pid_t pid = child->process.pid;
    int pid_fd = child->process.pid_fd;
    if (!process_reap(&child->process, &end))
        return;
    loop_remove_fd(supervisor->loop, pid_fd);
    supervisor->alive--;
    bool bad = (end.signal || end.exit_code) && !child->dismissed;
    if (bad && !supervisor->stopping) {
        supervisor->crashed++;
        log_end(supervisor, pid, &end);
    }
    if (atomic_load(child->worked))
        supervisor->pause_ms = 0;
    else if (!child->dismissed)
        supervisor->unhealthy = true;
    if (supervisor->ended)
        supervisor->ended(supervisor->ended_context, pid, &end);
}

static int run_child(void *context)
{
    struct child *child = context;
    const struct supervisor_options *options = &child->owner->options;
    return options->run(options->run_context, child->worked);
}

static bool start_child(struct supervisor *supervisor, struct child *child)
{
    struct process_options options = {
        .arguments = supervisor->options.arguments, .stdout_fd = -1, .limits = supervisor->options.limits};
    atomic_store(child->worked, false);
    child->dismissed = false;
    bool started = options.arguments ? process_start(&child->process, &options)
                                     : process_fork(&child->process, run_child, child);
    if (!started) {
        log_error("cannot start %s %s: %s", supervisor->options.kind,
            options.arguments ? options.arguments[0] : "process", strerror(errno));
        return false;
    }
    supervisor->alive++;
    loop_add_fd(supervisor->loop, child->process.pid_fd, child_ended, child);
    return true;
}

int64_t supervisor_tick(struct supervisor *supervisor, int64_t now_ms)
{
    if (supervisor->stopping || supervisor->alive >= supervisor->options.count)
        return LOOP_SLEEP_FOREVER;
    if (supervisor->unhealthy)
        hold_back(supervisor, now_ms);
    if (now_ms < supervisor->start_after_ms)
        return supervisor->start_after_ms - now_ms;
    for (unsigned i = 0; i < supervisor->options.count; i++) {
        struct child *child = &supervisor->children[i];
        if (child->process.pid == 0 && !start_child(supervisor, child)) {
            hold_back(supervisor, now_ms);
            return supervisor->start_after_ms - now_ms;
        }
    }
    return LOOP_SLEEP_FOREVER;
}

void supervisor_worked(struct supervisor *supervisor, pid_t pid)
{
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX; i++) {
        if (supervisor->children[i].process.pid == pid) {
            atomic_store(supervisor->children[i].worked, true);
            supervisor->pause_ms = 0;
            return;
        }
    }
}

void supervisor_restart(struct supervisor *supervisor, unsigned count, int signal)
{
    if (count > SUPERVISOR_CHILDREN_MAX)
        log_bug("supervisor: %u children of kind %s", count, supervisor->options.kind);
    supervisor->options.count = count;
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX; i++) {
        supervisor->children[i].dismissed = true;
        process_signal(&supervisor->children[i].process, signal);
    }
}

void supervisor_stop(struct supervisor *supervisor, int signal)
{
    supervisor->stopping = true;
    for (unsigned i = 0; signal && i < SUPERVISOR_CHILDREN_MAX; i++)
        process_signal(&supervisor->children[i].process, signal);
}

void supervisor_close(struct supervisor **pointer)
{
    struct supervisor *supervisor = *pointer;
    if (!supervisor)
        return;
    supervisor_stop(supervisor, SIGKILL);
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX; i++) {
        struct process *process = &supervisor->children[i].process;
        struct process_end end;
        if (process->pid == 0)
            continue;
        loop_remove_fd(supervisor->loop, process->pid_fd);
        /* SIGKILL was sent: this wait is short. */
        while (!process_reap(process, &end))
            clock_sleep_ms(1);
    }
    munmap(supervisor->flags, FLAGS_BYTES);
    free(supervisor);
    *pointer = NULL;
}

bool supervisor_is_broken(const struct supervisor *supervisor)
{
    bool ended = supervisor->alive == 0;
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX && !ended; i++) {
        const struct process *process = &supervisor->children[i].process;
        struct pollfd watched = {.fd = process->pid_fd, .events = POLLIN};
        ended = process->pid && poll(&watched, 1, 0) > 0;
    }
    return ended;
}

unsigned supervisor_alive(const struct supervisor *supervisor)
{
    return supervisor->alive;
}

uint64_t supervisor_crashed(const struct supervisor *supervisor)
{
    return supervisor->crashed;
}

unsigned supervisor_pids(const struct supervisor *supervisor, pid_t *out, unsigned max)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SUPERVISOR_CHILDREN_MAX && count < max; i++)
        if (supervisor->children[i].process.pid)
            out[count++] = supervisor->children[i].process.pid;
    return count;
}

void supervisor_on_end(struct supervisor *supervisor, supervisor_ended callback, void *context)
{
    supervisor->ended = callback;
    supervisor->ended_context = context;
}
