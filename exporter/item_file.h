#ifndef R3E_EXPORTER_ITEM_FILE_H
#define R3E_EXPORTER_ITEM_FILE_H
/* Writes gzip files that are lists of items, such as the members of a JSON object or array, between a head
 * and a tail. Who knows the items says how many there are, what each is made of (a digest) and how it reads;
 * this module cuts them into segments (item_cut.h), takes those that did not change from the file that is
 * published (segments.h), has the others made and compressed on several threads (item_work.h), and puts each
 * file together. A file of which nothing changed is not even written.
 *
 * The cut follows from the items alone, so the same items give the same bytes, whatever the number of threads
 * and whatever was published before. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"
#include "exporter/guard.h"
#include "exporter/publish.h"

struct item_list {
    void *context;
    /* Items are never cut, and memory follows the largest: a row is one, not a driver with all his rows (an
     * array's items can bring its key and brackets along: `"key":[{…}`, `{…}`, `{…}]`). */
    uint64_t count;
    struct text head, tail; /* bytes before the first item and after the last; a comma goes between items */

    /* A hash of all that `append` writes for this item: two lists whose items have the same digests read the
     * same. Cheap, it is asked once for every item of every file, in order, by one thread. Equal bytes should
     * have equal digests from run to run, or nothing can be kept. Thread-safe. */
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

/* Many files, made beside each other by one team of threads, so that small ones use all of them too. */
struct item_files {
    void *context;
    uint32_t count;
    /* Fills in path and list (zeroed) of file `file`. Called once for each, in ascending order, by one thread
     * at a time, while earlier files are still being made; what the list points to must be valid until
     * `finished` is called for it. False: the guard knows why. */
    bool (*describe)(void *context, uint32_t file, char path[static PATH_MAX], struct item_list *list);

    /* Nothing of that file is asked for any more. Once for each that was described, in no order, one call at
     * a time, by any thread. NULL: nobody wants to know. */
    void (*finished)(void *context, uint32_t file);
};

/* Makes all of them. False: the guard knows why. */
bool item_files_write(
    struct publication *publication, const struct item_files *files, unsigned threads, struct guard *guard);

#endif
