#include "worker/json_arena.h"

#include <stdlib.h>

static struct arena *arena_in_use; /* NULL: the heap */
static bool was_full;

static void *allocate(size_t size)
{
    if (!arena_in_use)
        return malloc(size);
    void *piece = arena_alloc(arena_in_use, size);
    if (!piece)
        was_full = true;
    return piece;
}

static void release(void *piece)
{
    if (!arena_in_use)
        free(piece);
}

void json_arena_install(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = allocate, .free_fn = release});
}

cJSON *json_arena_parse(struct arena *arena, const char *bytes, size_t length, size_t *stopped_at)
{
    const char *end = bytes;
    arena_in_use = arena;
    was_full = false;
    cJSON *root = cJSON_ParseWithLengthOpts(bytes, length, &end, false);
    arena_in_use = NULL;
    *stopped_at = (size_t)(end - bytes);
    return root;
}

bool json_arena_was_full(void)
{
    return was_full;
}
