#ifndef R3E_COORDINATOR_DISPATCH_HELLO_H
#define R3E_COORDINATOR_DISPATCH_HELLO_H
/* HELLO and WELCOME: who joins, who is back after its connection broke, and what is left of what it held. */
#include "coordinator/dispatch_state.h"

/* Welcomes the worker, known or new, or refuses it with a reason. Of what a known one held, that goes back
 * which never reached it. */
void dispatch_hello(struct dispatch *dispatch, struct origin origin, const struct message_hello *hello);

/* Tells it everything, and which lease it still holds. */
void dispatch_welcome(struct dispatch *dispatch, struct worker *worker);

#endif
