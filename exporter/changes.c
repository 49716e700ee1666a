#include "exporter/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/durable.h"
#include "exporter/folders.h"

struct changes changes_make(void)
{
    return (struct changes){.arena = arena_make(SIZE_MAX)};
}

void changes_free(struct changes *changes)
{
    free(changes->list);
    arena_free(&changes->arena);
    *changes = changes_make();
}

void changes_add(struct changes *changes, enum change_kind kind, const char *path)
{
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity ? changes->capacity * 2 : 64;
        changes->list = memory_resize(changes->list, changes->capacity, sizeof *changes->list);
    }
    const char *copy = arena_copy(&changes->arena, path, strlen(path));
    if (!copy)
        log_fatal("out of memory for a list of %u files; raise the memory limit", changes->count);
    changes->list[changes->count++] = (struct change){kind, copy};
}

/* ---- syncing ---- */

/* Whether everything is a single file or link, and few of them. */
static bool is_small(const struct changes *changes)
{
    bool small = changes->count <= DURABLE_SINGLE_MAX && !changes->made_folder;
    for (uint32_t i = 0; small && i < changes->count; i++)
        small = changes->list[i].kind != CHANGE_RENAME_FOLDER;
    return small;
}

static bool sync_everything(int root_fd, const char *root, struct guard *guard)
{
    return syncfs(root_fd) == 0 || guard_fail_file(guard, "sync the file system of", root, "");
}

bool changes_sync_content(const struct changes *changes, int root_fd, const char *root, struct guard *guard)
{
    char temporary[PATH_MAX];
    if (!is_small(changes))
        return sync_everything(root_fd, root, guard);
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        if (change->kind != CHANGE_RENAME)
            continue;
        if (!folders_temporary_path(change->path, temporary) || !durable_file(root_fd, temporary))
            return guard_fail_file(guard, "sync the new content of", root, change->path);
    }
    return true;
}

static bool in_same_folder(const char *left, const char *right)
{
    const char *left_slash = strrchr(left, '/'), *right_slash = strrchr(right, '/');
    size_t left_length = left_slash ? (size_t)(left_slash - left) : 0;
    size_t right_length = right_slash ? (size_t)(right_slash - right) : 0;
    return left_length == right_length && memcmp(left, right, left_length) == 0;
}

/* A folder is synced once for each run of changes in it, which is nearly once. */
bool changes_sync_names(const struct changes *changes, int root_fd, const char *root, struct guard *guard)
{
    if (!is_small(changes))
        return sync_everything(root_fd, root, guard);
    const char *last = NULL;
    for (uint32_t i = 0; i < changes->count; i++) {
        const char *path = changes->list[i].path;
        if (last && in_same_folder(path, last))
            continue;
        if (!durable_folder_of(root_fd, path))
            return guard_fail_file(guard, "sync the folder of", root, path);
        last = path;
    }
    return true;
}

/* ---- carrying out ---- */

static bool carry_out(
    struct changes *changes, const struct change *change, int root_fd, const char *root, struct guard *guard)
{
    char temporary[PATH_MAX];
    switch (change->kind) {
    case CHANGE_REMOVE:
        if (unlinkat(root_fd, change->path, 0) != 0)
            return errno == ENOENT || guard_fail_file(guard, "remove", root, change->path);
        changes->removed++;
        return true;
    case CHANGE_REMOVE_FOLDER:
        if (unlinkat(root_fd, change->path, AT_REMOVEDIR) == 0)
            return true;
        return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ||
               guard_fail_file(guard, "remove the folder", root, change->path);
    case CHANGE_RENAME:
    case CHANGE_RENAME_FOLDER:
        break;
    }
    bool renamed = folders_temporary_path(change->path, temporary) && !FAULT_FAIL(EXPORTER_BEFORE_RENAME) &&
                   renameat(root_fd, temporary, root_fd, change->path) == 0;
    return renamed || guard_fail_file(guard, "put in its place", root, change->path);
}

bool changes_carry_out(struct changes *changes, int root_fd, const char *root, struct guard *guard)
{
    for (uint32_t i = 0; i < changes->count; i++) {
        if (!carry_out(changes, &changes->list[i], root_fd, root, guard))
            return false;
        FAULT_TRACE("renamed", "path=%s", changes->list[i].path);
        FAULT_POINT(EXPORTER_AFTER_RENAME);
    }
    return true;
}

void changes_discard(const struct changes *changes, int root_fd)
{
    char temporary[PATH_MAX];
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        if (change->kind != CHANGE_REMOVE && change->kind != CHANGE_REMOVE_FOLDER &&
            folders_temporary_path(change->path, temporary))
            folders_remove_temporary(root_fd, temporary);
    }
}
