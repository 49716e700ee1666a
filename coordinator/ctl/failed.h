#ifndef R3E_COORDINATOR_CTL_FAILED_H
#define R3E_COORDINATOR_CTL_FAILED_H
#include "coordinator/ctl/command.h"

extern const struct ctl_command failed_command;

#endif
