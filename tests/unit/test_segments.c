#include "exporter/segments.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

#define BYTES_MAX ((size_t)1024 * 1024)

static struct segment segment_of(uint8_t number)
{
    struct segment segment = {
        .check = UINT64_MAX - number, .packed_length = 100u + number, .length = 5000, .crc32 = number};
    memset(segment.digest, number, sizeof segment.digest);
    return segment;
}

static void encode(struct buffer *out, const char *const *paths, uint32_t files, uint32_t segments)
{
    struct segment list[8];
    struct segments_file all[4] = {0};
    const struct segments_table table = {.files = all, .count = files};
    for (uint8_t i = 0; i < 8; i++)
        list[i] = segment_of(i);
    for (uint32_t i = 0; i < files; i++)
        all[i] = (struct segments_file){
            .path = paths[i], .mark = 1000 + i, .segments = list + i, .count = segments};
    buffer_clear(out);
    segments_encode(&table, out);
    assert_false(out->overflowed);
}

static bool decodes(const struct buffer *bytes)
{
    struct segments_table table;
    bool decoded = segments_decode(&table, bytes->data, bytes->length);
    segments_table_free(&table);
    return decoded;
}

static void test_what_was_written_is_read(void **state)
{
    (void)state;
    static const char *const paths[] = {"driver_index.json.gz", "index/entries/a.json.gz", "z"};
    struct buffer bytes = buffer_make(BYTES_MAX);
    struct segments_table table;
    encode(&bytes, paths, 3, 3);
    assert_true(segments_decode(&table, bytes.data, bytes.length));
    assert_int_equal(table.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct segments_file *file = &table.files[i];
        assert_string_equal(file->path, paths[i]);
        assert_int_equal(file->mark, 1000 + i);
        assert_int_equal(file->count, 3);
        uint64_t offset = 10;
        for (uint8_t at = 0; at < 3; at++) {
            struct segment expected = segment_of((uint8_t)(i + at));
            expected.offset = offset;
            offset += expected.packed_length;
            assert_memory_equal(file->segments[at].digest, expected.digest, ITEM_DIGEST_SIZE);
            assert_int_equal(file->segments[at].offset, expected.offset);
            assert_int_equal(file->segments[at].check, expected.check);
            assert_int_equal(file->segments[at].packed_length, expected.packed_length);
            assert_int_equal(file->segments[at].length, expected.length);
            assert_int_equal(file->segments[at].crc32, expected.crc32);
        }
    }
    segments_table_free(&table);
    buffer_free(&bytes);
}

static void test_no_byte_can_be_another(void **state)
{
    (void)state;
    static const char *const paths[] = {"a", "b"};
    struct buffer bytes = buffer_make(BYTES_MAX);
    encode(&bytes, paths, 2, 2);
    assert_true(decodes(&bytes));
    for (size_t at = 0; at < bytes.length; at++) {
        bytes.data[at] ^= 0x10;
        assert_false(decodes(&bytes));
        bytes.data[at] ^= 0x10;
    }
    for (size_t length = bytes.length; length-- > 0;) {
        bytes.length = length;
        assert_false(decodes(&bytes));
    }
    buffer_free(&bytes);
}

/* With the right checksum, but nothing that segments_encode is given by us. */
static void test_what_is_never_written_is_not_read(void **state)
{
    (void)state;
    static const char *const same[] = {"a", "a"}, *const unordered[] = {"b", "a"},
                             *const absolute[] = {"/etc"}, *const empty[] = {""}, *const good[] = {"a"};
    struct buffer bytes = buffer_make(BYTES_MAX);
    encode(&bytes, same, 2, 1);
    assert_false(decodes(&bytes));
    encode(&bytes, unordered, 2, 1);
    assert_false(decodes(&bytes));
    encode(&bytes, absolute, 1, 1);
    assert_false(decodes(&bytes));
    encode(&bytes, empty, 1, 1);
    assert_false(decodes(&bytes));
    encode(&bytes, good, 1, 0);
    assert_false(decodes(&bytes));
    encode(&bytes, good, 0, 0);
    assert_true(decodes(&bytes));
    buffer_free(&bytes);
}

static void test_the_file(void **state)
{
    (void)state;
    char folder[64], path[160];
    struct segment segment = segment_of(3);
    struct inventory inventory = inventory_make();
    struct stat status = {.st_ino = 7};
    unit_make_folder(folder);
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, SEGMENTS_NAME) < (int)sizeof path);
    struct segments *segments = segments_open(folder, false);
    assert_null(segments_find(segments, "a"));
    segments_note(segments, "b", &segment, 1);
    segments_note(segments, "a", &segment, 1);
    segments_note(segments, "unpublished", &segment, 1);
    inventory_add(&inventory, "a", &status, false);
    inventory_add(&inventory, "b", &status, false);
    assert_true(segments_save(segments, &inventory));
    segments_close(&segments);

    /* A run that puts only b, and finds that a was changed by somebody. */
    segments = segments_open(folder, false);
    assert_non_null(segments_find(segments, "a"));
    assert_int_equal(segments_find(segments, "b")->mark, inventory_mark(&status));
    assert_null(segments_find(segments, "unpublished"));
    segments_note(segments, "b", &segment, 1);
    inventory.items[0].mark++;
    assert_true(segments_save(segments, &inventory));
    segments_close(&segments);
    segments = segments_open(folder, false);
    assert_null(segments_find(segments, "a"));
    assert_non_null(segments_find(segments, "b"));
    segments_close(&segments);

    /* One that begins anew, and is killed. */
    segments = segments_open(folder, true);
    assert_null(segments_find(segments, "b"));
    segments_close(&segments);
    assert_int_equal(unlink(path), 0);
    inventory_free(&inventory);
    unit_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_read),
        cmocka_unit_test(test_no_byte_can_be_another),
        cmocka_unit_test(test_what_is_never_written_is_not_read),
        cmocka_unit_test(test_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
