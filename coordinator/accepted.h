#ifndef R3E_COORDINATOR_ACCEPTED_H
#define R3E_COORDINATOR_ACCEPTED_H
/* Where connections came from: noted where they are accepted, asked for where libzmq tells of them.
 *
 * libzmq 4.3's events name a connection by its descriptor only, which may be closed, and reused, by the time
 * they are read; so the address of a peer that sent rubbish and was cut off would be lost. accept(2) knows
 * it, and descriptors.h has our own. accept(2) has no context to hold this in, so the list is the process's;
 * a lock guards it, since libzmq's thread accepts. It is bounded: of a flood the oldest that nobody asked for
 * are forgotten. */
#include <stdbool.h>
#include <sys/socket.h>

#define ACCEPTED_ADDRESS_SIZE 64   /* "[ADDRESS]:PORT" of IPv6 */
#define ACCEPTED_MOST         1024 /* noted and not asked for */

/* Notes a connection; others than IPv4 and IPv6 are passed over. `address` may be NULL. */
void accepted_note(int fd, const struct sockaddr *address, socklen_t length);

/* Takes the oldest connection of that descriptor out: one call for each event, in their order. "unknown" and
 * false if it is not known. */
bool accepted_take(int fd, char address[static ACCEPTED_ADDRESS_SIZE]);

#endif
