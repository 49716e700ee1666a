#ifndef R3E_COORDINATOR_CTL_METRICS_COMMAND_H
#define R3E_COORDINATOR_CTL_METRICS_COMMAND_H

#include "coordinator/ctl/command.h"

/* `r3ectl metrics`: the coordinator's state as OpenMetrics, once, on standard output. */
extern const struct ctl_command metrics_command;

#endif
