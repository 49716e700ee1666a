#ifndef R3E_COORDINATOR_DESCRIPTORS_H
#define R3E_COORDINATOR_DESCRIPTORS_H
/* Lives with the limit of open descriptors (RLIMIT_NOFILE).
 *
 * libzmq 4.3 aborts the process when accepting a connection on an ipc socket fails with EMFILE
 * (src/ipc_listener.cpp), and turns in circles on a tcp socket, which stays readable. To stop listening does
 * not help: it ends the connections made through that listener. So this module has its own accept(2) and
 * accept4(2), which the linker prefers to the C library's, for libzmq too: without a descriptor to spare they
 * wait a moment and report ECONNABORTED, an error that every listener has to bear with. Whoever wants in
 * waits in the kernel's queue until there is room. */
#include <stdbool.h>
#include <stdint.h>

#define DESCRIPTORS_SPARE   8 /* kept for files and pipes: accepting stops before they are gone */
#define DESCRIPTORS_LOOK_MS 500

struct descriptors {
    bool short_of; /* said so */
    int64_t next_look_ms;
};

/* Raises the soft limit as far as it may be raised. Exits with a message that says how many are needed if
 * that is not enough. Call before sockets are opened. */
struct descriptors descriptors_make(int64_t local_workers);

/* Says when nobody more is let in, and when that is over. Returns how many milliseconds it may sleep. */
int64_t descriptors_tick(struct descriptors *descriptors, int64_t now_ms);

#endif
