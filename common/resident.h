#ifndef R3E_COMMON_RESIDENT_H
#define R3E_COMMON_RESIDENT_H
/* How much of this process is in memory, cheap enough to be asked after every job or commit: one read of
 * /proc/self/statm (proc(5)). The kernel counts in batches for each processor, so a figure may be some pages
 * old. process_memory (process.h) is exact, tells of other processes, and walks through all pages for it. */
#include <stdint.h>

struct resident {
    uint64_t all_kb;
    uint64_t file_kb; /* of it, mapped files and shared memory */
};

/* A descriptor to read from, which its caller closes; -1 if the system has none. */
int resident_open(void);

/* Zeros if the system does not say. Any thread. */
struct resident resident_read(int fd);

#endif
