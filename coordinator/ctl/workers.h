#ifndef R3E_COORDINATOR_CTL_WORKERS_H
#define R3E_COORDINATOR_CTL_WORKERS_H
#include "coordinator/ctl/command.h"

extern const struct ctl_command workers_command;

#endif
