#ifndef R3E_COORDINATOR_CTL_SEARCH_H
#define R3E_COORDINATOR_CTL_SEARCH_H

#include "coordinator/ctl/command.h"

extern const struct ctl_command search_command;

#endif
