#ifndef R3E_COORDINATOR_CTL_BOARD_H
#define R3E_COORDINATOR_CTL_BOARD_H
#include "coordinator/ctl/command.h"

extern const struct ctl_command board_command;

#endif
