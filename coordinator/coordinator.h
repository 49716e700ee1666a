#ifndef R3E_COORDINATOR_COORDINATOR_H
#define R3E_COORDINATOR_COORDINATOR_H
/* Puts the parts together and runs them: opens everything in order, turns the loop, closes in reverse. */
#include <stdbool.h>

#include "coordinator/settings.h"

/* Runs until SIGTERM or SIGINT (SIGHUP reloads the settings), or, with `once`, until what is due has been
 * fetched and exported. Returns the exit code of the process: 0 done, 1 failed or interrupted, 3 some
 * combinations failed and the rest is published. */
int coordinator_run(struct settings *settings, bool once);

#endif
