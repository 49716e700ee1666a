#include "coordinator/disk_room.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define MEGABYTE ((uint64_t)1024 * 1024)

struct disk_room disk_room_make(
    disk_probe probe, const char *store_dir, const char *public_dir, uint64_t floor_bytes)
{
    return (struct disk_room){.probe = probe,
        .places = {{"store.dir", store_dir}, {"public.dir", public_dir}},
        .floor_bytes = floor_bytes,
        .next_look_ms = INT64_MIN};
}

/* The path's parent, in place; false: it has none. */
static bool cut_last_part(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || (slash == path && !path[1]))
        return false;
    slash[slash == path] = 0;
    return true;
}

bool disk_probe_system(const char *path, struct disk_space *space)
{
    char folder[PATH_MAX];
    struct statvfs status;
    int length = snprintf(folder, sizeof folder, "%s", path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return false;
    while (statvfs(folder, &status) != 0)
        if (errno != ENOENT || !cut_last_part(folder))
            return false;
    space->free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    space->free_inodes = status.f_files ? status.f_favail : UINT64_MAX;
    return true;
}

static void describe(struct disk_room *room, unsigned place, const struct disk_space *space)
{
    int length;
    if (space->free_inodes < DISK_ROOM_INODES)
        length = snprintf(room->text, sizeof room->text,
            "%s: the file system has room for only %" PRIu64 " more files; remove some",
            room->places[place].name, space->free_inodes);
    else
        length = snprintf(room->text, sizeof room->text,
            "%s: only %" PRIu64 " MB are free on the disk, store.min_free_mb is %" PRIu64 "; free some",
            room->places[place].name, space->free_bytes / MEGABYTE, room->floor_bytes / MEGABYTE);
    if (length < 0)
        room->text[0] = 0;
}

bool disk_room_is_full(struct disk_room *room, int64_t now_ms)
{
    if (room->floor_bytes == 0 || now_ms < room->next_look_ms)
        return room->full;
    room->next_look_ms = now_ms + DISK_ROOM_LOOK_MS;
    uint64_t floor_bytes = room->floor_bytes + (room->full ? room->floor_bytes / 4 : 0);
    uint64_t floor_inodes = DISK_ROOM_INODES + (room->full ? DISK_ROOM_INODES / 4 : 0);
    room->full = false;
    for (unsigned place = 0; place < DISK_ROOM_PLACES && !room->full; place++) {
        struct disk_space space;
        if (!room->probe(room->places[place].path, &space))
            continue;
        room->full = space.free_bytes < floor_bytes || space.free_inodes < floor_inodes;
        if (room->full)
            describe(room, place, &space);
    }
    return room->full;
}
