#include "coordinator/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"
#include "coordinator/accepted.h"

/* 22 at rest, and what export and status open now and then. */
#define BASE       40u
#define PER_WORKER 3u /* two connections and a watch on its process */
/* More than we ever use; some programs walk through all possible descriptors. */
#define RAISE_MOST 65536u
#define PAUSE_MS   20

/* How many the coordinator needs at least. */
static unsigned needed_for(int64_t local_workers)
{
    return BASE + DESCRIPTORS_SPARE + PER_WORKER * (unsigned)local_workers;
}

struct descriptors descriptors_make(int64_t local_workers)
{
    struct rlimit limit;
    unsigned needed = needed_for(local_workers);
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_fatal("cannot read the limit of open files: %s", strerror(errno));
    rlim_t most = limit.rlim_max < RAISE_MOST ? limit.rlim_max : RAISE_MOST;
    if (limit.rlim_cur < most) {
        limit.rlim_cur = most;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
            log_warn("cannot raise the limit of open files: %s", strerror(errno));
    }
    if (limit.rlim_cur < needed)
        log_fatal("%u open files are allowed, the coordinator needs %u with workers.local = %lld; raise the "
                  "limit (ulimit -n, or LimitNOFILE= of the systemd unit)",
            (unsigned)limit.rlim_cur, needed, (long long)local_workers);
    return (struct descriptors){0};
}

/* The limit now: others may change it (prlimit(2)). */
static unsigned limit_now(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < RAISE_MOST ? (unsigned)limit.rlim_cur
                                                                                : RAISE_MOST;
}

/* Descriptors are given out from below: one this high leaves fewer than are to be spared. */
static bool is_last(int fd)
{
    return (unsigned)fd + DESCRIPTORS_SPARE >= limit_now();
}

/* In libzmq's thread, which does nothing but that meanwhile; what is connected is served between the pauses.
 */
static int wait_and_refuse(void)
{
    clock_sleep_ms(PAUSE_MS);
    errno = ECONNABORTED;
    return -1;
}

/* True if a descriptor may be used up for a connection: one is taken and given back to see. */
static bool has_room(void)
{
    int probe = open("/", O_PATH | O_CLOEXEC);
    if (probe < 0)
        return false;
    bool room = !is_last(probe);
    close(probe);
    return room;
}

/* The C library has reserved names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int accept4(int fd, __SOCKADDR_ARG address, socklen_t *restrict length, int flags)
{
    if (!has_room())
        return wait_and_refuse();
    int accepted = (int)syscall(SYS_accept4, fd, address.__sockaddr__, length, flags);
    if (accepted >= 0)
        accepted_note(accepted, address.__sockaddr__, length ? *length : 0);
    return accepted < 0 && (errno == EMFILE || errno == ENFILE) ? wait_and_refuse() : accepted;
}

int accept(int fd, __SOCKADDR_ARG address, socklen_t *restrict length)
{
    return accept4(fd, address, length, 0);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

int64_t descriptors_tick(struct descriptors *descriptors, int64_t now_ms)
{
    if (now_ms < descriptors->next_look_ms)
        return descriptors->next_look_ms - now_ms;
    descriptors->next_look_ms = now_ms + DESCRIPTORS_LOOK_MS;
    unsigned open = process_descriptor_count(), limit = limit_now();
    bool was_short = descriptors->short_of;
    descriptors->short_of = open + DESCRIPTORS_SPARE + (was_short ? DESCRIPTORS_SPARE : 1) > limit;
    if (descriptors->short_of && !was_short)
        log_warn(
            "%u of %u open files are in use; nobody more is let in until there are fewer; raise the limit "
            "(ulimit -n, or LimitNOFILE= of the systemd unit)",
            open, limit);
    else if (was_short && !descriptors->short_of)
        log_info("there are open files to spare again; workers and listeners are let in");
    return DESCRIPTORS_LOOK_MS;
}
