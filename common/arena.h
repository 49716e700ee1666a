#ifndef R3E_COMMON_ARENA_H
#define R3E_COMMON_ARENA_H
/* Memory that is given out piece by piece and taken back all at once: one job's, one export's.
 *
 * Pieces are aligned to 16 bytes. Memory is kept in blocks; arena_reset keeps the blocks for the next round,
 * up to a stated amount, so that a steady load allocates nothing. Not thread-safe. */
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *current; /* owned chain, newest first */
    struct arena_block *spare;   /* owned chain of empty blocks */
    size_t used;                 /* bytes given out since the last reset */
    size_t allocated;            /* bytes held from the system */
    size_t limit;                /* `allocated` never passes this */
};

/* An empty arena that may hold `limit` bytes. Allocates nothing. Release with arena_free. */
struct arena arena_make(size_t limit);

void arena_free(struct arena *arena);

/* All pieces become invalid. Keeps at most `keep` bytes of blocks, gives the rest back to the system. */
void arena_reset(struct arena *arena, size_t keep);

/* `size` bytes, not zeroed, valid until reset or free; NULL where the limit forbids it or the system has
 * none. */
void *arena_alloc(struct arena *arena, size_t size);

/* A zero-terminated copy of `length` bytes, or NULL as above. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

#endif
