#include "exporter/same_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

#define COMPARE_BYTES ((size_t)32 * 1024)

/* What to answer where open_existing failed. */
static enum same_file without_file(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? SAME_FILE_UNKNOWN : SAME_FILE_NOT;
}

static int open_existing(int root_fd, const char *path, size_t size, struct stat *status)
{
    int fd = openat(root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, status) == 0 && S_ISREG(status->st_mode) && (size_t)status->st_size == size)
        return fd;
    close(fd);
    errno = 0;
    return -1;
}

enum same_file same_file_bytes(int root_fd, const char *path, struct text content, struct stat *status)
{
    int fd = open_existing(root_fd, path, content.length, status);
    if (fd < 0)
        return without_file();
    uint8_t chunk[COMPARE_BYTES];
    bool same = true;
    for (size_t at = 0; same && at < content.length; at += sizeof chunk) {
        size_t size = content.length - at < sizeof chunk ? content.length - at : sizeof chunk;
        same = file_read_at(fd, chunk, size, at) && memcmp(chunk, content.data + at, size) == 0;
    }
    close(fd);
    return same ? SAME_FILE : SAME_FILE_NOT;
}

enum same_file same_file_open(int root_fd, const char *path, int fd, size_t size, struct stat *status)
{
    int old = open_existing(root_fd, path, size, status);
    if (old < 0)
        return without_file();
    uint8_t chunk[COMPARE_BYTES], old_chunk[COMPARE_BYTES];
    bool same = true;
    for (size_t at = 0; same && at < size; at += sizeof chunk) {
        size_t part = size - at < sizeof chunk ? size - at : sizeof chunk;
        same = file_read_at(fd, chunk, part, at) && file_read_at(old, old_chunk, part, at) &&
               memcmp(chunk, old_chunk, part) == 0;
    }
    close(old);
    return same ? SAME_FILE : SAME_FILE_NOT;
}
