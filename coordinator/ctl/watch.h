#ifndef R3E_COORDINATOR_CTL_WATCH_H
#define R3E_COORDINATOR_CTL_WATCH_H

#include "coordinator/ctl/command.h"

extern const struct ctl_command watch_command;

#endif
