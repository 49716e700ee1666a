#include "common/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)256 * 1024)
/* The first block, for all those arenas that never hold much. */
#define FIRST_BYTES ((size_t)8 * 1024)
#define ALIGNMENT   ((size_t)16)

struct arena_block {
    struct arena_block *next;
    size_t size; /* of `bytes` */
    size_t used;
    _Alignas(16) unsigned char bytes[];
};

struct arena arena_make(size_t limit)
{
    return (struct arena){.limit = limit};
}

static void free_chain(struct arena *arena, struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        arena->allocated -= block->size;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    free_chain(arena, arena->current);
    free_chain(arena, arena->spare);
    *arena = arena_make(arena->limit);
}

void arena_reset(struct arena *arena, size_t keep)
{
    struct arena_block *block = arena->current;
    size_t kept = 0;
    for (struct arena_block *spare = arena->spare; spare; spare = spare->next)
        kept += spare->size;
    while (block) {
        struct arena_block *next = block->next;
        /* Blocks of unusual size served one large piece and would rarely fit again. */
        if (block->size == BLOCK_BYTES && kept + block->size <= keep) {
            kept += block->size;
            block->used = 0;
            block->next = arena->spare;
            arena->spare = block;
        } else {
            arena->allocated -= block->size;
            free(block);
        }
        block = next;
    }
    arena->current = NULL;
    arena->used = 0;
}

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    if (size <= BLOCK_BYTES && arena->spare) {
        struct arena_block *block = arena->spare;
        arena->spare = block->next;
        block->next = arena->current;
        arena->current = block;
        return block;
    }
    size_t least = arena->allocated ? BLOCK_BYTES : FIRST_BYTES;
    size_t wanted = size > least ? size : least;
    if (wanted > arena->limit || arena->allocated > arena->limit - wanted)
        return NULL;
    struct arena_block *block = malloc(sizeof *block + wanted);
    if (!block)
        return NULL;
    *block = (struct arena_block){.next = arena->current, .size = wanted};
    arena->allocated += wanted;
    arena->current = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct arena_block *block = arena->current;
    if (!block || block->size - block->used < rounded) {
        block = add_block(arena, rounded);
        if (!block)
            return NULL;
    }
    void *piece = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return piece;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, bytes, length);
    copy[length] = 0;
    return copy;
}
