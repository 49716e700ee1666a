/* Segments of any bytes, with a part of them in view, and all of them as a file: zlib reads what our encoder
 * wrote. The first three bytes say how much is in view and how often the rest is repeated. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/gzip.h"

#define BYTES_MAX 200000u

/* The same bytes as a file of their own. */
static void check_member(struct gzip_compressor *compressor, const uint8_t *bytes, size_t length)
{
    struct buffer packed = buffer_make(length * 2 + 1024);
    uint8_t *out = malloc(length + 1);
    bool made = out && gzip_append_member(compressor, bytes, length, &packed);
    z_stream stream = {.next_in = packed.data,
        .avail_in = (uInt)packed.length,
        .next_out = out,
        .avail_out = (uInt)length + 1};
    int opened = inflateInit2(&stream, 15 + 16);
    int ended = inflate(&stream, Z_FINISH);
    assert(made && opened == Z_OK && ended == Z_STREAM_END && !stream.avail_in);
    assert(stream.total_out == length && memcmp(out, bytes, length) == 0);
    inflateEnd(&stream);
    free(out);
    buffer_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *bytes, size_t view, size_t length, const struct buffer *packed)
{
    uint8_t *out = malloc(length + 1);
    z_stream stream = {.next_in = packed->data, .avail_in = (uInt)packed->length};
    size_t window = view < 32768 ? view : 32768;
    int ready = inflateInit2(&stream, -15);
    assert(out && ready == Z_OK);
    if (window) {
        ready = inflateSetDictionary(&stream, bytes + view - window, (uInt)window);
        assert(ready == Z_OK);
    }
    stream.next_out = out;
    stream.avail_out = (uInt)length + 1;
    int code = inflate(&stream, Z_SYNC_FLUSH);
    assert((code == Z_OK || code == Z_BUF_ERROR) && stream.avail_in == 0);
    assert(stream.total_out == length && memcmp(out, bytes + view, length) == 0);
    inflateEnd(&stream);
    free(out);
}

/* What follows the last segment is the same bytes. */
static void check_following(struct gzip_compressor *compressor, const uint8_t *bytes, size_t view,
    size_t length, const struct buffer *expected)
{
    struct buffer packed = buffer_make((view + length) * 2 + 1024);
    struct gzip_segment segment;
    bool made = gzip_append_segment(compressor, bytes, 0, view, false, &packed, &segment);
    size_t first = packed.length;
    made = made && gzip_append_segment(compressor, bytes + view, view, length, true, &packed, &segment);
    assert(made && packed.length - first == expected->length);
    assert(memcmp(packed.data + first, expected->data, expected->length) == 0);
    buffer_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gzip_compressor *compressor;
    if (size < 4)
        return 0;
    size_t times = (size_t)1 + data[0], part = size - 3;
    while (times > 1 && times * part > BYTES_MAX)
        times--;
    size_t total = times * part, view = total * (data[1] * 256u + data[2]) / 65536;
    uint8_t *bytes = malloc(total);
    if (!bytes)
        return 0;
    for (size_t i = 0; i < times; i++)
        memcpy(bytes + i * part, data + 3, part);
    if (!compressor)
        compressor = gzip_compressor_open();
    struct buffer packed = buffer_make(total * 2 + 1024);
    struct gzip_segment segment;
    bool made = gzip_append_segment(compressor, bytes + view, view, total - view, false, &packed, &segment);
    assert(made && segment.length == total - view);
    check(bytes, view, total - view, &packed);
    check_following(compressor, bytes, view, total - view, &packed);
    check_member(compressor, bytes, total);
    buffer_free(&packed);
    free(bytes);
    return 0;
}
