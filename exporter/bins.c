#include "exporter/bins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"

/* A bin's full blocks, as places in the file. */
struct bin {
    uint32_t *blocks;
    uint32_t block_count, block_capacity;
    uint32_t filled; /* bytes in `block` */
    uint8_t *block;  /* NULL until something is put */
};

struct bins {
    int fd;
    const char *folder;
    struct guard *guard;
    uint32_t block_bytes;
    uint32_t blocks_written;
    uint32_t count;
    struct bin bins[];
};

struct bins *bins_open(int fd, const char *folder, uint32_t count, struct guard *guard)
{
    struct bins *bins = memory_zalloc(1, sizeof *bins + count * sizeof *bins->bins);
    bins->fd = fd;
    bins->folder = folder;
    bins->guard = guard;
    bins->count = count;
    bins->block_bytes = BINS_BLOCK_MAX;
    while (bins->block_bytes > BINS_BLOCK_MIN && bins->block_bytes > BINS_MEMORY / count)
        bins->block_bytes /= 2;
    return bins;
}

void bins_close(struct bins **bins)
{
    if (!*bins)
        return;
    for (uint32_t i = 0; i < (*bins)->count; i++) {
        free((*bins)->bins[i].blocks);
        free((*bins)->bins[i].block);
    }
    close((*bins)->fd);
    free(*bins);
    *bins = NULL;
}

static bool write_block(struct bins *bins, struct bin *bin)
{
    if (!file_write_at(
            bins->fd, bin->block, bins->block_bytes, (uint64_t)bins->blocks_written * bins->block_bytes))
        return guard_fail_file(bins->guard, "write a temporary file in", bins->folder, "");
    if (bin->block_count == bin->block_capacity) {
        bin->block_capacity = bin->block_capacity ? bin->block_capacity * 2 : 16;
        bin->blocks = memory_resize(bin->blocks, bin->block_capacity, sizeof *bin->blocks);
    }
    bin->blocks[bin->block_count++] = bins->blocks_written++;
    bin->filled = 0;
    return true;
}

bool bins_put(struct bins *bins, uint32_t number, const void *bytes, size_t length)
{
    struct bin *bin = &bins->bins[number];
    const uint8_t *from = bytes;
    if (!bin->block)
        bin->block = memory_zalloc(1, bins->block_bytes);
    while (length) {
        size_t room = bins->block_bytes - bin->filled;
        size_t part = length < room ? length : room;
        memcpy(bin->block + bin->filled, from, part);
        bin->filled += (uint32_t)part;
        from += part;
        length -= part;
        if (bin->filled == bins->block_bytes && !write_block(bins, bin))
            return false;
    }
    return true;
}

static bool read_block(const struct bins *bins, uint32_t place, struct buffer *out)
{
    uint8_t *to = buffer_reserve(out, bins->block_bytes);
    if (!to)
        return guard_fail(bins->guard, "one driver has more rows than fit into memory");
    if (!file_read_at(bins->fd, to, bins->block_bytes, (uint64_t)place * bins->block_bytes))
        return errno ? guard_fail_file(bins->guard, "read back a temporary file in", bins->folder, "")
                     : guard_fail(bins->guard,
                           "a temporary file in %s has become shorter; the files published before stay",
                           bins->folder);
    out->length += bins->block_bytes;
    return true;
}

bool bins_take(const struct bins *bins, uint32_t number, struct buffer *out)
{
    const struct bin *bin = &bins->bins[number];
    for (uint32_t i = 0; i < bin->block_count; i++) {
        if (!read_block(bins, bin->blocks[i], out))
            return false;
    }
    return !bin->filled || buffer_append(out, bin->block, bin->filled);
}
