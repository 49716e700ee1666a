#ifndef R3E_COMMON_LANDLOCK_H
#define R3E_COMMON_LANDLOCK_H
/* Landlock (landlock(7), Documentation/userspace-api/landlock.rst): a thread gives up files and TCP ports,
 * for itself and for all threads and processes that it starts from then on, for good. Threads that are there
 * already keep what they have. Several layers may be laid over each other: what one forbids stays forbidden.
 *
 * What there is depends on the kernel (landlock_abi): 2 (Linux 5.19) files; 3 (6.2) truncating them too; 4
 * (6.7) TCP ports; 5 (6.10) ioctl(2) on devices; 6 (6.12) signals and abstract unix sockets. ABI 1 forbids
 * every rename from one folder to another, which the exporter needs, so it counts as none. Not restricted by
 * any: stat(2), chmod(2), utimensat(2) and the like, UDP, unix sockets with a path, addresses of hosts. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANDLOCK_ABI_PORTS 4 /* the first that limits TCP ports */

#define LANDLOCK_PATHS_MAX 40
#define LANDLOCK_PORTS_MAX 24

enum landlock_use {
    LANDLOCK_READ = 1,  /* files, and lists of folders */
    LANDLOCK_WRITE = 2, /* write, make, rename and remove files, folders, links and sockets */
    LANDLOCK_RUN = 4,
};

struct landlock_path {
    const char *path; /* borrowed */
    unsigned use;     /* bits of enum landlock_use, of all that lies below, too */
};

struct landlock_ports {
    bool limited; /* false: all are allowed */
    unsigned count;
    uint16_t ports[LANDLOCK_PORTS_MAX];
};

/* What stays allowed. */
struct landlock_rules {
    unsigned limited; /* bits of enum landlock_use: the uses that only `paths` allow */
    unsigned path_count;
    struct landlock_path paths[LANDLOCK_PATHS_MAX];
    struct landlock_ports connect, bind;
    bool scoped;           /* no signals to processes outside, no abstract unix sockets of others … */
    bool abstract_sockets; /* … but these after all */
};

/* The version that the kernel has; 0: none (errno says why: ENOSYS, EOPNOTSUPP, EPERM), or one that is of no
 * use to us. */
int landlock_abi(void);

/* Allows `use` of a path. One that is not there stands for the nearest folder above it that is, but never for
 * the root. Too many are our bug. */
void landlock_allow(struct landlock_rules *rules, unsigned use, const char *path);

/* The same, but nothing if the path is not there. */
void landlock_allow_there(struct landlock_rules *rules, unsigned use, const char *path);

/* Allows a port, which makes all others forbidden. */
void landlock_allow_port(struct landlock_ports *ports, uint16_t port);
bool landlock_has_port(const struct landlock_ports *ports, uint16_t port);

/* Lays a layer over this thread, as much of it as `abi` knows. PR_SET_NO_NEW_PRIVS must be set. False with
 * errno set; E2BIG: 16 layers lie there already. */
bool landlock_restrict(const struct landlock_rules *rules, int abi);

#endif
