#include "tests/unit/unit.h"

#include "worker/retire.h"

static void limits(void **state)
{
    (void)state;
    struct retire retire = {.max_jobs = 3, .max_age_ms = 1000, .max_rss_kb = 500, .born_ms = 50};
    enum bye reason = BYE_ASKED;
    retire.jobs = 2;
    assert_false(retire_is_due(&retire, 1049, 500, &reason));
    assert_int_equal(reason, BYE_ASKED);
    assert_int_equal(retire_age_left_ms(&retire, 1049), 1);
    assert_true(retire_is_due(&retire, 1050, 500, &reason));
    assert_int_equal(reason, BYE_MAX_AGE);
    assert_int_equal(retire_age_left_ms(&retire, 5000), 0);
    assert_true(retire_is_due(&retire, 50, 501, &reason));
    assert_int_equal(reason, BYE_MAX_RSS);
    retire.jobs = 3;
    assert_true(retire_is_due(&retire, 50, 0, &reason));
    assert_int_equal(reason, BYE_MAX_JOBS);
}

static void memory_of_this_process(void **state)
{
    (void)state;
    size_t size = (size_t)64 * 1024 * 1024;
    int fd = retire_open_statm();
    assert_true(fd >= 0);
    uint64_t before = retire_rss_kb(fd);
    assert_true(before > 500 && before < 10000000);
    char *block = malloc(size);
    assert_non_null(block);
    for (size_t at = 0; at < size; at += 1024)
        ((volatile char *)block)[at] = 1;
    assert_true(retire_rss_kb(fd) >= before + size / 1024 * 9 / 10);
    free(block);
    close(fd);
    assert_int_equal(retire_rss_kb(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limits), cmocka_unit_test(memory_of_this_process)};
    return cmocka_run_group_tests_name("retire", tests, NULL, NULL);
}
