#ifndef R3E_COORDINATOR_SALVAGE_H
#define R3E_COORDINATOR_SALVAGE_H
/* Makes a new store of what a damaged one still has, and puts it in its place.
 *
 * A board is taken over if its record, its rows and its detail are all there and fit together; of several
 * versions the newest. Where only the record is left, it is kept without content, marked as lost: what was
 * published stays, and the board is fetched again. What is not known at all is fetched as if it were new.
 *
 * The new file is built beside the old one and takes its place by one rename, so a crash at any moment leaves
 * the one or the other. The damaged file is kept as `data.mdb.damaged-TIME`; of those, the newest three. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lmdb_file.h"

#define SALVAGE_FOLDER "salvage.tmp" /* in the store's folder, while a new file is built */

struct salvage_result {
    uint32_t saved;   /* boards with their content */
    uint32_t older;   /* … of which in an older version than the one that is lost */
    uint32_t lost;    /* boards whose record is left without content */
    char damaged[64]; /* name of the damaged file now */
};

/* `file` is the open data.mdb in `folder`, which nobody else may have open. Exits with a message if the new
 * file cannot be written; the old one is untouched then. False, and nothing is changed: there is no record
 * of ours in the file, and it is no LMDB file either. */
bool salvage_run(
    const char *folder, const struct lmdb_file *file, size_t map_size_mb, struct salvage_result *result);

/* Removes what a salvage that was cut short left behind. */
void salvage_clean(const char *folder);

#endif
