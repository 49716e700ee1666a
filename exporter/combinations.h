#ifndef R3E_EXPORTER_COMBINATIONS_H
#define R3E_EXPORTER_COMBINATIONS_H
/* The lists of combinations: top_combinations.json, .json.gz, all_combinations.json.gz and their links in
 * combinations/ (FORMATS). Those with entries, largest first, then by track id and class id. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/guard.h"
#include "exporter/publish.h"
#include "exporter/snapshot.h"

struct combinations_figures {
    uint64_t with_entries, fetched, tracks, entries;
};

/* Writes the lists and counts. */
bool combinations_write(struct publication *publication, const struct snapshot *snapshot, struct guard *guard,
    struct combinations_figures *figures);

#endif
