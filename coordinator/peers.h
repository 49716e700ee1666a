#ifndef R3E_COORDINATOR_PEERS_H
#define R3E_COORDINATOR_PEERS_H
/* The tcp connections of one encrypted socket: tells of handshakes that failed, and can end all connections.
 *
 * libzmq can neither end one connection of a socket nor ask a second time whether its key is still
 * authorized. So when a key is withdrawn all connections of the sockets are shut down (shutdown(2) on
 * libzmq's descriptors, which its events name): whoever may still connect is back within a tenth of a second
 * by itself, through a new handshake; the others are refused there. Workers then say HELLO again and send
 * again what was not acknowledged, so nothing is lost. A descriptor that was closed and reused since belongs
 * to some other connection, which then comes back too, or to no socket, where shutdown(2) does nothing.
 *
 * libzmq tells nothing of a peer that does not begin with ZeroMQ's signature (HTTP, a port scan), and does
 * not say which connection a successful handshake belongs to. So one that goes within the time a handshake
 * may take, while as many as that are incomplete, counts as such a peer. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "coordinator/refused.h"

struct peers;

/* `socket` (not bound to a tcp endpoint yet), `name` and the others are borrowed. Exits with a message if it
 * cannot watch. */
struct peers *peers_open(
    struct loop *loop, void *context, void *socket, const char *name, struct refused *refused);

/* To be called before the socket is closed. */
void peers_close(struct peers **pointer);

/* Ends all tcp connections; returns how many. */
unsigned peers_cut_all(struct peers *peers);

/* How many there are. */
unsigned peers_count(const struct peers *peers);

#endif
