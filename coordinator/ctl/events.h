#ifndef R3E_COORDINATOR_CTL_EVENTS_H
#define R3E_COORDINATOR_CTL_EVENTS_H
#include "coordinator/ctl/command.h"

extern const struct ctl_command events_command;

#endif
