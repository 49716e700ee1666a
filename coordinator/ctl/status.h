#ifndef R3E_COORDINATOR_CTL_STATUS_H
#define R3E_COORDINATOR_CTL_STATUS_H

#include "coordinator/ctl/command.h"

extern const struct ctl_command status_command;

#endif
