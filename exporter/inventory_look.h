#ifndef R3E_EXPORTER_INVENTORY_LOOK_H
#define R3E_EXPORTER_INVENTORY_LOOK_H
/* Looks at the files and folders of an inventory: some 15,000 calls of fstatat, which is most of what a run
 * with nothing to do does, so several threads share them. */
#include <string.h>

#include "exporter/inventory.h"

static inline bool inventory_is_folder(const struct inventory_item *item)
{
    return item->path[strlen(item->path) - 1] == '/';
}

/* What to do with an item of which the status is known. Called by several threads, once for each item. */
typedef bool (*inventory_visitor)(struct inventory_item *item, const struct stat *status);

/* Visits every item, or with `unsettled` only those that are, below `root_fd`. False: an item cannot be
 * looked at, or its visitor said no; `*path` is one such, and others may not have been visited. */
bool inventory_look(const struct inventory *inventory, int root_fd, bool unsettled, inventory_visitor visit,
    unsigned threads, const char **path);

#endif
