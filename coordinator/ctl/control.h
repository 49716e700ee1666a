#ifndef R3E_COORDINATOR_CTL_CONTROL_H
#define R3E_COORDINATOR_CTL_CONTROL_H
/* r3ectl refresh, pause, resume, drain, export, release and why: each a row of one table, all of them one
 * request to the control socket. */
#include "common/control_message.h"
#include "coordinator/ctl/command.h"

/* In the order of enum control_command. */
extern const struct ctl_command control_commands[CONTROL_COMMAND_COUNT];

#endif
