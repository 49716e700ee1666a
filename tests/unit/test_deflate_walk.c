#include "common/deflate_walk.h"

#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

#include "tests/unit/unit.h"

#define INPUT_MAX  ((size_t)400 * 1024)
#define OUTPUT_MAX ((size_t)600 * 1024)

struct fixture {
    struct deflate_walk *walk;
    uint8_t *input, *output, *scratch;
    uint64_t random;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->walk = deflate_walk_open();
    fixture->input = malloc(INPUT_MAX);
    fixture->output = malloc(OUTPUT_MAX);
    fixture->scratch = malloc(INPUT_MAX);
    fixture->random = 11;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    deflate_walk_close(&fixture->walk);
    free(fixture->input);
    free(fixture->output);
    free(fixture->scratch);
    free(fixture);
    return 0;
}

static uint64_t next_random(struct fixture *fixture)
{
    fixture->random ^= fixture->random << 13;
    fixture->random ^= fixture->random >> 7;
    fixture->random ^= fixture->random << 17;
    return fixture->random;
}

/* Text of a few words, with `noise` bytes of a hundred at random: long codes as well as long matches. */
static void fill(struct fixture *fixture, size_t length, unsigned noise)
{
    static const char words[] = "position laptime Nürburgring {\"name\":\"\"} 2026-01-03T10:00:00 ";
    for (size_t i = 0; i < length; i++) {
        uint64_t random = next_random(fixture);
        fixture->input[i] =
            random % 100 < noise ? (uint8_t)(random >> 32) : (uint8_t)words[i % (sizeof words - 1)];
    }
}

/* What zlib says of the same stream. */
static struct deflate_block reference(struct fixture *fixture, size_t length)
{
    struct deflate_block block = {0, 0};
    z_stream stream = {.next_in = fixture->output, .avail_in = (uInt)length};
    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    for (;;) {
        stream.next_out = fixture->scratch;
        stream.avail_out = (uInt)INPUT_MAX;
        assert_int_equal(inflate(&stream, Z_BLOCK), Z_OK);
        if (!(stream.data_type & 128))
            continue;
        block.end = (uint64_t)stream.total_in * 8 - (unsigned)(stream.data_type & 7);
        if (stream.data_type & 64)
            break;
        block.start = block.end;
    }
    inflateEnd(&stream);
    return block;
}

static void assert_same(struct fixture *fixture, size_t length)
{
    struct deflate_block found, wanted = reference(fixture, length);
    /* A block of its own, so that a sanitizer sees a read beyond it. */
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, fixture->output, length);
    assert_true(deflate_walk_last_block(fixture->walk, copy, length, &found));
    assert_int_equal(found.start, wanted.start);
    assert_int_equal(found.end, wanted.end);
    free(copy);
}

static void test_libdeflate_streams(void **state)
{
    struct fixture *fixture = *state;
    for (int level = 1; level <= 12; level++) {
        struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
        for (unsigned round = 0; round < 12; round++) {
            size_t length = round < 8 ? next_random(fixture) % 3000 : next_random(fixture) % INPUT_MAX;
            fill(fixture, length, round * 9);
            size_t packed =
                libdeflate_deflate_compress(compressor, fixture->input, length, fixture->output, OUTPUT_MAX);
            assert_true(packed > 0);
            assert_same(fixture, packed);
        }
        libdeflate_free_compressor(compressor);
    }
}

static size_t pack_zlib(struct fixture *fixture, size_t length, int level, int strategy, int flush)
{
    z_stream stream = {.next_out = fixture->output, .avail_out = (uInt)OUTPUT_MAX};
    assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
    stream.next_in = fixture->input;
    stream.avail_in = (uInt)(length / 2);
    assert_int_equal(deflate(&stream, flush), Z_OK);
    stream.avail_in += (uInt)(length - length / 2);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

/* All types of blocks: stored (level 0), fixed and dynamic codes, only literals, empty ones from flushes. */
static void test_zlib_streams(void **state)
{
    struct fixture *fixture = *state;
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
    static const int flushes[] = {Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH};
    for (unsigned round = 0; round < 64; round++) {
        size_t length = 2 + next_random(fixture) % (round % 4 ? 5000 : 200000);
        fill(fixture, length, round % 7 * 15);
        assert_same(fixture,
            pack_zlib(fixture, length, (int)(round % 10), strategies[round % 4], flushes[round / 4 % 4]));
    }
}

static void test_truncation_at_every_byte(void **state)
{
    struct fixture *fixture = *state;
    for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
        fill(fixture, 3000, 20);
        size_t packed = pack_zlib(fixture, 3000, strategy == Z_RLE ? 0 : 6, strategy, Z_NO_FLUSH);
        assert_same(fixture, packed);
        for (size_t length = 0; length < packed; length++) {
            struct deflate_block block;
            uint8_t *copy = malloc(length + 1);
            memcpy(copy, fixture->output, length);
            assert_false(deflate_walk_last_block(fixture->walk, copy, length, &block));
            free(copy);
        }
    }
}

/* Any byte changed to anything: an answer, never a crash, and never a place beyond the end. */
static void test_damage(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture, 2000, 30);
    size_t packed = pack_zlib(fixture, 2000, 6, Z_DEFAULT_STRATEGY, Z_SYNC_FLUSH);
    for (unsigned round = 0; round < 20000; round++) {
        struct deflate_block block = {0, 0};
        size_t at = next_random(fixture) % (round % 2 ? 100 : packed);
        uint8_t kept = fixture->output[at];
        fixture->output[at] = (uint8_t)(next_random(fixture) >> 24);
        if (deflate_walk_last_block(fixture->walk, fixture->output, packed, &block))
            assert_true(block.start < block.end && block.end <= packed * 8);
        fixture->output[at] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_libdeflate_streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zlib_streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncation_at_every_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
