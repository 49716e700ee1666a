#ifndef R3E_COORDINATOR_CTL_STORE_COMMAND_H
#define R3E_COORDINATOR_CTL_STORE_COMMAND_H
/* What commands that look into a store share. */
#include <stdint.h>

#include "coordinator/ctl/command.h"

/* Runs `act` with the store's folder: `folder` if given, else store.dir of the configuration. Returns its
 * exit code, or CTL_WRONG after saying what is wrong with the configuration. */
int store_command_run(const struct ctl_globals *where, const char *folder,
    int (*act)(const char *folder, void *context), void *context);

/* One line on standard error that is written over, and cleared when all is done. */
void store_command_progress(uint32_t done, uint32_t all);

#endif
