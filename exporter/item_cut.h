#ifndef R3E_EXPORTER_ITEM_CUT_H
#define R3E_EXPORTER_ITEM_CUT_H
/* Where a list of items is cut into segments, and what each segment is known by.
 *
 * An item begins a segment if the hash of its digest is the smallest of all items that begin within
 * ITEM_CUT_WINDOW bytes before and behind it (local minimum chunking; compare Bjørner, Blass, Gurevich,
 * "Content-dependent chunking for differential compression, the local maximum approach", 2010). So a cut
 * follows from the items around it and from nothing else: an item that is changed, added or taken away can
 * move only cuts within the window around it, while the others, and the segments between them, stay. Segments
 * have at least ITEM_CUT_WINDOW bytes, twice that on average, and seldom more than three times.
 *
 * Bytes are counted by the list's own estimates. */
#include <stdint.h>

#include "exporter/item_file.h"

#define ITEM_CUT_WINDOW (9u * 1024) /* tests/bench/compressors says what other sizes cost */

/* Where a window holds no smallest item, as in a list of equal ones, a segment ends here. */
#define ITEM_CUT_MAX (8u * ITEM_CUT_WINDOW)

#define ITEM_DIGEST_SIZE 16

struct item_segment {
    uint64_t first, end; /* items; equal only where the list has none */
    /* XXH3 over the digests of the items, with head and tail where they are in it, and the same of the
     * segment before: it is compressed with that in view. Segments with the same digest have the same bytes,
     * wherever they stand. */
    uint8_t digest[ITEM_DIGEST_SIZE];
};

struct item_cuts {
    struct item_segment *segments; /* at least one: of an empty list, head and tail */
    uint32_t count, capacity;
};

/* Asks for the digest and the size of each item once, in order. Memory: that of the segments, and 32 bytes
 * for each item of a window or two. Owned by the caller. */
struct item_cuts item_cut(const struct item_list *list);

void item_cuts_free(struct item_cuts *cuts);

#endif
