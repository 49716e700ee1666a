#include "common/board.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ROWS 40

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

struct sample {
    struct arena arena;
    struct board_writer writer;
    struct buffer bytes;
};

static void open_sample(struct sample *sample, size_t limit)
{
    sample->arena = arena_make((size_t)1 << 24);
    sample->bytes = buffer_make(limit);
    board_writer_open(&sample->writer, &sample->arena, limit);
}

static void close_sample(struct sample *sample)
{
    board_writer_free(&sample->writer);
    buffer_free(&sample->bytes);
    arena_free(&sample->arena);
}

static void add_rows(struct board_writer *writer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[32], car[32];
        assert_true(snprintf(name, sizeof name, "Ömer %u", i) < 32);
        assert_true(snprintf(car, sizeof car, "Car %u", i % 3) < 32);
        uint32_t shared_car = board_writer_share(writer, text_of(car));
        uint32_t nothing = board_writer_share(writer, (struct text){NULL, 0});
        struct board_row row = {.position = i + 1,
            .time_diff_us = i * 1000,
            .name = text_of(name),
            .path_id = text_of("123"),
            .avatar = text_of("https://example.org/"),
            .laptime = text_of("1m 02.003s"),
            .date_time = text_of(""),
            .shared = {nothing, shared_car, nothing, nothing, nothing, shared_car}};
        board_writer_add(writer, &row);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    struct sample sample;
    open_sample(&sample, 100000);
    add_rows(&sample.writer, ROWS);
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    struct board_reader reader;
    struct board_row row;
    assert_true(board_reader_open(&reader, sample.bytes.data, sample.bytes.length));
    assert_int_equal(reader.row_count, ROWS);
    assert_int_equal(reader.shared_count, 4);
    struct text shared[4];
    board_reader_shared(&reader, shared);
    assert_int_equal(shared[1].length, 0);
    assert_memory_equal(shared[3].data, "Car 2", 5);
    uint32_t count = 0;
    while (board_reader_next(&reader, &row)) {
        count++;
        assert_int_equal(row.position, count);
        assert_int_equal(row.time_diff_us, (count - 1) * 1000);
        assert_memory_equal(row.laptime.data, "1m 02.003s", row.laptime.length);
        assert_int_equal(row.shared[BOARD_CAR], row.shared[BOARD_DIFFICULTY]);
    }
    assert_int_equal(count, ROWS);
    assert_true(pack_reader_finished(&reader.pack));
    close_sample(&sample);
}

static void test_truncation_at_every_byte(void **state)
{
    (void)state;
    struct sample sample;
    uint32_t rows;
    const char *problem = NULL;
    open_sample(&sample, 100000);
    add_rows(&sample.writer, 5);
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    assert_true(board_validate(sample.bytes.data, sample.bytes.length, &rows, &problem));
    assert_int_equal(rows, 5);
    for (size_t length = 0; length < sample.bytes.length; length++) {
        /* A block of its own, so that a sanitizer sees a read beyond it. */
        uint8_t *copy = malloc(length + 1);
        memcpy(copy, sample.bytes.data, length);
        problem = NULL;
        assert_false(board_validate(copy, length, &rows, &problem));
        assert_non_null(problem);
        assert_int_equal(rows, 0);
        free(copy);
    }
    buffer_append_byte(&sample.bytes, 0);
    assert_false(board_validate(sample.bytes.data, sample.bytes.length, &rows, &problem));
    close_sample(&sample);
}

/* Any byte replaced by any other: never a crash, and what passes still has sound rows. */
static void test_every_byte_changed(void **state)
{
    (void)state;
    struct sample sample;
    open_sample(&sample, 100000);
    add_rows(&sample.writer, 2);
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    uint32_t refused = 0;
    for (size_t at = 0; at < sample.bytes.length; at++) {
        uint8_t kept = sample.bytes.data[at];
        for (int value = 0; value < 256; value++) {
            uint32_t rows;
            const char *problem;
            sample.bytes.data[at] = (uint8_t)value;
            bool sound = board_validate(sample.bytes.data, sample.bytes.length, &rows, &problem);
            refused += !sound;
            assert_true(!sound || rows == 2);
        }
        sample.bytes.data[at] = kept;
    }
    assert_true(refused > 10000);
    close_sample(&sample);
}

static void test_hostile_headers(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } headers[] = {
        {"\x93\x01\xce\xff\xff\xff\xff\x90", 8},                          /* more rows than allowed */
        {"\x93\x01\x01\x90", 4},                                          /* a row announced, none there */
        {"\x93\x01\x00\xdd\xff\xff\xff\xff", 8},                          /* shared strings without end */
        {"\x93\x02\x00\x90", 4},                                          /* another format */
        {"\x92\x01\x00", 3}, {"\x93\x01\x00\x91\xdb\xff\xff\xff\xff", 9}, /* a shared string of 4 GB */
        {"\x93\x01\x01\x90\x9d\x01\x00\xa0\xa0\xa0\xa0\xa0\x00\x00\x00\x00\x00\x00",
            18}, /* places of no list */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        uint32_t rows;
        const char *problem = NULL;
        assert_false(board_validate(headers[i].bytes, headers[i].length, &rows, &problem));
        assert_non_null(problem);
    }
}

static void test_ill_formed_text_is_refused(void **state)
{
    (void)state;
    struct sample sample;
    uint32_t rows;
    const char *problem;
    open_sample(&sample, 1000);
    uint32_t place = board_writer_share(&sample.writer, text_of("\xff"));
    struct board_row row = {.shared = {place, place, place, place, place, place}};
    board_writer_add(&sample.writer, &row);
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    assert_false(board_validate(sample.bytes.data, sample.bytes.length, &rows, &problem));
    assert_string_equal(problem, "a shared string is not UTF-8");
    close_sample(&sample);
    open_sample(&sample, 1000);
    place = board_writer_share(&sample.writer, text_of(""));
    row =
        (struct board_row){.name = text_of("\xc0\x80"), .shared = {place, place, place, place, place, place}};
    board_writer_add(&sample.writer, &row);
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    assert_false(board_validate(sample.bytes.data, sample.bytes.length, &rows, &problem));
    assert_string_equal(problem, "a string of a row is not UTF-8");
    close_sample(&sample);
}

static void test_many_shared_strings(void **state)
{
    (void)state;
    struct sample sample;
    open_sample(&sample, 1000000);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            char string[16];
            assert_true(snprintf(string, sizeof string, "%u", i) < 16);
            assert_int_equal(board_writer_share(&sample.writer, text_of(string)), i);
        }
    }
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    close_sample(&sample);
}

static void test_limits_show_at_the_end(void **state)
{
    (void)state;
    struct sample sample;
    open_sample(&sample, 500);
    add_rows(&sample.writer, ROWS);
    assert_false(board_writer_finish(&sample.writer, &sample.bytes));
    close_sample(&sample);
    open_sample(&sample, 100000);
    char *longest = calloc(BOARD_TEXT_MAX + 1, 1);
    memset(longest, 'x', BOARD_TEXT_MAX + 1);
    board_writer_share(&sample.writer, (struct text){longest, BOARD_TEXT_MAX});
    assert_true(board_writer_finish(&sample.writer, &sample.bytes));
    board_writer_share(&sample.writer, (struct text){longest, BOARD_TEXT_MAX + 1});
    assert_false(board_writer_finish(&sample.writer, &sample.bytes));
    free(longest);
    close_sample(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_truncation_at_every_byte),
        cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_ill_formed_text_is_refused),
        cmocka_unit_test(test_many_shared_strings),
        cmocka_unit_test(test_limits_show_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
