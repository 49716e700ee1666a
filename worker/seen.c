#include "worker/seen.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/memory.h"

#define FIRST_SLOTS 4096u
#define KEEP_SLOTS  8192u

void seen_open(struct seen *seen)
{
    *seen = (struct seen){0};
}

void seen_free(struct seen *seen)
{
    free(seen->slots);
    free(seen->page);
    *seen = (struct seen){0};
}

void seen_clear(struct seen *seen)
{
    if (seen->slot_count > KEEP_SLOTS || seen->page_capacity > KEEP_SLOTS)
        seen_free(seen);
    else if (seen->used)
        memset(seen->slots, 0, seen->slot_count * sizeof *seen->slots);
    seen->used = seen->page_count = 0;
}

static uint64_t hash_parts(const struct text *parts, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = XXH3_64bits_withSeed(parts[i].data, parts[i].length, hash);
    return hash ? hash : 1;
}

static uint64_t *find_slot(const struct seen *seen, uint64_t hash)
{
    uint32_t mask = seen->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (seen->slots[at] && seen->slots[at] != hash)
        at = (at + 1) & mask;
    return &seen->slots[at];
}

static void grow(struct seen *seen)
{
    struct seen larger = *seen;
    larger.slot_count = seen->slot_count ? seen->slot_count * 2 : FIRST_SLOTS;
    larger.slots = memory_zalloc(larger.slot_count, sizeof *larger.slots);
    for (uint32_t i = 0; i < seen->slot_count; i++)
        if (seen->slots[i])
            *find_slot(&larger, seen->slots[i]) = seen->slots[i];
    free(seen->slots);
    *seen = larger;
}

bool seen_before(struct seen *seen, const struct text *parts, size_t count)
{
    uint64_t hash = hash_parts(parts, count);
    if (seen->used && *find_slot(seen, hash) == hash)
        return true;
    if (seen->page_count == seen->page_capacity) {
        seen->page_capacity = seen->page_capacity ? seen->page_capacity * 2 : 64;
        seen->page = memory_resize(seen->page, seen->page_capacity, sizeof *seen->page);
    }
    seen->page[seen->page_count++] = hash;
    return false;
}

void seen_end_page(struct seen *seen)
{
    for (uint32_t i = 0; i < seen->page_count; i++) {
        if (seen->used * 2 >= seen->slot_count)
            grow(seen);
        uint64_t *slot = find_slot(seen, seen->page[i]);
        seen->used += *slot == 0;
        *slot = seen->page[i];
    }
    seen->page_count = 0;
}
