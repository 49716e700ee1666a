#ifndef R3E_COORDINATOR_CTL_CHECK_H
#define R3E_COORDINATOR_CTL_CHECK_H
#include "coordinator/ctl/command.h"

/* r3ectl check: verifies the store. */
extern const struct ctl_command check_command;

#endif
