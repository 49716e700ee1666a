#ifndef R3E_COORDINATOR_CONFINE_H
#define R3E_COORDINATOR_CONFINE_H
/* What the coordinator, and so everything it starts, may do once it runs (common/hardening.h).
 *
 * It writes below store.dir, and below the folder that holds public.dir, which may be deleted and is then
 * made anew; in the folders of refresh.trigger_file and of ipc sockets; nowhere else. It starts r3e-worker
 * and r3e-exporter, the very files that stand beside it when it starts: a new release needs a restart, which
 * another version of the protocol would need too. It listens on the ports of its own sockets. It may read
 * everything, since keys, configuration and catalogue are read again while it runs, and connect everywhere,
 * since its workers have to. */
#include "common/config.h"

/* Sets the limits of the configuration, and, with hardening.sandbox, gives up all but that. Makes store.dir
 * if it is missing, since a folder that is not there cannot be named. Before threads, store and sockets. */
void confine(const struct config *config);

#endif
