#ifndef R3E_COORDINATOR_CTL_NAMES_LIST_H
#define R3E_COORDINATOR_CTL_NAMES_LIST_H
#include "coordinator/ctl/command.h"

extern const struct ctl_command names_command;

#endif
