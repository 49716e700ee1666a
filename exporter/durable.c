#include "exporter/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Smaller files are many, and begin soon enough. */
#define LARGE_BYTES ((off_t)64 * 1024)

void durable_begin(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_size >= LARGE_BYTES)
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static bool sync_and_close(int fd)
{
    bool synced = fsync(fd) == 0;
    int cause = errno;
    close(fd);
    errno = cause;
    return synced;
}

bool durable_file(int root_fd, const char *path)
{
    int fd = openat(root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP;
    return sync_and_close(fd);
}

bool durable_folder_of(int root_fd, const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (slash) {
        memcpy(folder, path, length);
        folder[length] = 0;
    }
    int fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    return sync_and_close(fd);
}
