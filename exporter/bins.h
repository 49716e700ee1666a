#ifndef R3E_EXPORTER_BINS_H
#define R3E_EXPORTER_BINS_H
/* Sorting outside of memory: bytes are put into numbered bins in any order and come back bin by bin, in the
 * order in which they were put into each.
 *
 * A bin holds one block in memory, larger where bins are few; full ones go to a nameless file on the public
 * folder's disk, so memory follows the number of bins and not the amount of data. One thread puts; once it is
 * done any number of threads may take. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/guard.h"

/* Memory of all blocks, unless bins are so many that it takes more for a block of the least size each. */
#define BINS_MEMORY    (4u * 1024 * 1024)
#define BINS_BLOCK_MIN 4096u
#define BINS_BLOCK_MAX (64u * 1024)

struct bins;

/* Takes over `fd`, a file in `folder` (borrowed, for messages). */
struct bins *bins_open(int fd, const char *folder, uint32_t count, struct guard *guard);

void bins_close(struct bins **bins);

/* False: the disk is full or broken, and the guard knows. */
bool bins_put(struct bins *bins, uint32_t bin, const void *bytes, size_t length);

/* Appends everything that was put into the bin. */
bool bins_take(const struct bins *bins, uint32_t bin, struct buffer *out);

#endif
