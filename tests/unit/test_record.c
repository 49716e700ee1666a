#include "common/record.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct record_board sample = {
    .fetched_at_ms = 1767434400000,
    .changed_at_ms = 1767434300000,
    .generation = UINT64_MAX,
    .lease = (uint64_t)7 << 32 | 9,
    .entry_count = UINT32_MAX,
    .rows_length = 1,
    .detail_length = 70000,
    .content_hash = {1, 2, 3, 255},
    .rows_checksum = 0x0123456789abcdef,
    .detail_checksum = UINT64_MAX,
    .failure_streak = 3,
    .empty_streak = 2,
    .worker_deaths = 1,
    .quarantined_until_ms = INT64_MAX,
    .checks = 5,
    .rows_changed = 6,
    .watched_s = 7,
    .etag = "\"abc\"",
    .last_modified = "Sat, 03 Jan 2026 10:00:00 GMT",
    .candidate_entries = UINT32_MAX,
    .candidate_hash = {9, 8, 255},
    .candidate_since_ms = 1767434200000,
    .candidate_last_ms = INT64_MAX,
    .gone_since_ms = 1,
    .content_lost = true,
};
static const struct record_key place = {{0, 0, 0, 7, 0, 0, 6, 1}};

static void test_round_trip(void **state)
{
    (void)state;
    struct record_board back, empty = {0};
    struct buffer out = buffer_make(2000);
    record_board_encode(&place, &sample, &out);
    assert_true(record_board_decode(&place, out.data, out.length, &back));
    assert_memory_equal(&back, &sample, sizeof back);
    buffer_clear(&out);
    record_board_encode(&place, &empty, &out);
    assert_true(record_board_decode(&place, out.data, out.length, &back));
    assert_memory_equal(&back, &empty, sizeof back);
    buffer_free(&out);
}

static void test_longest_validators(void **state)
{
    (void)state;
    struct record_board long_one = {0}, back;
    struct buffer out = buffer_make(2000);
    memset(long_one.etag, 'e', RECORD_TEXT_MAX);
    memset(long_one.last_modified, 'm', RECORD_TEXT_MAX);
    record_board_encode(&place, &long_one, &out);
    assert_true(record_board_decode(&place, out.data, out.length, &back));
    assert_string_equal(back.etag, long_one.etag);
    buffer_free(&out);
}

