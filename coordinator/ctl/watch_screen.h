#ifndef R3E_COORDINATOR_CTL_WATCH_SCREEN_H
#define R3E_COORDINATOR_CTL_WATCH_SCREEN_H
/* `r3ectl watch` on a terminal that it has for itself. */
#include <stdbool.h>

#include "coordinator/ctl/command.h"

struct watch_screen_options {
    struct ctl_globals where;
    const char *control; /* the control socket, for pause and refresh; NULL: that of the configuration */
    bool until_done;
    bool colour, utf8;
};

/* Until the person quits, a signal comes, or the coordinator is silent for too long. Returns the exit code.
 */
int watch_screen_run(const char *name, const struct watch_screen_options *options);

#endif
