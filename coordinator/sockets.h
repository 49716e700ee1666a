#ifndef R3E_COORDINATOR_SOCKETS_H
#define R3E_COORDINATOR_SOCKETS_H
/* The coordinator's four sockets: opened, bound and closed. One that is configured as tcp is bound to an ipc
 * endpoint in store.dir too (config.local_sockets), for workers and r3ectl on this host, which need no key
 * for that: only the owner of the folder can open it. */
#include "common/config.h"
#include "common/loop.h"
#include "coordinator/access.h"

struct sockets {
    void *context;
    void *jobs, *results, *status, *control;
    struct access *access;
};

/* Opens and binds all. Exits with a message if that is not possible. */
void sockets_open(struct sockets *sockets, const struct config *config, struct loop *loop);

/* Closes all, and waits a moment for what was sent to leave. To be called before the loop is closed. */
void sockets_close(struct sockets *sockets);

#endif
