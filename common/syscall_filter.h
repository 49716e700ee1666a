#ifndef R3E_COMMON_SYSCALL_FILTER_H
#define R3E_COMMON_SYSCALL_FILTER_H
/* A seccomp filter (seccomp(2), libseccomp) that forbids system calls to this process, in all of its threads,
 * and to whatever it starts.
 *
 * It is a list of what is forbidden, not of what is allowed: libcurl, OpenSSL, glibc's resolver and libzmq
 * choose their calls by release, and a list of allowed ones would break with an upgrade of the C library,
 * years after it was written. Forbidden is what none of our processes ever does: debugging others, making
 * namespaces, keys, BPF, io_uring, odd kinds of sockets. What needs a capability is left to the want of one.
 * To that comes what a process says for itself. Files and ports, which a filter cannot see, are Landlock's.
 *
 * A forbidden call fails with EPERM, and the kernel's audit log has it. It does not kill: libraries that try
 * a call and do without it have to work, and a worker that was made to try something goes on with its job.
 * clone3(2) fails with ENOSYS: its flags lie in memory, where no filter sees them, and glibc then uses
 * clone(2). A build with a sanitizer may debug itself, which is how leaks are found. */
#include <stdbool.h>

enum syscall_filter_forbidden {
    FILTER_NO_EXEC = 1,      /* start programs */
    FILTER_NO_SOCKETS = 2,   /* make, bind and connect sockets; those that are there go on */
    FILTER_NO_LISTENING = 4, /* make a socket listen */
    /* Open a file for writing, make, rename, remove or change one: whatever Landlock says. What is open goes
     * on. */
    FILTER_NO_WRITING = 8,
    /* With FILTER_NO_WRITING: openat2(2) stays, though its flags lie in memory. Else it fails with ENOSYS. */
    FILTER_KEEP_OPENAT2 = 16,
};

/* `forbidden`: bits of enum syscall_filter_forbidden. PR_SET_NO_NEW_PRIVS must be set. False with errno set;
 * ENOSYS: this kernel has no seccomp. */
bool syscall_filter_load(unsigned forbidden);

#endif
