#include "coordinator/heap.h"

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sanitized.h"

#define PIECE_MOST (128 * 1024)

/* See the GNU C Library's manual, "Memory Allocation Tunables". */
#define VARIABLE "GLIBC_TUNABLES"
#define SETTING  "glibc.malloc.tcache_count=0"

/* By its own name, which is what ps(1) shows. Returns if it cannot be done. */
static void execute_again(char **argv)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0 || (size_t)length >= sizeof path)
        return;
    path[length] = 0;
    execv(path, argv);
}

void heap_settle(char **argv)
{
    const char *set = getenv(VARIABLE);
    if (!SANITIZED && !set && setenv(VARIABLE, SETTING, 1) == 0) {
        execute_again(argv);
        set = SETTING;
    }
    if (set && strcmp(set, SETTING) == 0)
        unsetenv(VARIABLE);
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, PIECE_MOST);
    mallopt(M_TRIM_THRESHOLD, PIECE_MOST);
}
