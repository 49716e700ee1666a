#ifndef R3E_COMMON_HARDENING_H
#define R3E_COMMON_HARDENING_H
/* A process gives up what it does not need, so that whoever takes it over from outside gets little.
 *
 * A process describes what it still does and calls hardening_apply: once, after what it needs more for is
 * done (a listening socket, a folder that has to be made), and before it starts a thread, since capabilities
 * and Landlock are each thread's own. Children inherit all of it and can only give up more.
 *
 *     no_new_privs     always: no program that it starts gets more than it has
 *     capabilities     none, in no set: root is then a user like others, who owns root's files
 *     system calls     common/syscall_filter.h
 *     files and ports  common/landlock.h
 *
 * What a kernel or a container does not let us have is said in the log, once, and the process goes on with
 * the rest: every layer is useful without the others.
 *
 * It costs 2 ms of CPU once, most of it libseccomp's (on a busy machine; tests/bench/confinement); what a
 * pool forks inherits it for nothing. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/landlock.h"
#include "common/syscall_filter.h"

struct hardening {
    struct landlock_rules rules;
    unsigned forbidden; /* bits of enum syscall_filter_forbidden */
    bool quiet;         /* say nothing if all of it could be had */
    char
        resolver[PATH_MAX]; /* a path that the rules borrow: no copy is made after hardening_allow_resolver */
};

/* Reading what any program may have to read while it runs: libraries, the time zone, /proc, random numbers.
 */
void hardening_allow_runtime(struct hardening *hardening);

/* The service manager's socket, where NOTIFY_SOCKET names an abstract one (sd_notify(3)). Before notify_open,
 * which takes the name out of the environment. */
void hardening_allow_manager(struct hardening *hardening);

/* Reading what the resolver and TLS read: all of /etc, whose files are replaced, not changed, by whoever
 * writes them; where /etc/resolv.conf leads; SSL_CERT_FILE and SSL_CERT_DIR (openssl(1)). And connecting to
 * name servers by TCP, if ports are limited at all. */
void hardening_allow_resolver(struct hardening *hardening);

/* True if all could be had. In builds with fault points the folders of R3E_TRACE and R3E_FAULT_ONCE may be
 * written to, and FILTER_NO_WRITING is left to Landlock where one of them is set. */
bool hardening_apply(struct hardening *hardening);

/* Lets go of later: lays another layer over the calling thread, and those that it starts. Nothing, and true,
 * where there is no Landlock; false with errno set. */
bool hardening_narrow(const struct landlock_rules *rules);

#endif
