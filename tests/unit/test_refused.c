#include "coordinator/refused.h"

#include <string.h>

#include "common/log.h"
#include "tests/unit/unit.h"

static void test_the_last_ones_are_kept_newest_first(void **state)
{
    (void)state;
    struct refused refused = {0};
    for (int i = 0; i < 20; i++) {
        char address[32];
        assert_true(snprintf(address, sizeof address, "192.0.2.%d:1000", i) > 0);
        refused_note(&refused, "jobs", address, "", "no", 1000 + i);
    }
    assert_int_equal(refused.count, REFUSED_LAST);
    assert_int_equal(refused.total, 20);
    assert_string_equal(refused.last[0].address, "192.0.2.19:1000");
    assert_string_equal(refused.last[REFUSED_LAST - 1].address, "192.0.2.12:1000");
}

static void test_one_that_comes_again_is_one_line(void **state)
{
    (void)state;
    static const char *const first[] = {"192.0.2.1:1000", "[2001:db8::1]:1000", "2001:db8::1", "unknown"};
    static const char *const again[] = {"192.0.2.1:2000", "[2001:db8::1]:2000", "2001:db8::1", "unknown"};
    for (size_t i = 0; i < 4; i++) {
        struct refused refused = {0};
        refused_note(&refused, "jobs", first[i], "key", "no", 1);
        refused_note(&refused, "jobs", "192.0.2.9:1", "key", "no", 2);
        refused_note(&refused, "jobs", again[i], "key", "no", 3);
        assert_int_equal(refused.count, 2);
        assert_int_equal(refused.last[0].times, 2);
        assert_int_equal(refused.last[0].wall_ms, 3);
        refused_note(&refused, "status", again[i], "key", "no", 4);
        refused_note(&refused, "jobs", again[i], "other", "no", 5);
        refused_note(&refused, "jobs", again[i], "key", "other", 6);
        assert_int_equal(refused.count, 5);
    }
}

static void test_two_neighbours_are_two(void **state)
{
    (void)state;
    struct refused refused = {0};
    refused_note(&refused, "jobs", "2001:db8::1", "", "no", 1);
    refused_note(&refused, "jobs", "2001:db8::2", "", "no", 2);
    assert_int_equal(refused.count, 2);
}

static void test_what_comes_is_cut_and_cleaned(void **state)
{
    (void)state;
    struct refused refused = {0};
    char endless[1000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    endless[0] = '\n';
    endless[1] = '\x80';
    refused_note(&refused, endless, endless, endless, endless, 1);
    assert_int_equal(strlen(refused.last[0].reason), REFUSED_REASON_SIZE - 1);
    assert_int_equal(strncmp(refused.last[0].socket, "??xx", 4), 0);
    struct buffer out = buffer_make(4096);
    struct json_writer json = json_writer_make(&out);
    refused_put(&refused, &json);
    assert_false(out.overflowed);
    assert_non_null(strstr(buffer_string(&out), "\"times\":1"));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_ones_are_kept_newest_first),
        cmocka_unit_test(test_one_that_comes_again_is_one_line),
        cmocka_unit_test(test_two_neighbours_are_two),
        cmocka_unit_test(test_what_comes_is_cut_and_cleaned),
    };
    log_set(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
