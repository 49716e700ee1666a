#include "exporter/publish.h"

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
#include "exporter/durable.h"
#include "exporter/same_file.h"

#define FILE_MODE 0644

static bool fail(struct publication *publication, const char *doing, const char *path)
{
    return guard_fail_file(publication->guard, doing, publication->root, path);
}

static bool temporary_path(struct publication *publication, const char *path, char out[static PATH_MAX])
{
    return folders_temporary_path(path, out) || fail(publication, "name", path);
}

static bool changed(struct publication *publication, enum change_kind kind, const char *path, size_t bytes)
{
    pthread_mutex_lock(&publication->mutex);
    changes_add(&publication->changes, kind, path);
    if (kind == CHANGE_RENAME)
        publication->figures.files_written++;
    publication->figures.bytes_written += bytes;
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

/* Takes note of what will be at `path`. */
static void note(struct publication *publication, const char *path, const struct stat *status, bool unsettled)
{
    pthread_mutex_lock(&publication->mutex);
    inventory_add(&publication->inventory, path, status, unsettled);
    pthread_mutex_unlock(&publication->mutex);
}

static bool unchanged(struct publication *publication, const char *path, const struct stat *status)
{
    pthread_mutex_lock(&publication->mutex);
    publication->figures.files_unchanged++;
    inventory_add(&publication->inventory, path, status, false);
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

/* ---- folders ---- */

static bool list(
    struct publication *publication, const char *path, bool sweep, folders_visitor visit, void *context)
{
    return folders_list(publication->root_fd, path, sweep, visit, context) ||
           fail(publication, "list the folder", path);
}

bool publication_list(struct publication *publication, const char *path, folders_visitor visit, void *context)
{
    return list(publication, path, false, visit, context);
}

bool publication_list_and_sweep(
    struct publication *publication, const char *path, folders_visitor visit, void *context)
{
    return list(publication, path, true, visit, context);
}

/* The folders in which more than one module writes. */
static bool sweep_top(struct publication *publication)
{
    return list(publication, ".", true, NULL, NULL) && list(publication, "tracks", true, NULL, NULL) &&
           list(publication, "combinations", true, NULL, NULL);
}

/* ---- the last run ---- */

static void *look(void *context)
{
    struct publication *publication = context;
    const char *path;
    publication->looked = inventory_stands(publication->look_at, publication->root_fd, 1, &path);
    return NULL;
}

void publication_look(struct publication *publication, const struct inventory *previous)
{
    publication->look_at = previous;
    publication->looking = pthread_create(&publication->look_thread, NULL, look, publication) == 0;
}

/* Waits for the answer, if it was asked for. Under the mutex, or where no other thread is left. */
static void look_end(struct publication *publication)
{
    if (!publication->looking)
        return;
    pthread_join(publication->look_thread, NULL);
    publication->looking = false;
    if (publication->previous == publication->look_at)
        publication->previous_stands |= publication->looked;
}

/* ---- writing back ---- */

/* The kernel reports what it could not write only once for each descriptor, so the answer is kept. */
void publication_write_back(struct publication *publication)
{
    if (syncfs(publication->root_fd) != 0)
        publication->write_back_error = errno;
}

/* ---- opening ---- */

bool publication_open(struct publication *publication, const char *public_folder, struct guard *guard)
{
    *publication = (struct publication){
        .root_fd = -1,
        .kept_fd = -1,
        .guard = guard,
        .changes = changes_make(),
        .inventory = inventory_make(),
    };
    pthread_mutex_init(&publication->mutex, NULL);
    int length = snprintf(publication->root, sizeof publication->root, "%s/cache", public_folder);
    if (length < 0 || (size_t)length >= sizeof publication->root)
        return guard_fail(guard, "the path of --public is longer than %d bytes", PATH_MAX - 7);
    if (!folders_make(publication->root))
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
    look_end(publication);
    if (publication->root_fd >= 0)
        close(publication->root_fd);
    if (publication->kept_fd >= 0)
        close(publication->kept_fd);
    changes_free(&publication->changes);
    inventory_free(&publication->inventory);
    pthread_mutex_destroy(&publication->mutex);
}

static bool make_folder(struct publication *publication, const char *path)
{
    if (mkdirat(publication->root_fd, path, FOLDERS_MODE) != 0)
        return errno == EEXIST || fail(publication, "make the folder", path);
    pthread_mutex_lock(&publication->mutex);
    publication->changes.made_folder = true;
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

bool publication_folder(struct publication *publication, const char *path)
{
    if (!make_folder(publication, path))
        return false;
    pthread_mutex_lock(&publication->mutex);
    inventory_add_folder(&publication->inventory, path);
    pthread_mutex_unlock(&publication->mutex);
    return true;
}

/* ---- content ---- */

static int create(struct publication *publication, const char *path)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = FAULT_FAIL(EXPORTER_BEFORE_FILE) ? -1 : openat(publication->root_fd, path, flags, FILE_MODE);
    if (fd < 0)
        fail(publication, "create", path);
    return fd;
}

static bool write_whole(
    struct publication *publication, const char *path, struct text content, struct stat *status)
{
    int fd = create(publication, path);
    if (fd < 0)
        return false;
    bool written = !FAULT_FAIL(EXPORTER_FILE_CREATED) && file_write_all(fd, content.data, content.length) &&
                   fstat(fd, status) == 0;
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
    struct stat status;
    enum same_file same = same_file_bytes(publication->root_fd, path, content, &status);
    if (same == SAME_FILE)
        return unchanged(publication, path, &status);
    if (same == SAME_FILE_UNKNOWN)
        return fail(publication, "read", path);
    if (!temporary_path(publication, path, temporary) ||
        !write_whole(publication, temporary, content, &status))
        return false;
    note(publication, path, &status, true);
    return changed(publication, CHANGE_RENAME, path, content.length);
}

/* Whether the file is as `item` says. Under the mutex: the folder of the last one asked for stays open, for
 * most follow each other, and names of one part are found faster. */
static bool is_as_before(struct publication *publication, const struct inventory_item *item)
{
    struct stat status;
    int folder = publication->root_fd;
    if (item->name_at) {
        if (strncmp(publication->kept_folder, item->path, item->name_at) != 0 ||
            publication->kept_folder[item->name_at]) {
            if (item->name_at >= sizeof publication->kept_folder)
                return false;
            if (publication->kept_fd >= 0)
                close(publication->kept_fd);
            memcpy(publication->kept_folder, item->path, item->name_at);
            publication->kept_folder[item->name_at] = 0;
            publication->kept_fd =
                openat(publication->root_fd, publication->kept_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
        folder = publication->kept_fd;
    }
    return folder >= 0 && fstatat(folder, item->path + item->name_at, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           inventory_mark(&status) == item->mark;
}

bool publication_keep(struct publication *publication, const char *path)
{
    const struct inventory_item *item =
        publication->previous ? inventory_find(publication->previous, path) : NULL;
    if (!item)
        return false;
    pthread_mutex_lock(&publication->mutex);
    look_end(publication);
    bool kept = publication->previous_stands || is_as_before(publication, item);
    if (kept) {
        publication->figures.files_unchanged++;
        inventory_carry(&publication->inventory, publication->previous, item);
    }
    pthread_mutex_unlock(&publication->mutex);
    return kept;
}

bool publication_stays(struct publication *publication, const char *path, const struct stat *status)
{
    return unchanged(publication, path, status);
}

int publication_begin(struct publication *publication, const char *path)
{
    char temporary[PATH_MAX];
    return temporary_path(publication, path, temporary) ? create(publication, temporary) : -1;
}

bool publication_end(struct publication *publication, const char *path, int fd)
{
    char temporary[PATH_MAX];
    struct stat status, old;
    if (!temporary_path(publication, path, temporary) || fstat(fd, &status) != 0) {
        close(fd);
        return fail(publication, "examine", path);
    }
    enum same_file same = same_file_open(publication->root_fd, path, fd, (size_t)status.st_size, &old);
    if (same == SAME_FILE_UNKNOWN)
        fail(publication, "read", path);
    if (same == SAME_FILE_NOT)
        durable_begin(fd);
    if (close(fd) != 0)
        return fail(publication, "write", temporary);
    if (same == SAME_FILE_NOT) {
        note(publication, path, &status, true);
        return changed(publication, CHANGE_RENAME, path, (size_t)status.st_size);
    }
    unlinkat(publication->root_fd, temporary, 0);
    return same == SAME_FILE && unchanged(publication, path, &old);
}

bool publication_new_folder_begin(struct publication *publication, const char *path)
{
    char temporary[PATH_MAX];
    return temporary_path(publication, path, temporary) && make_folder(publication, temporary);
}

bool publication_new_folder_add(
    struct publication *publication, const char *path, const char *name, struct text content)
{
    char folder[PATH_MAX], temporary[PATH_MAX], final[PATH_MAX];
    struct stat status;
    if (!temporary_path(publication, path, folder))
        return false;
    int length = snprintf(temporary, sizeof temporary, "%s/%s", folder, name);
    int final_length = snprintf(final, sizeof final, "%s/%s", path, name);
    if (length < 0 || (size_t)length >= sizeof temporary || final_length < 0) {
        errno = ENAMETOOLONG;
        return fail(publication, "name", name);
    }
    if (!write_whole(publication, temporary, content, &status))
        return false;
    note(publication, final, &status, false); /* only its folder gets another name */
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
        return unchanged(publication, path, &there);
    if (linkat(publication->root_fd, from, publication->root_fd, temporary, 0) != 0)
        return fail(publication, "link", path);
    note(publication, path, &wanted, true);
    pthread_mutex_lock(&publication->mutex);
    inventory_unsettle(&publication->inventory, source, &wanted);
    pthread_mutex_unlock(&publication->mutex);
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
    bool present = fstatat(publication->root_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (present && publication_has_symlink(publication, path, target))
        return unchanged(publication, path, &status);
    if (present && !S_ISLNK(status.st_mode)) {
        log_warn("%s/%s is in the way of a symbolic link to %s; left alone", publication->root, path, target);
        return true;
    }
    if (!temporary_path(publication, path, temporary))
        return false;
    if (symlinkat(target, publication->root_fd, temporary) != 0 ||
        fstatat(publication->root_fd, temporary, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(publication, "make the symbolic link", path);
    note(publication, path, &status, true);
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
    fd = create(publication, FOLDERS_TEMPORARY "scratch");
    if (fd >= 0)
        unlinkat(publication->root_fd, FOLDERS_TEMPORARY "scratch", 0);
    return fd;
}

/* ---- the end ---- */

bool publication_commit(struct publication *publication)
{
    struct changes *changes = &publication->changes;
    int root_fd = publication->root_fd;
    look_end(publication);
    if (!guard_ok(publication->guard))
        return false;
    if (!changes->count)
        return true;
    errno = publication->write_back_error;
    if (errno || FAULT_FAIL(EXPORTER_BEFORE_SYNC))
        return fail(publication, "sync the file system of", "");
    if (!changes_sync_content(changes, root_fd, publication->root, publication->guard))
        return false;
    FAULT_POINT(EXPORTER_AFTER_SYNC);
    if (!changes_carry_out(changes, root_fd, publication->root, publication->guard))
        return false;
    FAULT_POINT(EXPORTER_AFTER_LAST_RENAME);
    publication->figures.files_removed = changes->removed;
    inventory_changed_now(&publication->inventory);
    return changes_sync_names(changes, root_fd, publication->root, publication->guard);
}

void publication_discard(struct publication *publication)
{
    look_end(publication);
    if (publication->root_fd < 0)
        return;
    changes_discard(&publication->changes, publication->root_fd);
    /* What was being written when the run was stopped is in no list. */
    sweep_top(publication);
}
