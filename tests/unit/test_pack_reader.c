#include "common/pack_reader.h"

#include <stdlib.h>
#include <string.h>

#include "common/pack_writer.h"
#include "tests/unit/unit.h"

static const uint64_t numbers[] = {
    0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX};
static const uint32_t lengths[] = {0, 1, 31, 32, 255, 256, 65535, 65536, 70000};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_numbers(void **state)
{
    (void)state;
    struct buffer out = buffer_make(1000);
    msgpack_packer packer = pack_writer_make(&out);
    for (size_t i = 0; i < COUNT(numbers); i++)
        pack_write_uint(&packer, numbers[i]);
    struct pack_reader reader = pack_reader_make(out.data, out.length);
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_true(pack_read_uint(&reader, UINT64_MAX) == numbers[i]);
    assert_true(pack_reader_finished(&reader));
    assert_int_equal(pack_read_uint(&reader, UINT64_MAX), 0);
    assert_true(reader.failed);
    buffer_free(&out);
}

static void test_texts(void **state)
{
    (void)state;
    char *bytes = calloc(70000, 1);
    memset(bytes, 'x', 70000);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct buffer out = buffer_make(100000);
        msgpack_packer packer = pack_writer_make(&out);
        pack_write_text(&packer, (struct text){bytes, lengths[i]});
        struct pack_reader reader = pack_reader_make(out.data, out.length);
        struct text text = pack_read_text(&reader, lengths[i]);
        assert_int_equal(text.length, lengths[i]);
        assert_memory_equal(text.data, bytes, lengths[i]);
        assert_true(pack_reader_finished(&reader));
        if (lengths[i]) {
            reader = pack_reader_make(out.data, out.length);
            assert_int_equal(pack_read_text(&reader, lengths[i] - 1).length, 0);
            assert_true(reader.failed);
        }
        buffer_free(&out);
    }
    free(bytes);
}

static void test_binary(void **state)
{
    (void)state;
    uint8_t in[300], back[300];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)i;
    for (uint32_t length = 0; length <= sizeof in; length += 50) {
        struct buffer out = buffer_make(1000);
        msgpack_packer packer = pack_writer_make(&out);
        pack_write_bin(&packer, in, length);
        struct pack_reader reader = pack_reader_make(out.data, out.length);
        pack_read_bin(&reader, back, length);
        assert_memory_equal(back, in, length);
        assert_true(pack_reader_finished(&reader));
        reader = pack_reader_make(out.data, out.length);
        pack_read_bin(&reader, back, length + 1 > sizeof back ? length - 1 : length + 1);
        assert_true(reader.failed);
        buffer_free(&out);
    }
}

/* Counts that announce more than there is are refused before anybody allocates for them. */
static void test_hostile_counts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } arrays[] = {
        {"\x93\x01\x02", 3}, {"\xdc\xff\xff", 3}, {"\xdd\xff\xff\xff\xff", 5}, {"\xdd\xff", 2}, {"", 0}};
    for (size_t i = 0; i < COUNT(arrays); i++) {
        struct pack_reader reader = pack_reader_make(arrays[i].bytes, arrays[i].length);
        assert_int_equal(pack_read_array(&reader, UINT32_MAX), 0);
        assert_true(reader.failed);
        reader = pack_reader_make(arrays[i].bytes, arrays[i].length);
        assert_null(pack_read_text(&reader, UINT32_MAX).data);
        assert_true(reader.failed);
    }
    struct pack_reader reader = pack_reader_make("\xdb\xff\xff\xff\xff"
                                                 "abc",
        8);
    assert_int_equal(pack_read_text(&reader, UINT32_MAX).length, 0);
    assert_true(reader.failed);
    reader = pack_reader_make("\x93\x01\x02\x03", 4);
    assert_int_equal(pack_read_array(&reader, 2), 0);
    assert_true(reader.failed);
}

/* Every first byte, before nothing and before much: each read either succeeds within the bytes or fails for
 * good. */
static void test_every_tag(void **state)
{
    (void)state;
    for (int tag = 0; tag < 256; tag++) {
        for (size_t length = 1; length <= 12; length++) {
            uint8_t bytes[12] = {(uint8_t)tag, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, back[4];
            struct pack_reader reader[4];
            for (int i = 0; i < 4; i++)
                reader[i] = pack_reader_make(bytes, length);
            pack_read_uint(&reader[0], UINT64_MAX);
            pack_read_text(&reader[1], UINT32_MAX);
            pack_read_array(&reader[2], UINT32_MAX);
            pack_read_bin(&reader[3], back, 1);
            int understood = 0;
            for (int i = 0; i < 4; i++) {
                understood += !reader[i].failed;
                assert_true(reader[i].next <= reader[i].end);
                if (reader[i].failed)
                    assert_int_equal(pack_read_uint(&reader[i], UINT64_MAX), 0);
            }
            assert_true(understood <= 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_hostile_counts),
        cmocka_unit_test(test_every_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
