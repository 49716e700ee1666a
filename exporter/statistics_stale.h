#ifndef R3E_EXPORTER_STATISTICS_STALE_H
#define R3E_EXPORTER_STATISTICS_STALE_H
/* Files of the statistics that are no longer made: of classes and superclasses that lost their entries, their
 * place in the catalogue or their name, or of all when the layout is switched off. Files whose name is none
 * of ours stay. */
#include <stdbool.h>

#include "exporter/publish.h"
#include "exporter/statistics_scopes.h"

/* Removes at once what dead runs left behind. To be called before anything is put below stats/. False: the
 * guard knows why. */
bool statistics_stale_sweep(struct publication *publication);

/* Removes at the commit all files that `scopes` (NULL: none are wanted) has no place for, and with NULL the
 * folders if nothing else is in them. To be called after the new files are put, so that the index no longer
 * names a file when it goes. False: the guard knows why. */
bool statistics_stale_remove(struct publication *publication, const struct statistics_scopes *scopes);

#endif
