#include "coordinator/watch.h"

#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <uthash.h>

#include "common/memory.h"

struct watched {
    pid_t pid;
    int pid_fd;
    struct watch *owner;
    UT_hash_handle hh;
};

struct watch {
    struct loop *loop;
    watch_ended ended;
    void *context;
    struct watched *by_pid; /* uthash table; owns the entries */
};

struct watch *watch_open(struct loop *loop, watch_ended ended, void *context)
{
    struct watch *watch = memory_zalloc(1, sizeof *watch);
    *watch = (struct watch){.loop = loop, .ended = ended, .context = context};
    return watch;
}

static void forget(struct watched *watched)
{
    struct watch *watch = watched->owner;
    /* The analyser does not follow uthash's links. NOLINTNEXTLINE(clang-analyzer-*) */
    HASH_DEL(watch->by_pid, watched);
    loop_remove_fd(watch->loop, watched->pid_fd);
    close(watched->pid_fd);
    free(watched);
}

void watch_close(struct watch **pointer)
{
    struct watch *watch = *pointer;
    if (!watch)
        return;
    struct watched *next;
    for (struct watched *watched = watch->by_pid; watched; watched = next) {
        next = watched->hh.next;
        forget(watched);
    }
    free(watch);
    *pointer = NULL;
}

static void on_end(void *context)
{
    struct watched *watched = context;
    struct watch *watch = watched->owner;
    pid_t pid = watched->pid;
    forget(watched);
    watch->ended(watch->context, pid);
}

static struct watched *find(const struct watch *watch, pid_t pid)
{
    struct watched *found = NULL;
    HASH_FIND(hh, watch->by_pid, &pid, sizeof pid, found);
    return found;
}

void watch_add(struct watch *watch, pid_t pid)
{
    if (find(watch, pid))
        return;
    int pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0)
        return;
    struct watched *watched = memory_zalloc(1, sizeof *watched);
    *watched = (struct watched){.pid = pid, .pid_fd = pid_fd, .owner = watch};
    /* NOLINTNEXTLINE(clang-analyzer-*) */
    HASH_ADD(hh, watch->by_pid, pid, sizeof watched->pid, watched);
    loop_add_fd(watch->loop, pid_fd, on_end, watched);
}

void watch_remove(struct watch *watch, pid_t pid)
{
    struct watched *watched = find(watch, pid);
    if (watched)
        forget(watched);
}
