#include "exporter/string_pool.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/log.h"
#include "common/memory.h"

#define FIRST_CAPACITY 256u
#define COUNT_MAX      (UINT32_MAX / 4)

struct string_pool string_pool_make(void)
{
    return (struct string_pool){.arena = arena_make(SIZE_MAX)};
}

void string_pool_free(struct string_pool *pool)
{
    arena_free(&pool->arena);
    free(pool->entries);
    free(pool->slots);
    free(pool->tags);
    *pool = string_pool_make();
}

/* The slot that holds the string, or the empty one where it belongs. */
static uint32_t find_slot(const struct string_pool *pool, struct text string, uint64_t hash)
{
    uint32_t mask = pool->slot_count - 1;
    uint32_t tag = (uint32_t)(hash >> 32);
    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        if (!pool->slots[at])
            return at;
        if (pool->tags[at] != tag)
            continue;
        const struct string_pool_entry *entry = &pool->entries[pool->slots[at] - 1];
        if (entry->length == string.length && memcmp(entry->bytes, string.data, string.length) == 0)
            return at;
    }
}

static uint64_t hash_of(struct text string)
{
    return XXH3_64bits(string.data, string.length);
}

static void grow(struct string_pool *pool)
{
    if (pool->capacity > COUNT_MAX)
        log_fatal("more than %u distinct strings; the store cannot be right", COUNT_MAX);
    pool->capacity = pool->capacity ? pool->capacity * 2 : FIRST_CAPACITY;
    pool->entries = memory_resize(pool->entries, pool->capacity, sizeof *pool->entries);
    free(pool->slots);
    free(pool->tags);
    pool->slot_count = pool->capacity * 2;
    pool->slots = memory_zalloc(pool->slot_count, sizeof *pool->slots);
    pool->tags = memory_zalloc(pool->slot_count, sizeof *pool->tags);
    for (uint32_t i = 0; i < pool->count; i++) {
        uint64_t hash = hash_of(string_pool_text(pool, i));
        uint32_t at = find_slot(pool, string_pool_text(pool, i), hash);
        pool->slots[at] = i + 1;
        pool->tags[at] = (uint32_t)(hash >> 32);
    }
}

static struct string_pool_entry store(struct string_pool *pool, struct text string)
{
    const char *bytes = arena_copy(&pool->arena, string.data, string.length);
    if (!bytes)
        log_fatal("out of memory for %u strings; raise the memory limit", pool->count);
    return (struct string_pool_entry){bytes, string.length};
}

uint32_t string_pool_add(struct string_pool *pool, struct text string, bool *is_new)
{
    if (!string.length)
        string.data = "";
    if (pool->count == pool->capacity)
        grow(pool);
    uint64_t hash = hash_of(string);
    uint32_t at = find_slot(pool, string, hash);
    if (is_new)
        *is_new = !pool->slots[at];
    if (pool->slots[at])
        return pool->slots[at] - 1;
    pool->entries[pool->count] = store(pool, string);
    pool->slots[at] = ++pool->count;
    pool->tags[at] = (uint32_t)(hash >> 32);
    return pool->count - 1;
}
