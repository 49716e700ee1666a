#include "common/gzip.h"

#include <stdlib.h>

#include <libdeflate.h>
#include <zlib.h>

#include "common/deflate_block.h"
#include "common/deflate_match.h"
#include "common/log.h"
#include "common/memory.h"

struct gzip_compressor {
    int level;
    struct libdeflate_compressor *deflate; /* both NULL until they are needed */
    struct deflate_matcher *matcher;
    bool can_follow; /* the matcher knows the last segment */
};

struct gzip_compressor *gzip_compressor_open(int level)
{
    struct gzip_compressor *compressor = memory_zalloc(1, sizeof *compressor);
    compressor->level = level;
    return compressor;
}

void gzip_compressor_close(struct gzip_compressor **compressor)
{
    if (!*compressor)
        return;
    libdeflate_free_compressor((*compressor)->deflate);
    deflate_matcher_close(&(*compressor)->matcher);
    free(*compressor);
    *compressor = NULL;
}

/* ---- whole members, by libdeflate ---- */

static void need_deflate(struct gzip_compressor *compressor)
{
    if (compressor->deflate)
        return;
    compressor->deflate = libdeflate_alloc_compressor(compressor->level);
    if (!compressor->deflate)
        log_fatal("gzip: no memory for a compressor of level %d; raise the memory limit", compressor->level);
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
    need_deflate(compressor);
    size_t bound = libdeflate_gzip_compress_bound(compressor->deflate, length);
    uint8_t *to = reserve_up_to(out, bound, &size);
    size_t written = libdeflate_gzip_compress(compressor->deflate, bytes, length, to, size);
    if (!written)
        out->overflowed = true;
    out->length += written;
    return written != 0;
}

/* ---- segments ---- */

/* Appends one block. `bits` keeps what is left of the last byte from block to block. */
static bool append_block(struct gzip_compressor *compressor, struct deflate_bits *bits, const uint8_t *bytes,
    uint32_t before, uint32_t length, bool follows, struct buffer *out)
{
    bits->next = buffer_reserve(out, DEFLATE_BLOCK_BYTES_MAX(length));
    if (!bits->next)
        return false;
    struct deflate_tokens tokens = deflate_matcher_run(compressor->matcher, bytes, before, length, follows);
    deflate_block_write(bits, tokens, bytes, length);
    out->length = (size_t)(bits->next - out->data);
    return true;
}

static bool append_end(struct deflate_bits *bits, struct buffer *out)
{
    bits->next = buffer_reserve(out, DEFLATE_BLOCK_BYTES_MAX(0));
    if (!bits->next)
        return false;
    deflate_block_align(bits);
    out->length = (size_t)(bits->next - out->data);
    return true;
}

bool gzip_append_segment(struct gzip_compressor *compressor, const uint8_t *bytes, size_t before,
    size_t length, bool follows, struct buffer *out, struct gzip_segment *segment)
{
    struct deflate_bits bits = {0};
    size_t start = out->length;
    bool appended = true;
    if (!compressor->matcher)
        compressor->matcher = deflate_matcher_open();
    follows = follows && compressor->can_follow;
    compressor->can_follow = false;
    for (size_t at = 0; at < length && appended;) {
        size_t piece = length - at < DEFLATE_PIECE ? length - at : DEFLATE_PIECE;
        size_t window = before + at < DEFLATE_WINDOW ? before + at : DEFLATE_WINDOW;
        appended = append_block(
            compressor, &bits, bytes + at, (uint32_t)window, (uint32_t)piece, follows || at, out);
        at += piece;
    }
    if (!appended || !append_end(&bits, out)) {
        out->length = start;
        return false;
    }
    compressor->can_follow = follows || length;
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
