#include "common/resident.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int resident_open(void)
{
    return open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

struct resident resident_read(int fd)
{
    char text[128];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    long page_kb = sysconf(_SC_PAGESIZE) / 1024;
    if (length <= 0 || page_kb <= 0)
        return (struct resident){0};
    text[length] = 0;
    char *rest = text;
    strtoull(rest, &rest, 10); /* the size of the address space */
    uint64_t all = strtoull(rest, &rest, 10);
    uint64_t file = strtoull(rest, &rest, 10);
    return (struct resident){.all_kb = all * (uint64_t)page_kb, .file_kb = file * (uint64_t)page_kb};
}
