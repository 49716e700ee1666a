#ifndef R3E_COORDINATOR_HEAP_H
#define R3E_COORDINATOR_HEAP_H
/* How the C library keeps freed memory, set for a process that runs for years and whose memory must not
 * depend on how long (DESIGN, rule 6).
 *
 * One heap for all threads, whose larger pieces go back to the system: results and dirty pages come and go by
 * the megabyte, and each thread's own heap would keep its peak. And no cache of small pieces for each thread
 * (glibc's tcache: up to seven of each size): they fill up over some ten thousand refreshes and hold pages
 * that would be free otherwise. Without it the bytes in use are the same after 500 and after 6,000 refreshes,
 * and the coordinator's CPU time in a full crawl is what it was. */

/* Call first in main(), before any thread. glibc reads that setting before main(), so where it is not there
 * the program is executed once more with it; on any failure it goes on as it is. A GLIBC_TUNABLES that
 * somebody else has set is left alone. Children do not inherit the setting. A sanitizer's heap is another
 * one, and such a build starts once. */
void heap_settle(char **argv);

#endif
