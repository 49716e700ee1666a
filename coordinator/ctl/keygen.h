#ifndef R3E_COORDINATOR_CTL_KEYGEN_H
#define R3E_COORDINATOR_CTL_KEYGEN_H
/* r3ectl keygen: a pair of CURVE keys in two files (common/key_file.h). */
#include "coordinator/ctl/command.h"

extern const struct ctl_command keygen_command;

#endif
