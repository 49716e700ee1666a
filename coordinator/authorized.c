#include "coordinator/authorized.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>
#include <xxhash.h>

#include "common/log.h"
#include "common/memory.h"

#define SUFFIX ".pub"

struct entry {
    struct key_file key;
    UT_hash_handle hh; /* by key.public_key */
};

struct authorized {
    const char *folder;
    struct entry *keys; /* uthash table; owns the entries */
    unsigned count;
    uint64_t seen; /* what the folder looked like when it was read last; 0: not read yet */
    int64_t next_look_ms;
    char problem[FILE_ERROR_SIZE];
};

struct authorized *authorized_open(const char *folder)
{
    struct authorized *authorized = memory_zalloc(1, sizeof *authorized);
    authorized->folder = folder;
    return authorized;
}

/* The analyser does not follow uthash's links. NOLINTBEGIN(clang-analyzer-*) */
static void free_keys(struct entry **keys)
{
    while (*keys) {
        struct entry *entry = *keys;
        HASH_DEL(*keys, entry);
        free(entry);
    }
}

static struct entry *find(struct entry *keys, const char *public_key)
{
    struct entry *entry = NULL;
    HASH_FIND(hh, keys, public_key, KEY_FILE_Z85_SIZE - 1, entry);
    return entry;
}

static void add(struct entry **keys, const struct key_file *key)
{
    struct entry *entry = memory_zalloc(1, sizeof *entry);
    entry->key = *key;
    HASH_ADD(hh, *keys, key.public_key, KEY_FILE_Z85_SIZE - 1, entry);
}
/* NOLINTEND(clang-analyzer-*) */

void authorized_close(struct authorized **pointer)
{
    struct authorized *authorized = *pointer;
    if (!authorized)
        return;
    free_keys(&authorized->keys);
    free(authorized);
    *pointer = NULL;
}

/* ---- looking ---- */

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

static bool is_key_name(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > sizeof SUFFIX - 1 &&
           strcmp(name + length - (sizeof SUFFIX - 1), SUFFIX) == 0;
}

