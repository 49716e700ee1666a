#ifndef R3E_EXPORTER_CONFINE_H
#define R3E_EXPORTER_CONFINE_H
/* What an exporter may do (common/hardening.h): read the store and write beside it what it keeps for its next
 * run, read and write the public folder, whose scratch file for sorting lies there too; no other file, no
 * socket and no program. */
#include "exporter/options.h"

/* Confines the process, for good, unless options->sandbox is false. Makes the public folder if it is
 * missing: once confined it could not. What goes wrong with that is left for the run to say. */
void confine(const struct options *options);

#endif
