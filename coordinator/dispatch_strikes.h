#ifndef R3E_COORDINATOR_DISPATCH_STRIKES_H
#define R3E_COORDINATOR_DISPATCH_STRIKES_H
/* What only a broken or hostile worker sends is counted against its key, without keys against its process;
 * who has too many strikes is put aside for a while (rubbish.h). */
#include "coordinator/dispatch_state.h"

/* The worker has sent what only a broken or hostile one sends. With the last straw it and all others of its
 * key are put aside: told so, dropped, and refused for a while; `worker` is gone then, and true is returned.
 */
bool dispatch_strike(struct dispatch *dispatch, struct worker *worker, const char *reason);

/* As above, for a peer that is no worker. Nothing happens for one without a key. */
void dispatch_strike_key(struct dispatch *dispatch, const char *key, const char *reason);

/* The worker has done something useful: takes a strike back. */
void dispatch_forgive(struct dispatch *dispatch, const struct worker *worker);

/* A worker that was put aside is told so when it says HELLO. True if it was refused. */
bool dispatch_refuse_aside(
    struct dispatch *dispatch, struct origin origin, const struct message_hello *hello);

#endif
