#ifndef R3E_COORDINATOR_CTL_BACKUP_H
#define R3E_COORDINATOR_CTL_BACKUP_H
#include "coordinator/ctl/command.h"

/* r3ectl backup: copies the store. */
extern const struct ctl_command backup_command;

#endif
