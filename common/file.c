#include "common/file.h"
#include "common/fault_point.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)

/* Names the path, what was tried and errno's meaning. Returns false, for `return fail(…)`. */
static bool fail(char error[static FILE_ERROR_SIZE], const char *path, const char *what)
{
    int cause = errno;
    if (snprintf(error, FILE_ERROR_SIZE, "%s: cannot %s: %s", path, what, strerror(cause)) < 0)
        error[0] = '\0';
    return false;
}

static bool read_descriptor(int fd, const char *path, struct buffer *out, char error[static FILE_ERROR_SIZE])
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail(error, path, "examine it");
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return fail(error, path, "read it, because it is not a regular file");
    }
    for (;;) {
        uint8_t chunk[READ_BYTES];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, path, "read it");
        if (!buffer_append(out, chunk, (size_t)got)) {
            errno = EFBIG;
            if (snprintf(error, FILE_ERROR_SIZE, "%s: larger than the %zu bytes allowed", path, out->limit) <
                0)
                error[0] = '\0';
            return false;
        }
    }
}

bool file_read(const char *path, struct buffer *out, char error[static FILE_ERROR_SIZE])
{
    buffer_clear(out);
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(error, path, "open it");
    bool read_ok = read_descriptor(fd, path, out, error);
    close(fd);
    if (!read_ok)
        buffer_clear(out);
    return read_ok;
}

bool file_write_all(int fd, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    while (length) {
        ssize_t written = write(fd, next, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        next += written;
        length -= (size_t)written;
    }
    return true;
}

bool file_read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(fd, (uint8_t *)bytes + done, length - done, (off_t)(offset + done));
        if (got == 0)
            errno = 0;
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

bool file_write_at(int fd, const void *bytes, size_t length, uint64_t offset)
{
    for (size_t done = 0; done < length;) {
        ssize_t written = pwrite(fd, (const uint8_t *)bytes + done, length - done, (off_t)(offset + done));
        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

int file_open_parent(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    char folder[4096];
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    const char *opened = !slash ? "." : length ? folder : "/";
    return open(opened, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A temporary file of `name` is called NAME_FORMAT, with a random number. */
#define NAME_FORMAT ".%.200s.%016" PRIx64 ".tmp"

/* Creates a file of a name nobody uses; the name stays in `temporary`. */
static int create_temporary(int folder, const char *name, char *temporary, size_t size)
{
    for (int attempt = 0; attempt < 16; attempt++) {
        uint64_t number;
        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
            return -1;
        int length = snprintf(temporary, size, NAME_FORMAT, name, number);
        if (length < 0 || (size_t)length >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static bool fill(int fd, const void *bytes, size_t length, mode_t mode, bool durable)
{
    bool filled = file_write_all(fd, bytes, length) && fchmod(fd, mode) == 0 &&
                  !FAULT_FAIL(FILE_BEFORE_SYNC) && (!durable || fsync(fd) == 0);
    int cause = errno;
    bool closed = close(fd) == 0;
    if (!filled)
        errno = cause;
    return filled && closed;
}

static bool replace(const char *path, const void *bytes, size_t length, mode_t mode, bool durable,
    char error[static FILE_ERROR_SIZE])
{
    const char *name;
    int folder = file_open_parent(path, &name);
    if (folder < 0)
        return fail(error, path, "open its folder");
    char temporary[256];
    int fd = create_temporary(folder, name, temporary, sizeof(temporary));
    bool done = false;
    if (fd < 0) {
        fail(error, path, "create a file beside it");
    } else if (!fill(fd, bytes, length, mode, durable)) {
        fail(error, path, "write the new content");
        unlinkat(folder, temporary, 0);
    } else if (FAULT_FAIL(FILE_BEFORE_RENAME) || renameat(folder, temporary, folder, name) != 0) {
        fail(error, path, "put the new file in its place");
        unlinkat(folder, temporary, 0);
    } else {
        FAULT_POINT(FILE_AFTER_RENAME);
        done = !durable || fsync(folder) == 0 || fail(error, path, "sync its folder");
    }
    close(folder);
    return done;
}

bool file_write_atomic(
    const char *path, const void *bytes, size_t length, mode_t mode, char error[static FILE_ERROR_SIZE])
{
    return replace(path, bytes, length, mode, true, error);
}

bool file_write_unsynced(
    const char *path, const void *bytes, size_t length, mode_t mode, char error[static FILE_ERROR_SIZE])
{
    return replace(path, bytes, length, mode, false, error);
}

static bool is_temporary_of(const char *entry, const char *name)
{
    char again[256];
    size_t skip = 1 + strnlen(name, 200) + 1;
    if (strlen(entry) <= skip)
        return false;
    uint64_t number = strtoull(entry + skip, NULL, 16);
    int length = snprintf(again, sizeof(again), NAME_FORMAT, name, number);
    return length > 0 && (size_t)length < sizeof(again) && strcmp(again, entry) == 0;
}

void file_sweep_temporary(const char *path)
{
    const char *name;
    int folder = file_open_parent(path, &name);
    DIR *entries = folder < 0 ? NULL : fdopendir(folder);
    if (!entries) {
        if (folder >= 0)
            close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (is_temporary_of(entry->d_name, name))
            unlinkat(folder, entry->d_name, 0);
    }
    closedir(entries);
}

bool file_resolve(const char *folder, const char *path, char *out, size_t size)
{
    int length =
        path[0] == '/' ? snprintf(out, size, "%s", path) : snprintf(out, size, "%s/%s", folder, path);
    return length >= 0 && (size_t)length < size;
}
