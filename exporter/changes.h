#ifndef R3E_EXPORTER_CHANGES_H
#define R3E_EXPORTER_CHANGES_H
/* What is to take place at a publication's commit, in order: files and folders that wait under their
 * temporary names (folders.h) come to their places, others go.
 *
 * Paths are relative to root_fd. Not thread-safe. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "exporter/guard.h"

enum change_kind { CHANGE_RENAME, CHANGE_RENAME_FOLDER, CHANGE_REMOVE, CHANGE_REMOVE_FOLDER };

struct change {
    enum change_kind kind;
    const char *path; /* final; in the arena */
};

struct changes {
    struct arena arena;
    struct change *list; /* owned */
    uint32_t count, capacity;
    bool made_folder; /* the caller's to set: names are to be synced that are in no change */
    uint64_t removed; /* files, once it has been carried out */
};

struct changes changes_make(void);

void changes_free(struct changes *changes);

void changes_add(struct changes *changes, enum change_kind kind, const char *path);

/* Syncs what waits. `root` is root_fd's path, for messages, here and below. False: the guard knows why. */
bool changes_sync_content(const struct changes *changes, int root_fd, const char *root, struct guard *guard);

/* Carries all of them out, up to the first that fails. A file that is to be removed and not there is none; a
 * folder is removed if nothing is in it. False: the guard knows why. */
bool changes_carry_out(struct changes *changes, int root_fd, const char *root, struct guard *guard);

/* Syncs the names. False: the guard knows why. */
bool changes_sync_names(const struct changes *changes, int root_fd, const char *root, struct guard *guard);

/* Removes what waits. */
void changes_discard(const struct changes *changes, int root_fd);

#endif
