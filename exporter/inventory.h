#ifndef R3E_EXPORTER_INVENTORY_H
#define R3E_EXPORTER_INVENTORY_H
/* Which files a run has published and how to know them again: by inode, size, time of modification and time
 * of change (ctime), kept as one XXH64 for each file and for each folder they are in.
 *
 * What inventory_stands notices: a file or link that was removed, replaced, written to, cut short, renamed,
 * made unreadable or given another time stamp, since ctime cannot be set by hand; an entry that came into one
 * of our folders or left it (the folder's own times); another name in the root. What it does not notice:
 * bytes that changed below the file system (a failing disk), the content of files in the root that are not
 * ours, a write in the same tick of the kernel's clock as our own (inventory_complete waits that tick out;
 * file systems whose time stamps are coarser than a tick are coarser here too), and a write during the run
 * that put the old time of modification back. Copies of the whole folder, restored backups and changed rights
 * do not stand, though their content is the same: the next run compares it, touches nothing, and takes stock
 * again.
 *
 * Paths are relative to the root. In the root itself status.json and names that begin with a dot are nobody's
 * business here. Not thread-safe. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "common/arena.h"
#include "common/pack_reader.h"
#include "common/pack_writer.h"

#define INVENTORY_ITEMS_MAX 10000000u

struct inventory_item {
    const char *path; /* in the arena; a folder's ends with a slash, so that it sorts before what is in it */
    uint32_t name_at; /* where in `path` the last part begins; 0: in the root */
    uint32_t carried; /* its place in the inventory it was carried from, plus 1; 0: from none */
    bool unsettled;   /* its ctime changes when it comes to its place */
    uint64_t before;  /* what it is known by over renames: inode, size, time of modification … */
    uint64_t mark;    /* … and with ctime */
};

struct inventory {
    struct arena arena;
    struct inventory_item *items;
    uint32_t count, capacity;
    uint64_t root_names;         /* what the root held, as a sum over the names */
    struct timespec last_change; /* CLOCK_MONOTONIC_COARSE at or after the last of our own changes */
};

struct inventory inventory_make(void);

void inventory_free(struct inventory *inventory);

/* A file or link as it was when its content was compared or written. `unsettled`: it will be renamed to
 * `path` or has been linked since. */
void inventory_add(struct inventory *inventory, const char *path, const struct stat *status, bool unsettled);

/* A file added before gets or got another name, which changes its ctime. `status` is from before that. */
void inventory_unsettle(struct inventory *inventory, const char *path, const struct stat *status);

/* What a file or link is known by. */
uint64_t inventory_mark(const struct stat *status);

/* The item of this path, or NULL, in an inventory that was completed or read. */
const struct inventory_item *inventory_find(const struct inventory *inventory, const char *path);

/* A file that is to be as `item` says, of the one other inventory that anything is carried from. */
void inventory_carry(
    struct inventory *inventory, const struct inventory *from, const struct inventory_item *item);

/* A folder that counts although nothing in it may. Folders of files need no mention. */
void inventory_add_folder(struct inventory *inventory, const char *path);

/* Our last change so far has been made: what follows needs to be told from it. */
void inventory_changed_now(struct inventory *inventory);

/* Takes stock after all is in its place. False: `*path` (never NULL; empty for the root) is not as it was
 * put, somebody else has been there; the inventory is of no use. */
bool inventory_complete(struct inventory *inventory, int root_fd, unsigned threads, const char **path);

/* True: everything is as it was when the inventory was completed. False: `*path` is not; it is valid as long
 * as the inventory. */
bool inventory_stands(const struct inventory *inventory, int root_fd, unsigned threads, const char **path);

/* MessagePack. Reading fails (sticky, as everything in pack_reader) on counts, paths or an order that writing
 * never produces. `inventory` must be empty. */
void inventory_write(const struct inventory *inventory, msgpack_packer *packer);
void inventory_read(struct inventory *inventory, struct pack_reader *pack);

#endif
