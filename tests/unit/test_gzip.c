#include "common/gzip.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "tests/unit/unit.h"

#define SIZE_MAX_TESTED ((size_t)3 * 1024 * 1024)
#define LARGE_BYTES     ((size_t)512 * 1024)

enum kind { KIND_ZERO, KIND_RANDOM, KIND_LETTERS, KIND_JSON, KIND_MIXED, KINDS };

static void fill(enum kind kind, uint8_t *bytes, size_t length, uint64_t *state)
{
    static const char sample[] =
        "{\"name\":\"Somebody\",\"position\":17,\"laptime\":\"1m 23.414s\",\"found\":true},";
    for (size_t i = 0; i < length; i++) {
        uint64_t random = unit_random(state);
        switch (kind) {
        case KIND_ZERO:
            bytes[i] = 0;
            break;
        case KIND_RANDOM:
            bytes[i] = (uint8_t)(random >> 20);
            break;
        case KIND_LETTERS:
            bytes[i] = (uint8_t)('a' + (random >> 20) % 5);
            break;
        case KIND_JSON:
            bytes[i] =
                random % 97 ? (uint8_t)sample[i % (sizeof sample - 1)] : (uint8_t)('0' + (random >> 20) % 10);
            break;
        case KIND_MIXED:
            bytes[i] = i / 5000 % 2 ? (uint8_t)(random >> 20) : (uint8_t)sample[i % (sizeof sample - 1)];
            break;
        case KINDS:
            fail();
        }
    }
}

/* zlib finds exactly one member, with nothing behind it, that holds these bytes. */
static void assert_member(const struct buffer *member, const uint8_t *bytes, size_t length)
{
    uint8_t *decoded = malloc(length + 1);
    assert_non_null(decoded);
    z_stream stream = {.next_in = member->data, .avail_in = (uInt)member->length};
    stream.next_out = decoded;
    stream.avail_out = (uInt)length + 1;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, length);
    assert_memory_equal(decoded, bytes, length);
    inflateEnd(&stream);
    free(decoded);
    assert_int_equal(member->data[3], 0);                 /* no name, no extra field */
    assert_memory_equal(member->data + 4, "\0\0\0\0", 4); /* no time */
}

static void append_segments(struct gzip_compressor *compressor, const uint8_t *bytes, size_t length,
    size_t piece, size_t window, bool follows, struct buffer *out)
{
    struct gzip_sum sum = {0, 0};
    gzip_append_header(out);
    for (size_t at = 0; at < length; at += piece) {
        struct gzip_segment segment;
        size_t size = length - at < piece ? length - at : piece;
        assert_true(gzip_append_segment(
            compressor, bytes + at, at < window ? at : window, size, follows && at, out, &segment));
        assert_int_equal(segment.length, size);
        assert_int_equal(segment.crc32, crc32(0, bytes + at, (uInt)size));
        gzip_sum_add(&sum, &segment);
    }
    gzip_append_trailer(&sum, out);
}

static void test_whole_members(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 55, 1000, 65535, 65536, 70001, 300000};
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(SIZE_MAX_TESTED), again = buffer_make(SIZE_MAX_TESTED);
    uint8_t *bytes = malloc(SIZE_MAX_TESTED);
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (enum kind kind = 0; kind < KINDS; kind++) {
            fill(kind, bytes, sizes[i], &random);
            buffer_clear(&out);
            assert_true(gzip_append_member(compressor, bytes, sizes[i], &out));
            assert_member(&out, bytes, sizes[i]);
        }
    }
    /* So many that the stream ends at every bit of a byte. What a compressor did before leaves no trace. */
    for (int round = 0; round < 200; round++) {
        struct gzip_compressor *fresh = gzip_compressor_open();
        size_t length = unit_random(&random) % 3000;
        fill((enum kind)(round % KINDS), bytes, length, &random);
        buffer_clear(&out);
        buffer_clear(&again);
        assert_true(gzip_append_member(compressor, bytes, length, &out));
        assert_member(&out, bytes, length);
        assert_true(gzip_append_member(fresh, bytes, length, &again));
        assert_int_equal(again.length, out.length);
        assert_memory_equal(again.data, out.data, out.length);
        gzip_compressor_close(&fresh);
    }
    free(bytes);
    buffer_free(&again);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    assert_null(compressor);
}

/* Segments of random lengths, so that the last block ends at every bit of a byte and is of every type, with
 * more or less before them that they may refer to. */
