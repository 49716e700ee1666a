#include "common/gzip.h"

#include <assert.h>
#include <stdlib.h>

#include <libdeflate.h>
#include <zlib.h>

#include "common/log.h"
#include "common/memory.h"

/* Output of the walk is thrown away; inflate needs somewhere to put it. */
#define WALK_BYTES (64 * 1024)

struct gzip_compressor {
    struct libdeflate_compressor *deflate;
    z_stream walk;
    uint8_t scratch[WALK_BYTES];
};

struct gzip_compressor *gzip_compressor_open(int level)
{
    struct gzip_compressor *compressor = memory_zalloc(1, sizeof *compressor);
    compressor->deflate = libdeflate_alloc_compressor(level);
    if (!compressor->deflate || inflateInit2(&compressor->walk, -MAX_WBITS) != Z_OK)
        log_fatal("gzip: no memory for a compressor of level %d; raise the memory limit", level);
    return compressor;
}

void gzip_compressor_close(struct gzip_compressor **compressor)
{
    if (!*compressor)
        return;
    libdeflate_free_compressor((*compressor)->deflate);
    inflateEnd(&(*compressor)->walk);
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

/* Where the last block of a raw deflate stream begins and ends, in bits. */
struct last_block {
    uint64_t start, end;
};

/* inflate with Z_BLOCK stops at each boundary between blocks and says how many bits of the last byte taken
 * are still to come (zlib.h; the distribution's examples/gzappend.c rests on the same facts). */
static struct last_block find_last_block(struct gzip_compressor *compressor, uint8_t *bytes, size_t length)
{
    z_stream *walk = &compressor->walk;
    struct last_block block = {0, 0};
    inflateReset(walk);
    walk->next_in = bytes;
    walk->avail_in = (uInt)length;
    for (;;) {
        walk->next_out = compressor->scratch;
        walk->avail_out = WALK_BYTES;
        int code = inflate(walk, Z_BLOCK);
        if (code != Z_OK)
            log_bug("gzip: walking the blocks of our own stream: %s", walk->msg ? walk->msg : zError(code));
        if (!(walk->data_type & 128))
            continue;
        uint64_t boundary = (uint64_t)walk->total_in * 8 - (unsigned)(walk->data_type & 7);
        if (walk->data_type & 64) {
            block.end = boundary;
            return block;
        }
        block.start = boundary;
    }
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
    struct last_block block = find_last_block(compressor, to, written);
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
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
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
