#ifndef R3E_EXPORTER_ITEM_FILE_H
#define R3E_EXPORTER_ITEM_FILE_H
/* Writes one gzip file that is a list of items, such as the members of a JSON object or array, between a head
 * and a tail. Who knows the items says how many there are, what each is made of (a digest) and how it reads;
 * this module cuts them into segments, has them made and compressed on several threads, and puts the file
 * together. The cut follows from the items alone, so the same items give the same bytes, whatever the number
 * of threads. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"
#include "exporter/guard.h"
#include "exporter/publish.h"

struct item_list {
    void *context;
    uint64_t count;
    struct text head, tail; /* bytes before the first item and after the last; a comma goes between items */

    /* A hash of all that `append` writes for this item: two lists whose items have the same digests read the
     * same. Cheap, it is asked for every item of every file, and thread-safe. */
    uint64_t (*digest)(void *context, uint64_t item);

    /* About how many bytes `append` writes, within a factor of two; may depend only on what the digest
     * depends on. Thread-safe. */
    uint32_t (*size)(void *context, uint64_t item);

    /* Appends the item to `out`. Called by several threads, for items in ascending order within a segment;
     * `state` is what the calling thread's `open` returned. False: the guard knows why. */
    bool (*append)(void *context, void *state, uint64_t item, struct buffer *out);

    /* Once for each thread that appends, in that thread; both may be NULL. */
    void *(*open)(void *context);
    void (*close)(void *state);
};

/* Makes the file at `path`. False: the guard knows why. */
bool item_file_write(struct publication *publication, const char *path, const struct item_list *list,
    unsigned threads, struct guard *guard);

#endif