static bool fill_path(const struct authorized *authorized, const char *name, char path[static PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", authorized->folder, name);
    return length > 0 && length < PATH_MAX;
}

static uint64_t digest(const struct stat *status, const char *name)
{
    /* A change of content, of rights or of owner moves ctime. */
    const uint64_t numbers[] = {status->st_ino, (uint64_t)status->st_ctim.tv_sec,
        (uint64_t)status->st_ctim.tv_nsec, (uint64_t)status->st_mtim.tv_sec,
        (uint64_t)status->st_mtim.tv_nsec, (uint64_t)status->st_size, status->st_mode, status->st_uid};
    return XXH3_64bits_withSeed(numbers, sizeof numbers, XXH3_64bits(name, strlen(name)));
}

/* What the folder looks like now, the order of its files aside; 0 with errno set if it cannot be looked at.
 */
static uint64_t look(DIR *folder)
{
    struct stat status;
    if (fstat(dirfd(folder), &status) < 0)
        return 0;
    uint64_t seen = digest(&status, ".");
    rewinddir(folder);
    for (const struct dirent *file; (file = readdir(folder));) {
        if (is_key_name(file->d_name) && fstatat(dirfd(folder), file->d_name, &status, 0) == 0)
            seen += digest(&status, file->d_name);
        else if (is_key_name(file->d_name))
            seen += XXH3_64bits(file->d_name, strlen(file->d_name));
    }
    return seen ? seen : 1;
}

/* ---- reading ---- */

struct reading {
    struct entry *keys;
    unsigned count, unusable;
    bool shortage;
    char problem[FILE_ERROR_SIZE];
};

static void say_unusable(struct reading *reading, const char *problem)
{
    reading->unusable++;
    memcpy(reading->problem, problem, strlen(problem) + 1);
    log_error("authorized keys: %s; nobody gets in by it", problem);
}

static void read_key(const struct authorized *authorized, const char *name, struct reading *reading)
{
    char path[PATH_MAX], problem[FILE_ERROR_SIZE] = "";
    struct key_file key;
    if (!fill_path(authorized, name, path))
        return;
    if (!key_file_read(path, KEY_FILE_PUBLIC, &key, problem)) {
        reading->shortage |= is_shortage(errno);
        if (!is_shortage(errno))
            say_unusable(reading, problem);
        return;
    }
    struct entry *other = find(reading->keys, key.public_key);
    const char *wrong = !key.rights ? "grants nothing; add a line `rights = worker`, `monitor` or `operator`"
                        : other && other->key.rights != key.rights
                            ? "has the key of another file, which says other rights"
                        : reading->count == AUTHORIZED_MOST ? "is one too many; 1024 are read"
                                                            : NULL;
    if (wrong) {
        int length = snprintf(problem, sizeof problem, "%.300s: %s", path, wrong);
        if (length > 0)
            say_unusable(reading, problem);
        if (other)
            other->key.rights &= key.rights;
        return;
    }
    if (!other) {
        add(&reading->keys, &key);
        reading->count++;
    }
}

/* True if the folder may be read; else says why not. */
static bool check_folder(const struct authorized *authorized, DIR *folder, struct reading *reading)
{
    struct stat status;
    if (fstat(dirfd(folder), &status) == 0 && !(status.st_mode & 0022) &&
        (status.st_uid == geteuid() || status.st_uid == 0))
        return true;
    int length = snprintf(reading->problem, sizeof reading->problem,
        "%.300s: others can write into this folder; chmod go-w it, and give it to this user or to root",
        authorized->folder);
    if (length > 0)
        log_error("authorized keys: %s; nobody is let in", reading->problem);
    return false;
}

static void read_keys(const struct authorized *authorized, DIR *folder, struct reading *reading)
{
    if (!check_folder(authorized, folder, reading))
        return;
    rewinddir(folder);
    for (const struct dirent *file; (file = readdir(folder)) && !reading->shortage;)
        if (is_key_name(file->d_name))
            read_key(authorized, file->d_name, reading);
}

/* ---- comparing ---- */

static bool has_lost(struct entry *before, struct entry *now)
{
    for (struct entry *entry = before; entry; entry = entry->hh.next) {
        const struct entry *same = find(now, entry->key.public_key);
        if (!same)
            log_info("authorized keys: %s is gone", entry->key.name);
        if (!same || (entry->key.rights & ~same->key.rights))
            return true;
    }
    return false;
}

static enum authorized_change exchange(struct authorized *authorized, struct reading *reading)
{
    enum authorized_change change =
        has_lost(authorized->keys, reading->keys) ? AUTHORIZED_LESS : AUTHORIZED_MORE;
    free_keys(&authorized->keys);
    authorized->keys = reading->keys;
    authorized->count = reading->count;
    memcpy(authorized->problem, reading->problem, sizeof authorized->problem);
    log_info("authorized keys: %u in %s, %u files cannot be used", authorized->count, authorized->folder,
        reading->unusable);
    return change;
}

static enum authorized_change read_again(struct authorized *authorized, DIR *folder, uint64_t seen)
{
    struct reading reading = {0};
    if (folder)
        read_keys(authorized, folder, &reading);
    if (reading.shortage) {
        free_keys(&reading.keys);
        return AUTHORIZED_SAME;
    }
    authorized->seen = seen;
    return exchange(authorized, &reading);
}

/* The folder cannot be opened. */
static enum authorized_change on_missing(struct authorized *authorized, int error)
{
    uint64_t seen = UINT64_MAX - (uint64_t)error;
    if (is_shortage(error) || authorized->seen == seen)
        return AUTHORIZED_SAME;
    log_error("authorized keys: cannot open %s: %s; nobody is let in", authorized->folder, strerror(error));
    enum authorized_change change = read_again(authorized, NULL, seen);
    int length = snprintf(authorized->problem, sizeof authorized->problem, "%.300s: cannot open it: %s",
        authorized->folder, strerror(error));
    if (length < 0)
        authorized->problem[0] = '\0';
    return change;
}

enum authorized_change authorized_look(struct authorized *authorized, int64_t now_ms)
{
    if (now_ms < authorized->next_look_ms)
        return AUTHORIZED_SAME;
    authorized->next_look_ms = now_ms + AUTHORIZED_LOOK_MS;
    int fd = open(authorized->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return on_missing(authorized, error);
    }
    uint64_t seen = look(folder);
    enum authorized_change change =
        seen == 0 || seen == authorized->seen ? AUTHORIZED_SAME : read_again(authorized, folder, seen);
    closedir(folder);
    return change;
}

int64_t authorized_wait_ms(const struct authorized *authorized, int64_t now_ms)
{
    return authorized->next_look_ms > now_ms ? authorized->next_look_ms - now_ms : 0;
}

const struct key_file *authorized_find(const struct authorized *authorized, const char *public_key)
{
    if (strlen(public_key) != KEY_FILE_Z85_SIZE - 1)
        return NULL;
    const struct entry *entry = find(authorized->keys, public_key);
    return entry ? &entry->key : NULL;
}

unsigned authorized_count(const struct authorized *authorized)
{
    return authorized->count;
}

const char *authorized_problem(const struct authorized *authorized)
{
    return authorized->problem;
}
