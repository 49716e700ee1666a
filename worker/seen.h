#ifndef R3E_WORKER_SEEN_H
#define R3E_WORKER_SEEN_H
/* Remembers what the earlier pages of a fetch held, as 64-bit hashes: with 150,000 entries two different ones
 * are taken for the same once in some 10^9 boards. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"

struct seen {
    uint64_t *slots; /* owned open-addressing table of hashes; 0: free */
    uint32_t slot_count, used;
    uint64_t *page; /* owned list: this page's, not in the table yet */
    uint32_t page_count, page_capacity;
};

void seen_open(struct seen *seen);
void seen_free(struct seen *seen);

/* Forgets everything. */
void seen_clear(struct seen *seen);

/* True if an earlier page held the same parts; else they are noted for the pages to come. */
bool seen_before(struct seen *seen, const struct text *parts, size_t count);

/* The page is over: what it held is an earlier page's from now on. */
void seen_end_page(struct seen *seen);

#endif
