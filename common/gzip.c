#include "common/gzip.h"

#include <stdlib.h>

#include <libdeflate.h>
#include <zlib.h>

#include "common/deflate_block.h"
#include "common/deflate_match.h"
#include "common/memory.h"

struct gzip_compressor {
    struct deflate_matcher *matcher;
    bool can_follow; /* the matcher knows the last segment */
};

struct gzip_compressor *gzip_compressor_open(void)
{
    struct gzip_compressor *compressor = memory_zalloc(1, sizeof *compressor);
    compressor->matcher = deflate_matcher_open();
    return compressor;
}

void gzip_compressor_close(struct gzip_compressor **compressor)
{
    if (!*compressor)
        return;
    deflate_matcher_close(&(*compressor)->matcher);
    free(*compressor);
    *compressor = NULL;
}

/* ---- blocks ---- */

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

static bool append_blocks(struct gzip_compressor *compressor, struct deflate_bits *bits, const uint8_t *bytes,
    size_t before, size_t length, bool follows, struct buffer *out)
{
    bool appended = true;
    for (size_t at = 0; at < length && appended;) {
        size_t piece = length - at < DEFLATE_PIECE ? length - at : DEFLATE_PIECE;
        size_t window = before + at < DEFLATE_WINDOW ? before + at : DEFLATE_WINDOW;
        appended =
            append_block(compressor, bits, bytes + at, (uint32_t)window, (uint32_t)piece, follows || at, out);
        at += piece;
    }
    return appended;
}

/* Fills up to a whole byte, with the stream's end or without. */
static bool append_end(struct deflate_bits *bits, void (*end)(struct deflate_bits *), struct buffer *out)
{
    bits->next = buffer_reserve(out, DEFLATE_BLOCK_BYTES_MAX(0));
    if (!bits->next)
        return false;
    end(bits);
    out->length = (size_t)(bits->next - out->data);
    return true;
}

static void append_little_endian(struct buffer *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        buffer_append_byte(out, (uint8_t)(value >> (8 * i)));
}

/* The end of a stream, from whatever bit on, and of its member. */
static bool append_last(struct deflate_bits *bits, const struct gzip_sum *sum, struct buffer *out)
{
    if (!append_end(bits, deflate_block_end, out))
        return false;
    append_little_endian(out, sum->crc32);
    append_little_endian(out, (uint32_t)sum->length);
    return true;
}

/* ---- whole members ---- */

bool gzip_append_member(
    struct gzip_compressor *compressor, const void *bytes, size_t length, struct buffer *out)
{
    const struct gzip_sum sum = {.length = length, .crc32 = libdeflate_crc32(0, bytes, length)};
    struct deflate_bits bits = {0};
    size_t start = out->length;
    compressor->can_follow = false;
    gzip_append_header(out);
    bool appended =
        append_blocks(compressor, &bits, bytes, 0, length, false, out) && append_last(&bits, &sum, out);
    if (!appended)
        out->length = start;
    return appended;
}

/* ---- segments ---- */

bool gzip_append_segment(struct gzip_compressor *compressor, const uint8_t *bytes, size_t before,
    size_t length, bool follows, struct buffer *out, struct gzip_segment *segment)
{
    struct deflate_bits bits = {0};
    size_t start = out->length;
    follows = follows && compressor->can_follow;
    compressor->can_follow = false;
    if (!append_blocks(compressor, &bits, bytes, before, length, follows, out) ||
        !append_end(&bits, deflate_block_align, out)) {
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

void gzip_append_trailer(const struct gzip_sum *sum, struct buffer *out)
{
    struct deflate_bits bits = {0};
    append_last(&bits, sum, out);
}
