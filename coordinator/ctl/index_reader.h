#ifndef R3E_COORDINATOR_CTL_INDEX_READER_H
#define R3E_COORDINATOR_CTL_INDEX_READER_H
/* Reads driver_index.json.gz front to back, inflating and scanning as it goes, so that memory does not depend
 * on its size: `{ "<key>": [ {entry}, … ], … }`. */
#include <stdbool.h>

#include "common/pack_reader.h"

#define INDEX_READER_ERROR_SIZE 512
#define INDEX_READER_ITEM_MAX   ((size_t)64 * 1024) /* bytes of a key or of an entry */

struct index_visitor {
    /* A driver's key, unescaped. True: its entries are wanted. */
    bool (*driver)(void *context, struct text key);
    /* An entry of a wanted driver: one JSON object, as it stands in the file. */
    void (*entry)(void *context, struct text json);
    /* Behind the last entry of a wanted driver. */
    void (*driver_end)(void *context);
    void *context;
};

/* False: `error` names the file and what is wrong with it; what was visited before is to be thrown away. */
bool index_reader_run(
    const char *path, const struct index_visitor *visitor, char error[static INDEX_READER_ERROR_SIZE]);

#endif
