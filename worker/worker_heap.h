#ifndef R3E_WORKER_WORKER_HEAP_H
#define R3E_WORKER_WORKER_HEAP_H
/* How a worker's memory comes from the system and goes back to it.
 *
 * A worker fills some 8 MB, lives for a few minutes, and another fills them anew. In a virtual machine
 * without help from its processor a first touch of 4 KiB was measured to take 14 us, of 2 MiB at once 130 us;
 * so the heap grows by large steps and asks for huge pages (madvise(2), MADV_HUGEPAGE; Linux,
 * Documentation/admin-guide/mm/transhuge.rst). Where the system gives none it is as before. */

/* Call first in main(), before any thread. */
void worker_heap_settle(void);

/* Call in the process that fetches, before it allocates much: not in the parent of a pool, whose huge pages
 * its children would have to take apart. */
void worker_heap_grow(void);

#endif
