#include "exporter/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fault_trace.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"

#define FOLDER_MODE   0755
#define FILE_MODE     0644
#define COMPARE_BYTES ((size_t)32 * 1024)
#define PREFIX_LENGTH (sizeof PUBLISH_PREFIX - 1)

enum change_kind { CHANGE_RENAME, CHANGE_RENAME_FOLDER, CHANGE_REMOVE, CHANGE_REMOVE_FOLDER };

struct publication_change {
    enum change_kind kind;
    const char *path;
};

static bool fail(struct publication *publication, const char *doing, const char *path)
{
    return guard_fail(publication->guard, "cannot %s %s/%s: %s; the files published before stay", doing,
        publication->root, path, strerror(errno));
}

/* `path` with the prefix before its last part. */
static bool temporary_path(struct publication *publication, const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    int length = snprintf(out, PATH_MAX, "%.*s%s%s", folder, path, PUBLISH_PREFIX, path + folder);
    if (length > 0 && length < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return fail(publication, "name", path);
}

static void add_change(struct publication *publication, enum change_kind kind, const char *path)
{
    if (publication->change_count == publication->change_capacity) {
        publication->change_capacity = publication->change_capacity ? publication->change_capacity * 2 : 64;
        publication->changes =
            memory_resize(publication->changes, publication->change_capacity, sizeof *publication->changes);
    }
    const char *copy = arena_copy(&publication->arena, path, strlen(path));
    if (!copy)
        log_fatal("out of memory for a list of %u files; raise the memory limit", publication->change_count);
    publication->changes[publication->change_count++] = (struct publication_change){kind, copy};
}

static bool changed(struct publication *publication, enum change_kind kind, const char *path, size_t bytes)
{
    pthread_mutex_lock(&publication->mutex);
    add_change(publication, kind, path);
    if (kind == CHANGE_RENAME)
        publication->figures.files_written++;
    publication->figures.bytes_written += bytes;
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

static bool unchanged(struct publication *publication)
{
    pthread_mutex_lock(&publication->mutex);
    publication->figures.files_unchanged++;
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

/* ---- left-overs ---- */

static bool is_temporary(const char *name)
{
    return strncmp(name, PUBLISH_PREFIX, PREFIX_LENGTH) == 0;
}

/* Files of one folder level: we never put a folder into a temporary one. */
static void remove_temporary(int folder, const char *name)
{
    if (unlinkat(folder, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
        return;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        unlinkat(fd, entry->d_name, 0);
    closedir(entries);
    unlinkat(folder, name, AT_REMOVEDIR);
}

static bool walk(
    struct publication *publication, const char *path, bool sweep, publication_visitor visit, void *context)
{
    int fd = openat(publication->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || fail(publication, "open the folder", path);
    DIR *entries = fdopendir(fd);
    if (!entries) {
        close(fd);
        return fail(publication, "list the folder", path);
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!is_temporary(entry->d_name)) {
            if (visit && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                visit(context, entry->d_name);
        } else if (sweep) {
            remove_temporary(fd, entry->d_name);
        }
    }
    closedir(entries);
    return true;
}

bool publication_list(
    struct publication *publication, const char *path, publication_visitor visit, void *context)
{
    return walk(publication, path, false, visit, context);
}

bool publication_list_and_sweep(
    struct publication *publication, const char *path, publication_visitor visit, void *context)
{
    return walk(publication, path, true, visit, context);
}

/* The folders in which more than one module writes. */
static bool sweep_top(struct publication *publication)
{
    return walk(publication, ".", true, NULL, NULL) && walk(publication, "tracks", true, NULL, NULL) &&
           walk(publication, "combinations", true, NULL, NULL);
}

/* ---- opening ---- */

/* As mkdir -p. */
static bool make_folders(const char *path)
{
    char part[PATH_MAX];
    int length = snprintf(part, sizeof part, "%s", path);
    if (length < 0 || (size_t)length >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *at = part + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(part, FOLDER_MODE) == 0 || errno == EEXIST;
}

bool publication_open(struct publication *publication, const char *public_folder, struct guard *guard)
{
    *publication = (struct publication){.root_fd = -1, .guard = guard, .arena = arena_make(SIZE_MAX)};
    pthread_mutex_init(&publication->mutex, NULL);
    int length = snprintf(publication->root, sizeof publication->root, "%s/cache", public_folder);
    if (length < 0 || (size_t)length >= sizeof publication->root)
        return guard_fail(guard, "the path of --public is longer than %d bytes", PATH_MAX - 7);
    if (!make_folders(publication->root))
        return fail(publication, "make the folder", "");
    publication->root_fd = open(publication->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (publication->root_fd < 0)
        return fail(publication, "open the folder", "");
    if (flock(publication->root_fd, LOCK_EX | LOCK_NB) != 0) {
        int cause = errno;
        close(publication->root_fd);
        publication->root_fd = -1;
        errno = cause;
        if (cause != EWOULDBLOCK)
            return fail(publication, "lock the folder", "");
        return guard_fail(
            guard, "another exporter is publishing in %s; try again when it is done", publication->root);
    }
    return sweep_top(publication);
}

void publication_close(struct publication *publication)
{
    if (publication->root_fd >= 0)
        close(publication->root_fd);
    free(publication->changes);
    arena_free(&publication->arena);
    pthread_mutex_destroy(&publication->mutex);
}

bool publication_folder(struct publication *publication, const char *path)
{
    if (mkdirat(publication->root_fd, path, FOLDER_MODE) == 0 || errno == EEXIST)
        return true;
    return fail(publication, "make the folder", path);
}

/* ---- content ---- */

static int open_existing(struct publication *publication, const char *path, size_t size)
{
    struct stat status;
    int fd = openat(publication->root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size == size)
        return fd;
    close(fd);
    return -1;
}

/* Reads exactly `size` bytes at `offset`; false on error or a shorter file. */
static bool read_exactly(int fd, uint8_t *out, size_t size, size_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, out + done, size - done, (off_t)(offset + done));
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool holds(struct publication *publication, const char *path, struct text content)
{
    int fd = open_existing(publication, path, content.length);
    if (fd < 0)
        return false;
    uint8_t chunk[COMPARE_BYTES];
    bool same = true;
    for (size_t at = 0; same && at < content.length; at += sizeof chunk) {
        size_t size = content.length - at < sizeof chunk ? content.length - at : sizeof chunk;
        same = read_exactly(fd, chunk, size, at) && memcmp(chunk, content.data + at, size) == 0;
    }
    close(fd);
    return same;
}

static int create(struct publication *publication, const char *path)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = FAULT_FAIL(EXPORTER_BEFORE_FILE) ? -1 : openat(publication->root_fd, path, flags, FILE_MODE);
    if (fd < 0)
        fail(publication, "create", path);
    return fd;
}

static bool write_whole(struct publication *publication, const char *path, struct text content)
{
    int fd = create(publication, path);
    if (fd < 0)
        return false;
    bool written = !FAULT_FAIL(EXPORTER_FILE_CREATED) && file_write_all(fd, content.data, content.length);
    int cause = errno;
    FAULT_POINT(EXPORTER_FILE_WRITTEN);
    bool closed = close(fd) == 0;
    if (!written)
        errno = cause;
    if (written && closed)
        return true;
    fail(publication, "write", path);
    unlinkat(publication->root_fd, path, 0);
    return false;
}

bool publication_put(struct publication *publication, const char *path, struct text content)
{
    char temporary[PATH_MAX];
    if (holds(publication, path, content))
        return unchanged(publication);
    return temporary_path(publication, path, temporary) && write_whole(publication, temporary, content) &&
           changed(publication, CHANGE_RENAME, path, content.length);
}

int publication_begin(struct publication *publication, const char *path)
{
    char temporary[PATH_MAX];
    return temporary_path(publication, path, temporary) ? create(publication, temporary) : -1;
}

static bool same_content(struct publication *publication, const char *path, int fd, size_t size)
{
    int old = open_existing(publication, path, size);
    if (old < 0)
        return false;
    uint8_t chunk[COMPARE_BYTES], old_chunk[COMPARE_BYTES];
    bool same = true;
    for (size_t at = 0; same && at < size; at += sizeof chunk) {
        size_t part = size - at < sizeof chunk ? size - at : sizeof chunk;
        same = read_exactly(fd, chunk, part, at) && read_exactly(old, old_chunk, part, at) &&
               memcmp(chunk, old_chunk, part) == 0;
    }
    close(old);
    return same;
}

bool publication_end(struct publication *publication, const char *path, int fd)
{
    char temporary[PATH_MAX];
    struct stat status;
    if (!temporary_path(publication, path, temporary) || fstat(fd, &status) != 0) {
        close(fd);
        return fail(publication, "examine", path);
    }
    size_t size = (size_t)status.st_size;
    bool same = same_content(publication, path, fd, size);
    if (close(fd) != 0)
        return fail(publication, "write", temporary);
    if (!same)
        return changed(publication, CHANGE_RENAME, path, size);
    unlinkat(publication->root_fd, temporary, 0);
    return unchanged(publication);
}

bool publication_new_folder_begin(struct publication *publication, const char *path)
{
    char temporary[PATH_MAX];
    return temporary_path(publication, path, temporary) && publication_folder(publication, temporary);
}

bool publication_new_folder_add(
    struct publication *publication, const char *path, const char *name, struct text content)
{
    char temporary[PATH_MAX], file[PATH_MAX];
    if (!temporary_path(publication, path, temporary))
        return false;
    int length = snprintf(file, sizeof file, "%s/%s", temporary, name);
    if (length < 0 || (size_t)length >= sizeof file) {
        errno = ENAMETOOLONG;
        return fail(publication, "name", name);
    }
    if (!write_whole(publication, file, content))
        return false;
    pthread_mutex_lock(&publication->mutex);
    publication->figures.files_written++;
    publication->figures.bytes_written += content.length;
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

bool publication_new_folder_end(struct publication *publication, const char *path)
{
    return changed(publication, CHANGE_RENAME_FOLDER, path, 0);
}

/* ---- links ---- */

bool publication_link(struct publication *publication, const char *path, const char *source)
{
    char temporary[PATH_MAX], fresh[PATH_MAX];
    struct stat there, wanted;
    if (!temporary_path(publication, path, temporary) || !temporary_path(publication, source, fresh))
        return false;
    /* The source is new in this run, or the one that was there. */
    const char *from = fresh;
    if (fstatat(publication->root_fd, fresh, &wanted, AT_SYMLINK_NOFOLLOW) != 0) {
        from = source;
        if (fstatat(publication->root_fd, source, &wanted, AT_SYMLINK_NOFOLLOW) != 0)
            return fail(publication, "examine", source);
    }
    /* rename does nothing where both names are of one file, so that case must not come to it. */
    if (fstatat(publication->root_fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == wanted.st_ino && there.st_dev == wanted.st_dev)
        return unchanged(publication);
    if (linkat(publication->root_fd, from, publication->root_fd, temporary, 0) != 0)
        return fail(publication, "link", path);
    return changed(publication, CHANGE_RENAME, path, 0);
}

bool publication_has_folder(struct publication *publication, const char *path)
{
    struct stat status;
    return fstatat(publication->root_fd, path, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

bool publication_has_symlink(struct publication *publication, const char *path, const char *target)
{
    char present[PATH_MAX];
    ssize_t length = readlinkat(publication->root_fd, path, present, sizeof present);
    return length >= 0 && (size_t)length == strlen(target) && memcmp(present, target, (size_t)length) == 0;
}

bool publication_symlink(struct publication *publication, const char *path, const char *target)
{
    char temporary[PATH_MAX];
    struct stat status;
    if (publication_has_symlink(publication, path, target))
        return unchanged(publication);
    if (fstatat(publication->root_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(status.st_mode)) {
        log_warn("%s/%s is in the way of a symbolic link to %s; left alone", publication->root, path, target);
        return true;
    }
    if (!temporary_path(publication, path, temporary))
        return false;
    if (symlinkat(target, publication->root_fd, temporary) != 0)
        return fail(publication, "make the symbolic link", path);
    return changed(publication, CHANGE_RENAME, path, 0);
}

void publication_remove(struct publication *publication, const char *path)
{
    changed(publication, CHANGE_REMOVE, path, 0);
}

void publication_remove_folder(struct publication *publication, const char *path)
{
    changed(publication, CHANGE_REMOVE_FOLDER, path, 0);
}

int publication_scratch(struct publication *publication)
{
    int fd = openat(publication->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Some file systems (overlayfs of old kernels, NFS) cannot make nameless files. */
    fd = create(publication, PUBLISH_PREFIX "scratch");
    if (fd >= 0)
        unlinkat(publication->root_fd, PUBLISH_PREFIX "scratch", 0);
    return fd;
}

/* ---- the end ---- */

static bool carry_out(struct publication *publication, const struct publication_change *change)
{
    char temporary[PATH_MAX];
    int root = publication->root_fd;
    switch (change->kind) {
    case CHANGE_REMOVE:
        if (unlinkat(root, change->path, 0) != 0)
            return errno == ENOENT || fail(publication, "remove", change->path);
        publication->figures.files_removed++;
        return true;
    case CHANGE_REMOVE_FOLDER:
        if (unlinkat(root, change->path, AT_REMOVEDIR) == 0)
            return true;
        return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ||
               fail(publication, "remove the folder", change->path);
    case CHANGE_RENAME:
    case CHANGE_RENAME_FOLDER:
        break;
    }
    if (!temporary_path(publication, change->path, temporary))
        return false;
    return (!FAULT_FAIL(EXPORTER_BEFORE_RENAME) && renameat(root, temporary, root, change->path) == 0) ||
           fail(publication, "put in its place", change->path);
}

bool publication_commit(struct publication *publication)
{
    if (!guard_ok(publication->guard))
        return false;
    if (!publication->change_count)
        return true;
    if (FAULT_FAIL(EXPORTER_BEFORE_SYNC) || syncfs(publication->root_fd) != 0)
        return fail(publication, "sync the file system of", "");
    FAULT_POINT(EXPORTER_AFTER_SYNC);
    for (uint32_t i = 0; i < publication->change_count; i++) {
        if (!carry_out(publication, &publication->changes[i]))
            return false;
        FAULT_TRACE("renamed", "path=%s", publication->changes[i].path);
        FAULT_POINT(EXPORTER_AFTER_RENAME);
    }
    FAULT_POINT(EXPORTER_AFTER_LAST_RENAME);
    return syncfs(publication->root_fd) == 0 || fail(publication, "sync the file system of", "");
}

static void discard_change(struct publication *publication, const struct publication_change *change)
{
    char temporary[PATH_MAX];
    if (change->kind != CHANGE_REMOVE && change->kind != CHANGE_REMOVE_FOLDER &&
        temporary_path(publication, change->path, temporary))
        remove_temporary(publication->root_fd, temporary);
}

void publication_discard(struct publication *publication)
{
    if (publication->root_fd < 0)
        return;
    for (uint32_t i = 0; i < publication->change_count; i++)
        discard_change(publication, &publication->changes[i]);
    /* What was being written when the run was stopped is in no list. */
    sweep_top(publication);
}
