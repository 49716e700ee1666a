#include "common/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

static void check_product(size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product) || product > PTRDIFF_MAX)
        log_bug("memory: %zu objects of %zu bytes are more than an address space", count, size);
}

void *memory_zalloc(size_t count, size_t size)
{
    check_product(count, size);
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer)
        log_fatal("out of memory: wanted %zu bytes; raise the memory limit or lower the configured sizes",
            count * size);
    return pointer;
}

void *memory_resize(void *pointer, size_t count, size_t size)
{
    check_product(count, size);
    size_t wanted = count * size;
    void *resized = realloc(pointer, wanted ? wanted : 1);
    if (!resized)
        log_fatal(
            "out of memory: wanted %zu bytes; raise the memory limit or lower the configured sizes", wanted);
    return resized;
}

char *memory_strdup(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = memory_zalloc(size, 1);
    memcpy(copy, string, size);
    return copy;
}
