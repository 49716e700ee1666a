#ifndef R3E_COMMON_MEMORY_H
#define R3E_COMMON_MEMORY_H
/* Heap memory for objects of small, known size.
 *
 * None of these returns NULL: where the system has no memory left the process logs what it wanted and exits
 * with code 1. That is safe here, because every process may be killed at any instant without losing anything
 * that was acknowledged. Sizes that come from outside go through `buffer`, which has a limit of its own. */
#include <stddef.h>

/* `count` * `size` zeroed bytes, owned by the caller, released with free(). Aborts on multiplication
 * overflow. */
void *memory_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));

/* As realloc(pointer, count * size); new space is not zeroed. The old pointer is invalid afterwards. */
void *memory_resize(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of a string, owned by the caller, released with free(). */
char *memory_strdup(const char *string) __attribute__((malloc, returns_nonnull, nonnull));

#endif
