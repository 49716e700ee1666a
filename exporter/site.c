#include "exporter/site.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/log.h"
#include "exporter/folders.h"
#include "exporter/site_files.h"
#include "exporter/site_mark.h"

#define FOLDER    "r3e-site"
#define FILE_MODE 0644
#define FILE_MAX  ((size_t)1 << 20) /* ours are far smaller */

struct site {
    const char *public_folder;
    int root;             /* the public folder */
    struct buffer wanted; /* what a file is to hold */
    struct buffer there;  /* and what it holds */
    bool writing;         /* something waits under its temporary name */
};

/* Says why the page is not as it should be; errno tells. */
static bool fail(const struct site *site, const char *doing, const char *path)
{
    log_error("cannot %s %s/%s: %s; the search page is not as it should be, the next export tries again",
        doing, site->public_folder, path, strerror(errno));
    return false;
}

/* True if what is at `path` is a file of ours, which is then in `there`. */
static bool is_ours(struct site *site, const char *path)
{
    char full[PATH_MAX], error[FILE_ERROR_SIZE];
    struct stat status;
    return file_resolve(site->public_folder, path, full, sizeof full) && lstat(full, &status) == 0 &&
           S_ISREG(status.st_mode) && file_read(full, &site->there, error) &&
           site_mark_fits(&site->there, path);
}

static bool is_missing(const struct site *site, const char *path)
{
    struct stat status;
    return fstatat(site->root, path, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

static bool is_same(const struct site *site)
{
    return site->there.length == site->wanted.length &&
           memcmp(site->there.data, site->wanted.data, site->wanted.length) == 0;
}

static void fill_wanted(struct site *site, const struct site_file *file)
{
    buffer_clear(&site->wanted);
    if (!buffer_append(&site->wanted, file->bytes, file->length) || !site_mark_add(&site->wanted, file->path))
        log_bug("site: %s is larger than FILE_MAX", file->path);
}

static bool write_temporary(struct site *site, const char *path)
{
    char temporary[PATH_MAX];
    if (!folders_temporary_path(path, temporary))
        return fail(site, "name", path);
    int fd = openat(site->root, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return fail(site, "create", temporary);
    site->writing = true;
    bool written = file_write_all(fd, site->wanted.data, site->wanted.length);
    if (close(fd) != 0 || !written)
        return fail(site, "write", temporary);
    return true;
}

/* Has what must change wait under its temporary name. */
static bool prepare(struct site *site, const struct site_file *file)
{
    fill_wanted(site, file);
    if (is_missing(site, file->path))
        return write_temporary(site, file->path);
    if (!is_ours(site, file->path)) {
        log_info("%s/%s is not the search page of this program as it wrote it, it is left alone",
            site->public_folder, file->path);
        return true;
    }
    return is_same(site) || write_temporary(site, file->path);
}

static bool prepare_all(struct site *site)
{
    for (size_t i = 0; i < site_file_count; i++)
        if (!prepare(site, &site_files[i]))
            return false;
    return true;
}

/* In the order of the table. The sync comes first: half a file without its mark would count as somebody
 * else's after a power cut, and stay. */
static bool put_in_place(struct site *site)
{
    if (syncfs(site->root) != 0)
        return fail(site, "sync", "");
    for (size_t i = 0; i < site_file_count; i++) {
        char temporary[PATH_MAX];
        const char *path = site_files[i].path;
        if (folders_temporary_path(path, temporary) && !is_missing(site, temporary) &&
            renameat(site->root, temporary, site->root, path) != 0)
            return fail(site, "rename a file to", path);
    }
    return true;
}

static bool is_known(const char *path)
{
    for (size_t i = 0; i < site_file_count; i++)
        if (strcmp(site_files[i].path, path) == 0)
            return true;
    return false;
}

static void remove_old(void *context, const char *name)
{
    struct site *site = context;
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, FOLDER "/%s", name);
    if (length < 0 || length >= PATH_MAX || is_known(path) || !site_mark_possible(path) ||
        !is_ours(site, path))
        return;
    if (unlinkat(site->root, path, 0) != 0)
        fail(site, "remove", path);
}

/* Removes what runs left that were killed here, or failed. */
static bool sweep(struct site *site)
{
    return (folders_list(site->root, ".", true, NULL, NULL) || fail(site, "look through", "")) &&
           (folders_list(site->root, FOLDER, true, NULL, NULL) || fail(site, "look through", FOLDER));
}

static bool publish(struct site *site)
{
    if (mkdirat(site->root, FOLDER, FOLDERS_MODE) != 0 && errno != EEXIST)
        return fail(site, "make the folder", FOLDER);
    if (!sweep(site) || !prepare_all(site) || (site->writing && !put_in_place(site)))
        return false;
    return folders_list(site->root, FOLDER, false, remove_old, site) || fail(site, "look through", FOLDER);
}

void site_publish(const char *public_folder)
{
    struct site site = {.public_folder = public_folder,
        .root = open(public_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .wanted = buffer_make(FILE_MAX),
        .there = buffer_make(FILE_MAX)};
    if (site.root < 0) {
        fail(&site, "open", "");
    } else {
        if (!publish(&site) && site.writing)
            sweep(&site);
        close(site.root);
    }
    buffer_free(&site.wanted);
    buffer_free(&site.there);
}
