#ifndef R3E_EXPORTER_PUBLISH_H
#define R3E_EXPORTER_PUBLISH_H
/* Puts files in their place so that a reader sees a whole old one or a whole new one, and one run's files
 * change within an instant of each other.
 *
 * New content goes to files with a temporary name (folders.h) in the same folder; a file whose content is the
 * same is not touched. publication_commit then syncs all of them (durable.h), renames everything, removes
 * what is due to go, and syncs the folders. A run that ends before the commit changes nothing; what it leaves
 * behind, by kill -9 too, is removed by publication_discard or the next run.
 *
 * Paths are relative to PUBLIC/cache. All functions that return false have told the guard why, naming the
 * file. Thread-safe but for open, commit, discard and close. */
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "exporter/changes.h"
#include "exporter/folders.h"
#include "exporter/guard.h"
#include "exporter/inventory.h"

struct publication_figures {
    uint64_t files_written, files_unchanged, files_removed;
    uint64_t bytes_written;
};

struct segments;

struct publication {
    char root[PATH_MAX]; /* PUBLIC/cache */
    int root_fd;         /* locked: one exporter at a time */
    struct guard *guard;
    pthread_mutex_t mutex; /* guards all below */
    struct changes changes;
    struct publication_figures figures;
    struct inventory inventory; /* of what this run puts; complete it after the commit */
    int kept_fd;                /* the folder of the last file that was kept, or -1 … */
    char kept_folder[PATH_MAX]; /* … and its path, with a slash behind it */
    /* Of the last run, borrowed; NULL: unknown. The caller's to set before anything is put. */
    struct segments *segments;        /* what its files are made of, and where this run's are noted */
    const struct inventory *previous; /* what it published … */
    bool previous_stands;             /* … and that inventory_stands said so in this run */
    const struct inventory *look_at;  /* see publication_look; all below is its */
    pthread_t look_thread;
    bool looking, looked;
    int write_back_error; /* errno, or 0 */
};

/* Makes PUBLIC/cache if missing, locks it and removes what dead runs left in it, in tracks/ and in
 * combinations/. */
bool publication_open(struct publication *publication, const char *public_folder, struct guard *guard);

void publication_close(struct publication *publication);

/* Waits until the disk has what was written so far: for a thread beside others, in runs that write much,
 * which otherwise wait for all of it at the end. At most once, and before the commit. */
void publication_write_back(struct publication *publication);

/* Makes a folder if missing (its parent must be there). */
bool publication_folder(struct publication *publication, const char *path);

/* Has the file at `path` hold these bytes. */
bool publication_put(struct publication *publication, const char *path, struct text content);

/* Begins to look, in a thread of its own, at whether all is as `previous` says; the first publication_keep
 * waits for the answer, so that each need not look for itself. Worth while before anything else that takes
 * time. Call it once, and leave `previous` as it is until the commit, publication_discard or
 * publication_close. */
void publication_look(struct publication *publication, const struct inventory *previous);

/* The file at `path` stays as the last run left it: takes note of it without opening it. False, without an
 * error: it is not known to be as the last run left it, and must be put. */
bool publication_keep(struct publication *publication, const char *path);

/* The same for a file of which the caller knows from its state that it is right. */
bool publication_stays(struct publication *publication, const char *path, const struct stat *status);

/* For content that comes piece by piece: a descriptor to write to, or -1; then publication_end, which closes
 * it. */
int publication_begin(struct publication *publication, const char *path);
bool publication_end(struct publication *publication, const char *path, int fd);

/* A folder that is not there yet, filled out of sight and renamed once. Between begin and end, and only
 * there, publication_add puts files `name` into it. */
bool publication_new_folder_begin(struct publication *publication, const char *path);
bool publication_new_folder_add(
    struct publication *publication, const char *path, const char *name, struct text content);
bool publication_new_folder_end(struct publication *publication, const char *path);

/* A hard link to the file at `source`, which this run has put already. */
bool publication_link(struct publication *publication, const char *path, const char *source);

/* A symbolic link. Where something that is not one is in its place, that stays, with a warning. */
bool publication_symlink(struct publication *publication, const char *path, const char *target);

/* Removes a file, or a folder if nothing is left in it by then. */
void publication_remove(struct publication *publication, const char *path);
void publication_remove_folder(struct publication *publication, const char *path);

/* Calls `visit` with the name of each entry of a folder (a missing folder has none), in no order. Left-overs
 * of dead runs are removed on the way and not shown. */
bool publication_list(
    struct publication *publication, const char *path, folders_visitor visit, void *context);
bool publication_list_and_sweep(
    struct publication *publication, const char *path, folders_visitor visit, void *context);

/* True if there is a folder at `path`; true if there is a symbolic link to exactly `target`. */
bool publication_has_folder(struct publication *publication, const char *path);
bool publication_has_symlink(struct publication *publication, const char *path, const char *target);

/* A file without a name on the public folder's disk, or -1. */
int publication_scratch(struct publication *publication);

/* All or, where renaming itself fails half-way, a part of the files; each of them whole. */
bool publication_commit(struct publication *publication);

/* Removes everything that publication_commit would have put in its place. */
void publication_discard(struct publication *publication);

#endif
