#ifndef R3E_COORDINATOR_ZAP_H
#define R3E_COORDINATOR_ZAP_H
/* The ZAP handler (ZeroMQ RFC 27): libzmq asks it about every peer that has shown a key at a CURVE socket.
 * Runs in the event loop and never waits; a peer whose question is not answered yet waits in its handshake.
 *
 * The socket's domain names the right that is needed there; the key's file says what it has. An admitted peer
 * goes by its key in Z85 (wire_user). One thread. */
#include <stdbool.h>

#include "coordinator/authorized.h"
#include "coordinator/refused.h"

/* Which socket takes which right. The domain is the socket's name in the configuration. */
#define ZAP_DOMAINS(X)                                                                                       \
    X(ZAP_JOBS, "jobs", KEY_RIGHT_WORKER)                                                                    \
    X(ZAP_RESULTS, "results", KEY_RIGHT_WORKER)                                                              \
    X(ZAP_STATUS, "status", KEY_RIGHT_MONITOR | KEY_RIGHT_OPERATOR)                                          \
    X(ZAP_CONTROL, "control", KEY_RIGHT_OPERATOR)

enum zap_domain {
#define X(name, string, rights) name,
    ZAP_DOMAINS(X)
#undef X
        ZAP_DOMAIN_COUNT
};

const char *zap_domain_string(enum zap_domain domain);

/* NULL if a peer with that key may use the socket of that domain, else why not, a constant string. `key` may
 * be NULL: it is not authorized at all. */
const char *zap_judge(const struct key_file *key, const char *domain);

struct zap;

/* Opens the handler of `context`; to be called before any CURVE socket is bound. The others are borrowed.
 * Exits with a message if it cannot be opened: nobody may be let in unasked. */
struct zap *zap_open(void *context, const struct authorized *authorized, struct refused *refused);
void zap_close(struct zap **pointer);

/* A key that `is_aside` is true of is not let in to the results socket from now on: what it sends would not
 * be looked at, but received, at the expense of all others. `asked` is borrowed. */
typedef bool (*zap_is_aside)(const void *asked, const char *public_key);
void zap_ask_aside(struct zap *zap, zap_is_aside is_aside, const void *asked);

/* The socket to wait for, and its loop handler. */
void *zap_socket(struct zap *zap);
void zap_readable(void *context);

#endif
