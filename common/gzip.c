#include "common/gzip.h"

#include <assert.h>
#include <stdlib.h>

#include <libdeflate.h>
#include <zlib.h>

#include "common/deflate_walk.h"
#include "common/log.h"
#include "common/memory.h"

struct gzip_compressor {
    struct libdeflate_compressor *deflate;
    struct deflate_walk *walk;
};

struct gzip_compressor *gzip_compressor_open(int level)
{
    struct gzip_compressor *compressor = memory_zalloc(1, sizeof *compressor);
    compressor->deflate = libdeflate_alloc_compressor(level);
    compressor->walk = deflate_walk_open();
    if (!compressor->deflate)
        log_fatal("gzip: no memory for a compressor of level %d; raise the memory limit", level);
    return compressor;
}

void gzip_compressor_close(struct gzip_compressor **compressor)
{
    if (!*compressor)
        return;
    libdeflate_free_compressor((*compressor)->deflate);
    deflate_walk_close(&(*compressor)->walk);
    free(*compressor);
    *compressor = NULL;
}

/* Room for up to `wanted` bytes, less where the buffer's limit is nearer. */
static uint8_t *reserve_up_to(struct buffer *out, size_t wanted, size_t *size)
{
    size_t left = out->limit - out->length;
    *size = wanted < left ? wanted : left;
    return buffer_reserve(out, *size);
}

bool gzip_append_member(
    struct gzip_compressor *compressor, const void *bytes, size_t length, struct buffer *out)
{
    size_t size;
    size_t bound = libdeflate_gzip_compress_bound(compressor->deflate, length);
    uint8_t *to = reserve_up_to(out, bound, &size);
    size_t written = libdeflate_gzip_compress(compressor->deflate, bytes, length, to, size);
    if (!written)
        out->overflowed = true;
    out->length += written;
    return written != 0;
}

bool gzip_append_segment(struct gzip_compressor *compressor, const void *bytes, size_t length,
    struct buffer *out, struct gzip_segment *segment)
{
    assert(length > 0);
    static const uint8_t stored[5] = {0, 0, 0, 0xff, 0xff}; /* header bits, length, its complement */
    size_t size;
    size_t bound = libdeflate_deflate_compress_bound(compressor->deflate, length);
    uint8_t *to = reserve_up_to(out, bound, &size);
    size_t written = libdeflate_deflate_compress(compressor->deflate, bytes, length, to, size);
    if (!written) {
        out->overflowed = true;
        return false;
    }
    struct deflate_block block;
    if (!deflate_walk_last_block(compressor->walk, to, written, &block))
        log_bug("gzip: cannot follow libdeflate's stream of %zu bytes", written);
    to[block.start / 8] &= (uint8_t) ~(1u << (block.start % 8));
    out->length += written;
    /* The three bits of an empty stored block's header may fit into what is left of the last byte. */
    size_t spare_bits = written * 8 - block.end;
    size_t skip = spare_bits >= 3 ? 1 : 0;
    if (!buffer_append(out, stored + skip, sizeof stored - skip)) {
        out->length -= written;
        return false;
    }
    *segment = (struct gzip_segment){.length = length, .crc32 = libdeflate_crc32(0, bytes, length)};
    return true;
}

void gzip_append_header(struct buffer *out)
{
    static const uint8_t header[GZIP_HEADER_BYTES] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    buffer_append(out, header, sizeof header);
}

void gzip_sum_add(struct gzip_sum *sum, const struct gzip_segment *segment)
{
    sum->crc32 = (uint32_t)crc32_combine(sum->crc32, segment->crc32, (z_off_t)segment->length);
    sum->length += segment->length;
}

static void append_little_endian(struct buffer *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        buffer_append_byte(out, (uint8_t)(value >> (8 * i)));
}

void gzip_append_trailer(const struct gzip_sum *sum, struct buffer *out)
{
    /* An empty last block of fixed codes: BFINAL 1, BTYPE 01, end of block 0000000. */
    static const uint8_t last[2] = {0x03, 0x00};
    buffer_append(out, last, sizeof last);
    append_little_endian(out, sum->crc32);
    append_little_endian(out, (uint32_t)sum->length);
}
