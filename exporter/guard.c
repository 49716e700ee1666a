#include "exporter/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define LOOK_EVERY_US 20000

void guard_open(struct guard *guard, int64_t timeout_ms, int64_t max_rss_kb)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    *guard = (struct guard){
        .started_us = clock_monotonic_us(), .max_rss_kb = max_rss_kb, .deadline_us = INT64_MAX};
    if (timeout_ms)
        guard->deadline_us = guard->started_us + timeout_ms * 1000;
    pthread_mutex_init(&guard->mutex, NULL);
    guard->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    guard->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (guard->signal_fd < 0)
        log_fatal("cannot make a signal descriptor; raise the limit of open files");
}

void guard_close(struct guard *guard)
{
    close(guard->signal_fd);
    if (guard->statm_fd >= 0)
        close(guard->statm_fd);
    pthread_mutex_destroy(&guard->mutex);
}

bool guard_fail(struct guard *guard, const char *format, ...)
{
    pthread_mutex_lock(&guard->mutex);
    if (!guard->reason[0]) {
        va_list arguments;
        va_start(arguments, format);
        if (vsnprintf(guard->reason, sizeof guard->reason, format, arguments) <= 0)
            guard->reason[0] = '?';
        va_end(arguments);
    }
    pthread_mutex_unlock(&guard->mutex);
    atomic_store(&guard->stopped, true);
    return false;
}

static const char *advice(int cause)
{
    switch (cause) {
    case ENOSPC:
    case EDQUOT:
        return "; make room there";
    case EROFS:
        return "; mount it for writing";
    case EACCES:
    case EPERM:
        return "; give the user that runs this the right to write there";
    case EMFILE:
    case ENFILE:
        return "; raise the limit of open files";
    case ENOTDIR:
        return "; move the file that stands where a folder should";
    case EIO:
        return "; look into the kernel's log for what is wrong with the disk";
    default:
        return "";
    }
}

bool guard_fail_file(struct guard *guard, const char *doing, const char *folder, const char *path)
{
    int cause = errno;
    guard_fail(guard, "cannot %s %s%s%s: %s%s; the files published before stay", doing, folder,
        *path ? "/" : "", path, strerror(cause), advice(cause));
    errno = cause;
    return false;
}

/* Memory held now in KB: the second number of /proc/self/statm, in pages. */
static int64_t rss_kb(const struct guard *guard)
{
    char text[128];
    ssize_t got = guard->statm_fd < 0 ? -1 : pread(guard->statm_fd, text, sizeof text - 1, 0);
    if (got <= 0)
        return 0;
    text[got] = 0;
    const char *second = strchr(text, ' ');
    return second ? strtoll(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

static bool look(struct guard *guard)
{
    struct signalfd_siginfo signal;
    if (read(guard->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
        return guard_fail(guard, "stopped by signal %" PRIu32 "; nothing was published", signal.ssi_signo);
    int64_t held_kb = guard->max_rss_kb ? rss_kb(guard) : 0;
    if (held_kb > guard->max_rss_kb)
        return guard_fail(guard,
            "holds %" PRId64 " MB of memory, more than --max-rss-mb %" PRId64
            " allows; raise exporter.max_rss_mb",
            held_kb / 1024, guard->max_rss_kb / 1024);
    return true;
}

bool guard_ok(struct guard *guard)
{
    if (atomic_load_explicit(&guard->stopped, memory_order_relaxed))
        return false;
    int64_t now_us = clock_monotonic_us();
    if (now_us >= guard->deadline_us)
        return guard_fail(guard,
            "not done after %" PRId64 " s; nothing was published; raise exporter.timeout_s",
            (guard->deadline_us - guard->started_us) / 1000000);
    int64_t next_us = atomic_load_explicit(&guard->next_look_us, memory_order_relaxed);
    if (now_us < next_us ||
        !atomic_compare_exchange_strong(&guard->next_look_us, &next_us, now_us + LOOK_EVERY_US))
        return true;
    return look(guard);
}

void guard_forgive(struct guard *guard)
{
    guard->reason[0] = 0;
    atomic_store(&guard->stopped, false);
}

const char *guard_reason(const struct guard *guard)
{
    return guard->reason;
}

uint64_t guard_peak_rss_kb(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    uint64_t peak_kb = 0;
    char line[256];
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak_kb = strtoull(line + 6, NULL, 10);
    }
    if (status)
        fclose(status);
    return peak_kb;
}
