#include "worker/worker_heap.h"

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Larger pieces come from the system and go back to it when they are freed. Left to itself glibc raises this
 * limit with the first large piece freed, and a worker that met one large board stays large; much lower, and
 * every second board pays for fresh pages. */
#define PIECE_MOST (4 * 1024 * 1024)
/* What the heap grows by, and what is free at its end is kept up to this. */
#define STEP      (8 * 1024 * 1024)
#define HUGE_PAGE ((uintptr_t)2 * 1024 * 1024)
/* More than what is free in the heap of a process that has only begun, and within the first huge page. */
#define FIRST_PIECE (1024 * 1024)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* linux/mman.h */
#endif

void worker_heap_settle(void)
{
    mallopt(M_MMAP_THRESHOLD, PIECE_MOST);
    mallopt(M_TRIM_THRESHOLD, STEP);
    mallopt(M_ARENA_MAX, 1); /* ZeroMQ's thread would get a heap of its own */
}

void worker_heap_grow(void)
{
    uintptr_t end = (uintptr_t)sbrk(0);
    mallopt(M_TOP_PAD, STEP);
    /* What lies before the next huge page is left unused, or a quarter of the heap would be on small ones;
     * glibc allows for others who move the break. */
    if ((intptr_t)sbrk((intptr_t)(-end & (HUGE_PAGE - 1))) == -1)
        return;
    char *start = sbrk(0);
    void *volatile piece = malloc(FIRST_PIECE); /* volatile: or the compiler leaves both out */
    free(piece);
    char *top = sbrk(0);
    if (top <= start || madvise(start, (size_t)(top - start), MADV_HUGEPAGE) != 0)
        return;
    /* malloc has touched it already. Linux has this since 6.1; without it the first 2 MB stay on small pages.
     */
    madvise(start, HUGE_PAGE, MADV_COLLAPSE);
}
