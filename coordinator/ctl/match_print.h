#ifndef R3E_COORDINATOR_CTL_MATCH_PRINT_H
#define R3E_COORDINATOR_CTL_MATCH_PRINT_H
/* What a search found, for people and for programs. */
#include "coordinator/ctl/matches.h"

/* Lists the drivers if there are several, then the tables of the best ones, to standard output. */
void match_print_tables(const struct matches *matches, const char *searched);

/* One JSON object to standard output: searched, found, drivers: [ {key, name, country, entries, results} ];
 * results are the entries as published, best first. */
void match_print_json(const struct matches *matches, const char *searched);

#endif
