#ifndef R3E_EXPORTER_STRING_POOL_H
#define R3E_EXPORTER_STRING_POOL_H
/* A pool of distinct strings, each with a number in order of first use and its form escaped for JSON, made
 * once. Strings with nothing to escape (nearly all) are kept once. One thread adds; any number may read
 * afterwards. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/pack_reader.h"

#define STRING_NONE UINT32_MAX

struct string_pool_entry {
    const char *bytes; /* the string, followed by its JSON form if that differs (then it is longer) */
    uint32_t length;
    uint32_t json_length;
};

struct string_pool {
    struct arena arena;
    struct string_pool_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing; place + 1, 0 is empty */
    uint32_t *tags;  /* high bits of the hashes, so that few comparisons touch the strings */
    uint32_t slot_count;
    struct buffer scratch;
};

struct string_pool string_pool_make(void);

void string_pool_free(struct string_pool *pool);

/* The string's number; copied into the pool if new; `*is_new` (if not NULL) says so. Must be valid UTF-8. */
uint32_t string_pool_add(struct string_pool *pool, struct text string, bool *is_new);

/* The number, or STRING_NONE. */
uint32_t string_pool_find(const struct string_pool *pool, struct text string);

static inline struct text string_pool_text(const struct string_pool *pool, uint32_t number)
{
    const struct string_pool_entry *entry = &pool->entries[number];
    return (struct text){entry->bytes, entry->length};
}

/* Escaped, without quotes. */
static inline struct text string_pool_json(const struct string_pool *pool, uint32_t number)
{
    const struct string_pool_entry *entry = &pool->entries[number];
    return (struct text){entry->json_length == entry->length ? entry->bytes : entry->bytes + entry->length,
        entry->json_length};
}

#endif
