#include "coordinator/ctl/progress_line.h"

#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/summary.h"
#include "tests/unit/unit.h"

static const struct summary middle = {
    .state = "fetching",
    .combinations = 14703,
    .done = 7351,
    .entries = 148000,
    .requests_per_s = 203.6,
    .time_left_known = true,
    .time_left_s = 3725,
    .tree_memory_kb = 61 * 1024,
    .failed = 3,
};

static void test_live(void **state)
{
    (void)state;
    struct buffer out = buffer_make(4096);
    progress_line_live(&middle, 120, false, &out);
    assert_string_equal(buffer_string(&out),
        "fetching   [#############---------------]  7,351/14,703  3 failed  1 h 02 min left  204 req/s  "
        "148,000 entries  61 MB");
    buffer_free(&out);
}

static void test_never_wider_than_the_terminal(void **state)
{
    (void)state;
    struct buffer out = buffer_make(4096);
    for (unsigned width = 1; width < 200; width++) {
        for (int utf8 = 0; utf8 < 2; utf8++) {
            buffer_clear(&out);
            progress_line_live(&middle, width, utf8, &out);
            assert_true(columns_width(buffer_string(&out)) <= width);
        }
    }
    buffer_free(&out);
}

static void test_done_is_full(void **state)
{
    (void)state;
    struct summary done = middle;
    struct buffer out = buffer_make(4096);
    done.done = done.combinations;
    progress_line_live(&done, 120, false, &out);
    assert_null(strstr(buffer_string(&out), "left"));
    assert_non_null(strstr(buffer_string(&out), "[############################]"));
    buffer_free(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    char out[COLUMNS_NUMBER_SIZE];
    assert_string_equal(columns_number(0, out), "0");
    assert_string_equal(columns_number(999, out), "999");
    assert_string_equal(columns_number(1234567, out), "1,234,567");
    assert_string_equal(columns_number(UINT64_MAX, out), "18,446,744,073,709,551,615");
    assert_string_equal(columns_duration(59, out), "59 s");
    assert_string_equal(columns_duration(61, out), "1 min 01 s");
    assert_string_equal(columns_duration(90061, out), "1 d 1 h");
    assert_string_equal(columns_bytes(512, out), "0 kB");
    assert_string_equal(columns_bytes((uint64_t)1536 * 1024, out), "1.5 MB");
}

static void test_cells(void **state)
{
    (void)state;
    struct buffer out = buffer_make(256);
    columns_append(&out, "山田太郎", 5, false);
    columns_append(&out, "ab", 4, true);
    columns_append(&out, "e\x1b[31m", 6, false);
    assert_string_equal(buffer_string(&out), "山田…  abe\xEF\xBF\xBD[31m");
    buffer_free(&out);
}

static void test_ascii(void **state)
{
    (void)state;
    struct buffer out = buffer_make(256);
    columns_append_ascii(&out, "a… 3 × ↑↓ Nürburg 山\x1b");
    assert_string_equal(buffer_string(&out), "a. 3 x ^v N?rburg ???");
    buffer_free(&out);
}

static void test_summary(void **state)
{
    (void)state;
    struct summary summary;
    const char *json =
        "{\"state\":\"fetching\",\"done\":3,\"combinations\":\"many\",\"entries\":-1,"
        "\"requests_per_s\":1.5,\"time_left_s\":null,\"failures\":{\"reset\":2,\"timeout\":1,\"x\":\"\"}}";
    assert_true(summary_parse((struct text){json, (uint32_t)strlen(json)}, &summary));
    assert_int_equal(summary.done, 3);
    assert_int_equal(summary.combinations, 0);
    assert_int_equal(summary.entries, 0);
    assert_false(summary.time_left_known);
    assert_string_equal(summary.failures, "2 reset, 1 timeout");
    static const char *const wrong[] = {"", "[]", "null", "{}", "{\"state\":1}", "{\"state\":\"x\""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(summary_parse((struct text){wrong[i], (uint32_t)strlen(wrong[i])}, &summary));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_never_wider_than_the_terminal),
        cmocka_unit_test(test_done_is_full),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
