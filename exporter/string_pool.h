#ifndef R3E_EXPORTER_STRING_POOL_H
#define R3E_EXPORTER_STRING_POOL_H
/* A pool of distinct strings, each with a number in order of first use. One thread adds; any number may read
 * afterwards. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/pack_reader.h"

#define STRING_NONE UINT32_MAX

struct string_pool_entry {
    const char *bytes;
    uint32_t length;
};

struct string_pool {
    struct arena arena;
    struct string_pool_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing; place + 1, 0 is empty */
    uint32_t *tags;  /* high bits of the hashes, so that few comparisons touch the strings */
    uint32_t slot_count;
};

struct string_pool string_pool_make(void);

void string_pool_free(struct string_pool *pool);

/* The string's number; copied into the pool if new; `*is_new` (if not NULL) says so. */
uint32_t string_pool_add(struct string_pool *pool, struct text string, bool *is_new);

static inline struct text string_pool_text(const struct string_pool *pool, uint32_t number)
{
    const struct string_pool_entry *entry = &pool->entries[number];
    return (struct text){entry->bytes, entry->length};
}

#endif
