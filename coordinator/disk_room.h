#ifndef R3E_COORDINATOR_DISK_ROOM_H
#define R3E_COORDINATOR_DISK_ROOM_H
/* Whether there is room on the disks for what will be written: looks at the file systems of some folders
 * every few seconds.
 *
 * A disk is full when less than a floor is free for us (f_bavail: what is reserved for root does not count),
 * and has room again when a quarter more than that is, so that it does not go to and fro. Where a file system
 * counts inodes, fewer than DISK_ROOM_INODES count as full too: the exporter makes a file for each board. A
 * folder that does not exist yet is as its nearest parent. What cannot be asked is not full: a write will
 * tell. Times are monotonic milliseconds, given by the caller. */
#include <stdbool.h>
#include <stdint.h>

#define DISK_ROOM_LOOK_MS   2000
#define DISK_ROOM_INODES    1000
#define DISK_ROOM_PLACES    2
#define DISK_ROOM_TEXT_SIZE 200

struct disk_space {
    uint64_t free_bytes;
    uint64_t free_inodes; /* UINT64_MAX: not counted */
};

/* False: the file system of `path` cannot be asked. */
typedef bool (*disk_probe)(const char *path, struct disk_space *space);

struct disk_room {
    disk_probe probe;
    struct {
        const char *name; /* for people: the configuration's key */
        const char *path;
    } places[DISK_ROOM_PLACES];
    uint64_t floor_bytes; /* 0: never full */
    int64_t next_look_ms;
    bool full;
    char text[DISK_ROOM_TEXT_SIZE]; /* while full: which, how much, what to do */
};

/* Strings are borrowed. `probe`: disk_probe_system, or a test's. */
struct disk_room disk_room_make(
    disk_probe probe, const char *store_dir, const char *public_dir, uint64_t floor_bytes);

/* Looks if it is time to; true: full. */
bool disk_room_is_full(struct disk_room *room, int64_t now_ms);

/* Asks statvfs(3). */
bool disk_probe_system(const char *path, struct disk_space *space);

#endif
