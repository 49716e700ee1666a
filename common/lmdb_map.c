#include "common/lmdb_map.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Reads one line of proc(5)'s maps: `start-end perms offset dev inode path`, the first two in hexadecimal. */
static bool parse_line(const char *line, uintptr_t *start, uintptr_t *end, uint64_t *inode)
{
    char *rest;
    *start = strtoull(line, &rest, 16);
    if (*rest != '-')
        return false;
    *end = strtoull(rest + 1, &rest, 16);
    for (int column = 0; column < 3; column++) {
        rest = strchr(rest + (*rest == ' '), ' ');
        if (!rest)
            return false;
    }
    *inode = strtoull(rest, &rest, 10);
    return *end > *start;
}

struct lmdb_map lmdb_map_find(MDB_env *env)
{
    struct lmdb_map map = {0};
    struct stat status;
    mdb_filehandle_t fd;
    char line[4352];
    if (mdb_env_get_fd(env, &fd) != MDB_SUCCESS || fstat(fd, &status) != 0)
        return map;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && !map.start && fgets(line, sizeof line, maps)) {
        uintptr_t start, end;
        uint64_t inode;
        if (parse_line(line, &start, &end, &inode) && inode == status.st_ino)
            map = (struct lmdb_map){
                .start = (void *)start, .length = end - start}; /* NOLINT(performance-no-int-to-ptr) */
    }
    if (maps)
        fclose(maps);
    if (map.start)
        madvise(map.start, map.length, MADV_NOHUGEPAGE);
    return map;
}

void lmdb_map_release(const struct lmdb_map *map)
{
    if (map->start)
        madvise(map->start, map->length, MADV_DONTNEED);
}
