#ifndef R3E_EXPORTER_STATISTICS_NAMES_H
#define R3E_EXPORTER_STATISTICS_NAMES_H
/* The order of persons where their figures are equal: by name, then by key, both by bytes, then as they come
 * (FORMATS). Found once, as a rank for each person, so that the lists are sorted by numbers alone. */
#include <stdint.h>

#include "exporter/statistics.h"

/* Ranks by person, a permutation of 0 to person_count - 1; owned by the caller, released with free(). */
uint32_t *statistics_names_rank(const struct statistics_source *source);

#endif
