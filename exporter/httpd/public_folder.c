#include "exporter/httpd/public_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exporter/httpd/folder_broker.h"
#include "exporter/httpd/path_walk.h"

/* openat2 gives up with EAGAIN if something was renamed while it resolved a ".." of a link. */
#define RACES_MAX 16

/* glibc has no wrapper. O_NONBLOCK: opening a pipe must not wait for its other end. */
static int open_beneath(int folder_fd, const char *path)
{
    const struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd = -1;
    errno = EAGAIN;
    for (int i = 0; fd < 0 && (errno == EAGAIN || errno == EINTR) && i < RACES_MAX; i++)
        fd = syscall(SYS_openat2, folder_fd, path, &how, sizeof how);
    return (int)fd;
}

bool public_folder_has_openat2(void)
{
    int fd = open_beneath(AT_FDCWD, ".");
    if (fd < 0)
        return errno != ENOSYS && errno != EPERM;
    close(fd);
    return true;
}

static enum public_folder_outcome outcome_of(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ? PUBLIC_FOLDER_BUSY : PUBLIC_FOLDER_NOTHING;
}

int public_folder_open_below(const struct public_folder *folder, const char *path)
{
    int folder_fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return -1;
    int fd = folder->by_walk ? path_walk_open(folder_fd, path) : open_beneath(folder_fd, path);
    int error = errno;
    close(folder_fd);
    errno = error;
    return fd;
}

enum public_folder_outcome public_folder_open(
    const struct public_folder *folder, const char *path, int *fd, struct stat *about)
{
    *fd = public_folder_open_below(folder, path);
    if (*fd < 0 && errno == EACCES && folder->broker)
        *fd = folder_broker_open_below(folder->broker, path);
    if (*fd < 0)
        return outcome_of(errno);
    if (fstat(*fd, about) == 0 && S_ISREG(about->st_mode))
        return PUBLIC_FOLDER_OPENED;
    close(*fd);
    *fd = -1;
    return PUBLIC_FOLDER_NOTHING;
}
