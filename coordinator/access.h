#ifndef R3E_COORDINATOR_ACCESS_H
#define R3E_COORDINATOR_ACCESS_H
/* Who may use the coordinator's tcp sockets: the key of this coordinator, the keys that are authorized, the
 * ZAP handler that asks for them, and what has become of those who were not let in. Without
 * security.server_key there is nothing of it but the counts. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "common/loop.h"
#include "coordinator/authorized.h"
#include "coordinator/refused.h"
#include "coordinator/zap.h"

struct access;

/* Reads the keys. The loop and the context are borrowed for its life, and so are the strings of `config` that
 * need a restart. Exits with a message if this coordinator's key cannot be used. */
struct access *access_open(const struct config *config, struct loop *loop, void *context);

/* To be called before the sockets are closed. */
void access_close(struct access **pointer);

/* The socket takes only authorized keys on what it is bound to from now on; nothing happens without keys. To
 * be called once for each socket, which is borrowed. */
void access_guard(struct access *access, void *socket, enum zap_domain domain);

/* Forgets the secret key: all sockets are bound. */
void access_guarded(struct access *access);

/* Looks for keys that came and went; those who lost a right are put out. Returns how many milliseconds it may
 * sleep. */
int64_t access_tick(struct access *access, int64_t now_ms);

/* Who can say whether a key was put aside, and may send no results: zap.h. */
void access_ask_aside(struct access *access, zap_is_aside is_aside, const void *asked);

/* One was: all connections to the results socket are made anew, by those who may. Nothing happens without
 * keys. */
void access_put_aside(struct access *access);

/* Notes a peer that was let in by its key and turned away all the same; the key and the address as libzmq
 * says them ("" for what is not known), the reason a constant string. */
void access_turned_away(struct access *access, enum zap_domain domain, const char *address,
    const char *public_key, const char *reason);

/* Its part of the summary: `keys` (authorized; null without keys), `keys_problem`, `connections` (to guarded
 * sockets), `peers_refused` and the last of them, `last_refused`. */
void access_put(const struct access *access, struct json_writer *json);

#endif