/* Every truncation and every flipped bit is noticed, and leaves nothing half-read. */
static void test_damage(void **state)
{
    (void)state;
    struct record_board back, zero = {0};
    struct buffer out = buffer_make(2000);
    record_board_encode(&place, &sample, &out);
    for (size_t length = 0; length < out.length; length++) {
        uint8_t *copy = malloc(length + 1);
        memcpy(copy, out.data, length);
        assert_false(record_board_decode(&place, copy, length, &back));
        assert_memory_equal(&back, &zero, sizeof back);
        free(copy);
    }
    for (size_t bit = 0; bit < out.length * 8; bit++) {
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(record_board_decode(&place, out.data, out.length, &back));
        assert_memory_equal(&back, &zero, sizeof back);
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buffer_free(&out);
}

static void seal(struct buffer *out)
{
    uint64_t checksum = record_checksum(out->data, out->length);
    for (int shift = 56; shift >= 0; shift -= 8)
        buffer_append_byte(out, (uint8_t)(checksum >> shift));
}

/* The checksum is right and the content is not. */
static void test_sealed_nonsense(void **state)
{
    (void)state;
    static const char *const bodies[] = {"\x01", "\xdc\xff\xff", "\xdc", "\xc0", "nonsense", "\x90"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct record_board back;
        struct buffer out = buffer_make(100);
        buffer_append_string(&out, bodies[i]);
        seal(&out);
        assert_false(record_board_decode(&place, out.data, out.length, &back));
        buffer_free(&out);
    }
}

/* A record as schema 1 wrote it: 19 parts, no seed. */
static void test_schema_1(void **state)
{
    (void)state;
    struct buffer out = buffer_make(200);
    struct record_board back, empty = {0};
    buffer_append(&out, "\xdc\x00\x13\x05\x04\x03\x02\x07\x00\x00\xc4\x10", 12);
    buffer_append(&out, "0123456789abcdef", 16);
    buffer_append(&out, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\xa0\xa0", 11);
    seal(&out);
    assert_true(record_board_decode(&place, out.data, out.length, &back));
    empty.fetched_at_ms = 5;
    empty.changed_at_ms = 4;
    empty.generation = 3;
    empty.lease = 2;
    empty.entry_count = 7;
    memcpy(empty.content_hash, "0123456789abcdef", 16);
    assert_memory_equal(&back, &empty, sizeof back);
    buffer_free(&out);
}

/* Schema 2 in 19 parts, or schema 1 in 25, is neither. */
static void test_mixed_schemas(void **state)
{
    (void)state;
    struct buffer out = buffer_make(2000);
    struct record_board back;
    record_board_encode(&place, &sample, &out);
    out.length -= 8;
    seal(&out);
    assert_false(record_board_decode(&place, out.data, out.length, &back));
    buffer_free(&out);
}

static void test_a_record_is_bound_to_its_key(void **state)
{
    (void)state;
    struct record_key other = place;
    struct record_board back;
    struct buffer out = buffer_make(2000);
    record_board_encode(&place, &sample, &out);
    for (unsigned bit = 0; bit < 8 * RECORD_KEY_SIZE; bit++) {
        other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(record_board_decode(&other, out.data, out.length, &back));
        other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buffer_free(&out);
}

static void test_meta_values(void **state)
{
    (void)state;
    struct buffer out = buffer_make(200);
    struct text value;
    record_meta_encode("epoch", "17", 2, &out);
    assert_int_equal(out.length, 2 + 17);
    assert_memory_equal(out.data, "17\n", 3);
    assert_true(record_meta_decode(2, "epoch", out.data, out.length, &value));
    assert_int_equal(value.length, 2);
    assert_memory_equal(value.data, "17", 2);
    assert_false(record_meta_decode(2, "generation", out.data, out.length, &value));
    for (size_t bit = 0; bit < out.length * 8; bit++) {
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(record_meta_decode(2, "epoch", out.data, out.length, &value));
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t length = 0; length < out.length; length++)
        assert_false(record_meta_decode(2, "epoch", out.data, length, &value));
    assert_true(record_meta_decode(1, "epoch", "17", 2, &value));
    assert_int_equal(value.length, 2);
    buffer_free(&out);
}

static void test_schema_numbers(void **state)
{
    (void)state;
    struct buffer out = buffer_make(200);
    record_meta_encode(RECORD_META_SCHEMA, "3", 1, &out);
    assert_int_equal(record_meta_schema(out.data, out.length), 3);
    out.data[0] = '2';
    assert_int_equal(record_meta_schema(out.data, out.length), 0);
    assert_int_equal(record_meta_schema("1", 1), 1);
    assert_int_equal(record_meta_schema("99", 2), 99);
    assert_int_equal(record_meta_schema("q", 1), 0);
    assert_int_equal(record_meta_schema("", 0), 0);
    assert_int_equal(record_meta_schema("99999999999999999999", 20), 0);
    buffer_free(&out);
}

/* LMDB's order of keys is the numeric order of track and class. */
static void test_keys(void **state)
{
    (void)state;
    static const uint32_t ids[] = {0, 1, 255, 256, 65536, 0x7fffffff, UINT32_MAX};
    const size_t count = sizeof ids / sizeof *ids;
    struct record_key last = {{0}};
    for (size_t i = 0; i < count * count; i++) {
        uint32_t track_id, class_id;
        struct record_key key = record_key_make(ids[i / count], ids[i % count]);
        MDB_val value = {RECORD_KEY_SIZE, key.bytes};
        assert_true(record_key_read(&value, &track_id, &class_id));
        assert_int_equal(track_id, ids[i / count]);
        assert_int_equal(class_id, ids[i % count]);
        assert_true(i == 0 || memcmp(last.bytes, key.bytes, RECORD_KEY_SIZE) < 0);
        last = key;
        value.mv_size = RECORD_KEY_SIZE - 1;
        assert_false(record_key_read(&value, &track_id, &class_id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_longest_validators),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_sealed_nonsense),
        cmocka_unit_test(test_schema_1),
        cmocka_unit_test(test_mixed_schemas),
        cmocka_unit_test(test_a_record_is_bound_to_its_key),
        cmocka_unit_test(test_meta_values),
        cmocka_unit_test(test_schema_numbers),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
