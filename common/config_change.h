#ifndef R3E_COMMON_CONFIG_CHANGE_H
#define R3E_COMMON_CONFIG_CHANGE_H
/* One configuration follows another in a running process: what has changed, and what of it cannot take effect
 * before a restart. */
#include <stdbool.h>

#include "common/config.h"
#include "common/config_table.h"

/* True for what a process uses once, when it starts: store.dir, store.map_size_mb, public.*,
 * refresh.trigger_file, sockets.*, security.*, hardening.*,
 * http.*. */
bool config_key_needs_restart(const struct config_key *key);

/* Called for each key whose value has changed. */
typedef void (*config_change_visitor)(void *context, const struct config_key *key);

/* Makes `next` fit to follow `running`: what needs a restart gets the running value (strings are shared, so
 * the arena of `running` has to outlive `next`). Every change is told, those undone too. */
void config_follow(
    struct config *next, const struct config *running, config_change_visitor changed, void *context);

#endif
