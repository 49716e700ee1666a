#include "coordinator/store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lmdb_walk.h"
#include "common/log.h"
#include "coordinator/salvage.h"

#define PROBLEMS_LOGGED 3u
/* LMDB's lock file with its default of 126 readers, of 64 bytes each, and its header (mdb.c,
 * mdb_env_setup_locks). */
#define LOCK_BYTES 8192

static void path_in(const char *folder, const char *name, char out[static PATH_MAX])
{
    int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= PATH_MAX)
        log_fatal("store %s: the path is too long", folder);
}

/* ---- the lock ---- */

static void note_owner(int fd, const char *path)
{
    char pid[24];
    int written = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)written, 0) < 0)
        log_warn("store: cannot note the pid in %s: %s", path, strerror(errno));
}

int store_files_lock(const char *folder)
{
    char path[PATH_MAX], owner[24] = "";
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        log_fatal("store.dir: cannot make %s: %s", folder, strerror(errno));
    path_in(folder, "coordinator.lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        log_fatal(
            "store: cannot open %s: %s; give this user the right to write there", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        note_owner(fd, path);
        return fd;
    }
    if (errno != EWOULDBLOCK)
        log_fatal(
            "store: cannot lock %s: %s; the store needs a file system with locks", path, strerror(errno));
    ssize_t got = pread(fd, owner, sizeof owner - 1, 0);
    owner[got > 0 ? strcspn(owner, "\n") : 0] = 0;
    log_fatal("store %s is in use by another coordinator (pid %s); stop it first or use another store.dir",
        folder, owner[0] ? owner : "unknown");
}

void store_files_reserve(const char *folder)
{
    char path[PATH_MAX];
    path_in(folder, "lock.mdb", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        log_fatal("store: cannot open %s: %s", path, strerror(errno));
    if (fallocate(fd, 0, 0, LOCK_BYTES) < 0 && (errno == ENOSPC || errno == EDQUOT))
        log_fatal(
            "store %s: no space left on the device (%s); free some and start again", folder, strerror(errno));
    close(fd);
}

/* ---- data.mdb ---- */

struct look {
    const char *folder;
    unsigned logged;
};

static void on_problem(void *context, const char *text)
{
    struct look *look = context;
    if (look->logged++ < PROBLEMS_LOGGED)
        log_error("store %s: data.mdb: %s", look->folder, text);
}

/* The number of things that are wrong, the first of them logged. */
static uint64_t count_problems(const char *folder, const struct lmdb_file *file)
{
    struct look look = {.folder = folder};
    struct lmdb_walk_events events = {.problem = on_problem, .context = &look};
    const char *problem = lmdb_file_problem(file);
    if (problem)
        on_problem(&look, problem);
    return (problem != NULL) + (file->meta_count ? lmdb_walk(file, &file->metas[0], &events) : 0);
}

static void say_saved(const char *folder, uint64_t problems, const struct salvage_result *saved)
{
    log_error("store %s: data.mdb is damaged in %" PRIu64
              " places; %u boards were saved, %u of them in an older "
              "version, of %u only the record is left; what is missing is fetched again. The damaged file is "
              "kept as %s",
        folder, problems, saved->saved, saved->older, saved->lost, saved->damaged);
}

/* A file that a crash left before the first transaction, or none. */
static bool is_new(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return false;
    if (errno != ENOENT)
        log_fatal("store: cannot read %s: %s", path, strerror(errno));
    return true;
}

void store_files_mend(const char *folder, size_t map_size_mb)
{
    char path[PATH_MAX], error[LMDB_ERROR_SIZE];
    struct lmdb_file file;
    salvage_clean(folder);
    path_in(folder, "data.mdb", path);
    if (is_new(path))
        return;
    if (!lmdb_file_open(&file, path, error))
        log_fatal("store: %s", error);
    uint64_t problems = count_problems(folder, &file);
    if (problems) {
        struct salvage_result saved;
        if (!salvage_run(folder, &file, map_size_mb, &saved))
            log_fatal("store %s: data.mdb is not a store of this program, or nothing is left of it; move it "
                      "away to begin anew",
                folder);
        say_saved(folder, problems, &saved);
    }
    lmdb_file_close(&file);
}
