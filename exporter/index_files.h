#ifndef R3E_EXPORTER_INDEX_FILES_H
#define R3E_EXPORTER_INDEX_FILES_H
/* The files that list drivers, made from the ledger (FORMATS): driver_index.json.gz of the flat layout;
 * index/mirror, index/entries/…, index/metadata/…, index/people/… and index/teams of the sharded one. Each is
 * a list of the groups of a roster (item_file.h). */
#include <stdbool.h>

#include "exporter/ledger.h"
#include "exporter/publish.h"

/* Unless `keep`, the ledger's rosters are dropped once they were used. False: the guard knows why. */
bool index_files_write_flat(
    struct publication *publication, struct ledger *ledger, bool keep, unsigned threads);
bool index_files_write_sharded(
    struct publication *publication, struct ledger *ledger, bool keep, unsigned threads);

/* Removes the files, and the folders they leave empty, where there are any. */
bool index_files_remove_flat(struct publication *publication);
bool index_files_remove_sharded(struct publication *publication);

#endif
