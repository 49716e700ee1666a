#include "exporter/inventory_look.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <unistd.h>

#include "exporter/threads.h"

/* Items that a thread takes at once: they follow each other, so most are in the same folder. */
#define TAKE 256u

struct look {
    const struct inventory *inventory;
    int root_fd;
    bool unsettled;
    inventory_visitor visit;
    _Atomic uint32_t next;
    _Atomic(const char *) failed; /* the path of an item, or NULL */
};

/* The folder that a thread's last item was in stays open: names of one part are found faster. */
struct kept_folder {
    int fd;           /* -1: none */
    const char *path; /* the path it was opened by, `length` bytes of it */
    uint32_t length;
};

static int open_folder_of(
    const struct look *look, struct kept_folder *kept, const struct inventory_item *item)
{
    if (item->name_at == 0)
        return look->root_fd;
    if (kept->fd >= 0 && kept->length == item->name_at && memcmp(kept->path, item->path, item->name_at) == 0)
        return kept->fd;
    char path[PATH_MAX];
    if (item->name_at >= sizeof path)
        return -1;
    memcpy(path, item->path, item->name_at);
    path[item->name_at] = 0;
    if (kept->fd >= 0)
        close(kept->fd);
    kept->path = item->path;
    kept->length = item->name_at;
    kept->fd = openat(look->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return kept->fd;
}

static bool look_at(const struct look *look, struct kept_folder *kept, struct inventory_item *item)
{
    struct stat status;
    int fd = open_folder_of(look, kept, item);
    if (fd < 0)
        return false;
    int result = inventory_is_folder(item)
                     ? fstat(fd, &status)
                     : fstatat(fd, item->path + item->name_at, &status, AT_SYMLINK_NOFOLLOW);
    return result == 0 && look->visit(item, &status);
}

static void *look_at_some(void *context)
{
    struct look *look = context;
    struct kept_folder kept = {.fd = -1};
    uint32_t count = look->inventory->count, first;
    while (!atomic_load(&look->failed) && (first = atomic_fetch_add(&look->next, TAKE)) < count) {
        for (uint32_t i = first; i < count && i < first + TAKE; i++) {
            struct inventory_item *item = &look->inventory->items[i];
            if ((item->unsettled || !look->unsettled) && !look_at(look, &kept, item)) {
                atomic_store(&look->failed, item->path);
                break;
            }
        }
    }
    if (kept.fd >= 0)
        close(kept.fd);
    return NULL;
}

bool inventory_look(const struct inventory *inventory, int root_fd, bool unsettled, inventory_visitor visit,
    unsigned threads, const char **path)
{
    struct look look = {.inventory = inventory, .root_fd = root_fd, .unsettled = unsettled, .visit = visit};
    unsigned wanted = inventory->count / TAKE + 1;
    struct threads others = {.count = 0};
    if (threads > 1 && wanted > 1)
        others = threads_start((wanted < threads ? wanted : threads) - 1, look_at_some, &look);
    look_at_some(&look);
    threads_join(&others);
    const char *failed = atomic_load(&look.failed);
    if (failed)
        *path = failed;
    return !failed;
}
