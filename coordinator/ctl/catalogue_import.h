#ifndef R3E_COORDINATOR_CTL_CATALOGUE_IMPORT_H
#define R3E_COORDINATOR_CTL_CATALOGUE_IMPORT_H
/* `r3ectl catalogue import`: turns the game's data file into the catalogue file. */
#include "coordinator/ctl/command.h"

extern const struct ctl_command catalogue_import_command;

#endif
