#ifndef R3E_COORDINATOR_REFUSED_H
#define R3E_COORDINATOR_REFUSED_H
/* Who was not let in, or put out, and why: counts and the last REFUSED_LAST of them, for the status and the
 * log.
 *
 * Bounded whatever comes: a peer that tries again with the same outcome is one line that counts on, and the
 * log tells of the first of each and at powers of two of all. One thread. */
#include <stdint.h>

#include "common/json_writer.h"

#define REFUSED_LAST         8
#define REFUSED_SOCKET_SIZE  16
#define REFUSED_ADDRESS_SIZE 64
#define REFUSED_PEER_SIZE    64 /* the name of its key, or the key itself */
#define REFUSED_REASON_SIZE  160

struct refused_peer {
    char socket[REFUSED_SOCKET_SIZE]; /* "jobs", "results", "status", "control" */
    char address[REFUSED_ADDRESS_SIZE];
    char peer[REFUSED_PEER_SIZE];
    char reason[REFUSED_REASON_SIZE];
    uint64_t times;
    int64_t wall_ms; /* the last time */
};

struct refused {
    struct refused_peer last[REFUSED_LAST]; /* newest first */
    unsigned count;
    uint64_t total;
};

/* Notes one. Strings that are too long are cut; what is not printable ASCII becomes `?`. `peer` may be "".
 * The port of an address does not tell one peer from another. */
void refused_note(struct refused *refused, const char *socket, const char *address, const char *peer,
    const char *reason, int64_t wall_ms);

/* An array of objects, newest first: time, socket, address, key, reason, times. */
void refused_put(const struct refused *refused, struct json_writer *json);

#endif