static void test_segments(void **state)
{
    (void)state;
    static const size_t windows[] = {0, 1, 3, 4, 100, 32768, SIZE_MAX};
    struct buffer out = buffer_make(SIZE_MAX_TESTED), again = buffer_make(SIZE_MAX_TESTED);
    uint8_t *bytes = malloc(SIZE_MAX_TESTED);
    uint64_t random = 7;
    struct gzip_compressor *compressor = gzip_compressor_open();
    for (size_t window = 0; window < sizeof windows / sizeof *windows; window++) {
        for (enum kind kind = 0; kind < KINDS; kind++) {
            for (int round = 0; round < 12; round++) {
                size_t length = 1 + unit_random(&random) % (round < 8 ? 2000 : 150000);
                size_t piece = 1 + unit_random(&random) % length;
                piece = piece < length / 40 + 1 ? length / 40 + 1 : piece;
                fill(kind, bytes, length, &random);
                buffer_clear(&out);
                append_segments(compressor, bytes, length, piece, windows[window], false, &out);
                assert_member(&out, bytes, length);
                /* A segment that follows the last one is the same bytes. */
                buffer_clear(&again);
                append_segments(compressor, bytes, length, piece, windows[window], true, &again);
                assert_int_equal(again.length, out.length);
                assert_memory_equal(again.data, out.data, out.length);
            }
        }
    }
    gzip_compressor_close(&compressor);
    free(bytes);
    buffer_free(&again);
    buffer_free(&out);
}

/* What stands before is of use: a second copy of something incompressible is nearly free. Not quite: one
 * place of each hash is known, the last one, and where that is another's a literal is spent. */
static void test_segments_refer_to_what_is_before(void **state)
{
    (void)state;
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(SIZE_MAX_TESTED);
    struct gzip_segment segment;
    uint8_t *bytes = malloc(2 * (size_t)20000);
    uint64_t random = 3;
    fill(KIND_RANDOM, bytes, 20000, &random);
    memcpy(bytes + 20000, bytes, 20000);
    assert_true(gzip_append_segment(compressor, bytes + 20000, 20000, 20000, false, &out, &segment));
    assert_in_range(out.length, 1, 500);
    buffer_clear(&out);
    assert_true(gzip_append_segment(compressor, bytes + 20000, 0, 20000, false, &out, &segment));
    assert_in_range(out.length, 20000, 20100);
    free(bytes);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
}

static void test_large_segments(void **state)
{
    (void)state;
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(2 * SIZE_MAX_TESTED), again = buffer_make(2 * SIZE_MAX_TESTED);
    uint8_t *bytes = malloc(SIZE_MAX_TESTED);
    uint64_t random = 99;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        size_t length = SIZE_MAX_TESTED / 2 + 12345;
        fill(kind, bytes, length, &random);
        buffer_clear(&out);
        buffer_clear(&again);
        append_segments(compressor, bytes, length, LARGE_BYTES, LARGE_BYTES, false, &out);
        append_segments(compressor, bytes, length, LARGE_BYTES, LARGE_BYTES, true, &again);
        assert_member(&out, bytes, length);
        assert_int_equal(out.length, again.length);
        assert_memory_equal(out.data, again.data, out.length);
    }
    free(bytes);
    buffer_free(&out);
    buffer_free(&again);
    gzip_compressor_close(&compressor);
}

static void test_no_segments(void **state)
{
    (void)state;
    struct buffer out = buffer_make(100);
    append_segments(NULL, NULL, 0, 1, 0, false, &out);
    assert_member(&out, (const uint8_t *)"", 0);
    buffer_free(&out);
}

/* A buffer that is too small for the result says so and holds nothing of it. */
static void test_limits(void **state)
{
    (void)state;
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct gzip_segment segment;
    uint8_t bytes[1000];
    uint64_t random = 5;
    fill(KIND_RANDOM, bytes, sizeof bytes, &random);
    for (size_t limit = 0; limit < 1000; limit += 37) {
        struct buffer out = buffer_make(limit);
        assert_false(gzip_append_member(compressor, bytes, sizeof bytes, &out));
        assert_true(out.overflowed);
        assert_int_equal(out.length, 0);
        assert_false(gzip_append_segment(compressor, bytes, 0, sizeof bytes, false, &out, &segment));
        assert_true(out.overflowed);
        assert_int_equal(out.length, 0);
        buffer_free(&out);
    }
    struct buffer out = buffer_make(1100);
    assert_true(gzip_append_member(compressor, bytes, sizeof bytes, &out));
    assert_member(&out, bytes, sizeof bytes);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_members),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_segments_refer_to_what_is_before),
        cmocka_unit_test(test_large_segments),
        cmocka_unit_test(test_no_segments),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
