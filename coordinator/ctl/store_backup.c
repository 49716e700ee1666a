#include "coordinator/ctl/store_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "common/problem.h"
#include "common/record.h"

#define DATA     "data.mdb"
#define LOCK     "lock.mdb" /* LMDB's, of whoever looked into the backup */
#define NEW      ".new"     /* a folder: what is looked at is a store */
#define NEW_DATA NEW "/" DATA
#define NEW_LOCK NEW "/" LOCK

#define fail(error, ...) problem_put(error, STORE_CHECK_ERROR_SIZE, __VA_ARGS__)

/* ---- the target ---- */

/* Whatever an earlier run left goes. */
static void remove_new(int target)
{
    unlinkat(target, NEW_DATA, 0);
    unlinkat(target, NEW_LOCK, 0);
    unlinkat(target, NEW, AT_REMOVEDIR);
}

static bool is_ours(const char *name)
{
    static const char *const ours[] = {".", "..", DATA, LOCK, NEW};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return false;
}

static bool holds_nothing_else(int target, const char *to, char *error)
{
    int fd = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        int cause = errno;
        if (fd >= 0)
            close(fd);
        return fail(error, "%.250s: cannot look into it: %s", to, strerror(cause));
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(folder));)
        if (!is_ours(entry->d_name))
            ok = fail(error,
                "%.150s: has a file %.100s in it; name a new folder, or one that holds an earlier backup and "
                "nothing else",
                to, entry->d_name);
    closedir(folder);
    return ok;
}

/* A descriptor of the folder; -1: `error` says why. */
static int open_target(const char *to, char *error)
{
    if (mkdir(to, 0700) < 0 && errno != EEXIST) {
        fail(error, "cannot make the folder %.250s: %s", to, strerror(errno));
        return -1;
    }
    int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0)
        fail(error, "%.250s: %s; name a folder", to, strerror(errno));
    else if (!holds_nothing_else(target, to, error)) {
        close(target);
        target = -1;
    }
    return target;
}

/* ---- copying ---- */

/* A store whose free pages do not add up, which harms nobody, cannot be copied without them. */
static int copy_pages(MDB_env *env, int fd)
{
    int code = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
    if (code != MDB_INCOMPATIBLE)
        return code;
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return errno;
    return mdb_env_copyfd2(env, fd, 0);
}

static int copy_store(const char *folder, int fd)
{
    MDB_env *env = NULL;
    int code = mdb_env_create(&env);
    if (code != MDB_SUCCESS)
        return code;
    code = mdb_env_set_maxdbs(env, RECORD_DB_COUNT);
    if (code == MDB_SUCCESS)
        code = mdb_env_open(env, folder, MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD, 0600);
    if (code == MDB_SUCCESS)
        code = copy_pages(env, fd);
    mdb_env_close(env);
    return code;
}

static bool make_copy(const char *folder, int target, const char *to, char *error)
{
    if (mkdirat(target, NEW, 0700) < 0)
        return fail(error, "cannot make a folder in %.250s: %s", to, strerror(errno));
    int fd = openat(target, NEW_DATA, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "cannot make a file in %.250s: %s", to, strerror(errno));
    int code = copy_store(folder, fd);
    if (code == MDB_SUCCESS && fsync(fd) < 0)
        code = errno;
    close(fd);
    return code == MDB_SUCCESS || fail(error, "copying %.180s to %.180s: %s", folder, to, mdb_strerror(code));
}

static bool look_at_copy(
    const char *to, const struct store_check_events *events, struct store_check *copied, char *error)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" NEW, to);
    if (length < 0 || (size_t)length >= sizeof path)
        return fail(error, "%.250s: the path is too long", to);
    if (!store_check_run(path, events, copied, error))
        return false;
    return !copied->structure_problems ||
           fail(error, "the copy in %.250s is damaged; is its disk sound?", to);
}

/* The lock file is of the earlier backup, if anybody looked into that. */
static bool put_in_place(int target, const char *to, char *error)
{
    unlinkat(target, LOCK, 0);
    if (renameat(target, NEW_DATA, target, DATA) < 0 || fsync(target) < 0)
        return fail(error, "cannot put the copy in its place in %.250s: %s", to, strerror(errno));
    return true;
}

bool store_backup_run(const char *folder, const char *to, const struct store_check_events *events,
    struct store_check *copied, char error[static STORE_CHECK_ERROR_SIZE])
{
    struct store_check check;
    if (!store_check_run(folder, events, &check, error))
        return false;
    if (check.structure_problems)
        return fail(error,
            "store %.250s: its structure is damaged; start the coordinator, which saves what can be saved, "
            "and "
            "then make a backup",
            folder);
    int target = open_target(to, error);
    if (target < 0)
        return false;
    remove_new(target);
    bool ok = make_copy(folder, target, to, error) && look_at_copy(to, events, copied, error) &&
              put_in_place(target, to, error);
    remove_new(target);
    close(target);
    return ok;
}
