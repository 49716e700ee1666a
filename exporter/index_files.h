#ifndef R3E_EXPORTER_INDEX_FILES_H
#define R3E_EXPORTER_INDEX_FILES_H
/* The files that list drivers, made from the ledger (FORMATS): driver_index.json.gz of the flat layout;
 * index/mirror, index/entries/…, index/metadata/…, index/people/… and index/teams of the sharded one. Each is
 * a list of the groups of a roster (item_file.h). */
#include <stdbool.h>

#include "exporter/ledger.h"
#include "exporter/publish.h"

/* Those of the `layouts` (LAYOUT_FLAT, LAYOUT_SHARDED); the others are removed, and the folders they leave
 * empty. All are made in one go, so that no thread waits for the end of one kind. Unless `keep`, each of the
 * ledger's rosters is dropped once the last file made from it is there. False: the guard knows why. */
bool index_files_write(
    struct publication *publication, struct ledger *ledger, unsigned layouts, bool keep, unsigned threads);

#endif
