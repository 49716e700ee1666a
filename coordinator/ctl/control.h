#ifndef R3E_COORDINATOR_CTL_CONTROL_H
#define R3E_COORDINATOR_CTL_CONTROL_H
/* r3ectl refresh, pause, resume, drain, export, release and why: one request to the control socket each. */
#include "common/control_message.h"
#include "coordinator/ctl/command.h"

#define CONTROL_PLAIN_COUNT (CONTROL_WHY + 1) /* the others have files of their own */

/* In the order of enum control_command. */
extern const struct ctl_command control_commands[CONTROL_PLAIN_COUNT];

/* Their `run`. */
int control_run(const struct ctl_globals *globals, int argc, char **argv);

#endif
