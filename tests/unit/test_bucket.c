#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/bucket.h"

static void starts_with_one_token(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(4, 8, 1000);
    assert_true(bucket_take(&bucket, 1000));
    assert_false(bucket_take(&bucket, 1000));
    assert_int_equal(bucket_wait_ms(&bucket, 1000), 250);
    assert_false(bucket_take(&bucket, 1249));
    assert_true(bucket_take(&bucket, 1250));
}

static void collects_no_more_than_the_burst(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(4, 8, 0);
    int taken = 0;
    while (bucket_take(&bucket, 3600000))
        taken++;
    assert_int_equal(taken, 8);
}

static void no_second_sees_more_than_rate_and_burst(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(20, 8, 0);
    static int64_t given[4000];
    int count = 0;
    /* Asks every millisecond, with an idle stretch that fills the bucket. */
    for (int64_t now = 0; now < 60000; now++) {
        if (now > 20000 && now < 25000)
            continue;
        while (bucket_take(&bucket, now))
            given[count++] = now;
    }
    assert_in_range(count, 55 * 20 - 2, 55 * 20 + 10);
    int first = 0;
    for (int last = 0; last < count; last++) {
        while (given[last] - given[first] >= 1000)
            first++;
        assert_in_range(last - first + 1, 1, 28);
    }
}

static void no_limit_gives_always(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(0, 1, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(bucket_take(&bucket, 0));
    assert_int_equal(bucket_wait_ms(&bucket, 0), 0);
}

static void a_clock_that_stands_or_runs_back_gives_nothing(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(1000, 1, 5000);
    assert_true(bucket_take(&bucket, 5000));
    assert_false(bucket_take(&bucket, 4000));
    assert_false(bucket_take(&bucket, 5000));
    assert_true(bucket_take(&bucket, 5001));
}

static void another_rate_counts_from_now_on(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(10, 4, 0);
    assert_true(bucket_take(&bucket, 0));
    bucket_set_rate(&bucket, 1, 50); /* half a token has come at the old rate */
    assert_int_equal(bucket_wait_ms(&bucket, 50), 500);
    bucket_set_rate(&bucket, 0, 100);
    assert_true(bucket_take(&bucket, 100));
    bucket_set_rate(&bucket, 2, 3600000); /* what was not limited saves nothing */
    assert_int_equal(bucket_wait_ms(&bucket, 3600000), 500);
}

static void a_drained_bucket_is_empty_and_stays_so(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(4, 8, 0);
    bucket_drain(&bucket, 7000);
    assert_int_equal(bucket_wait_ms(&bucket, 2000), 5250);
    assert_false(bucket_take(&bucket, 7249));
    assert_true(bucket_take(&bucket, 7250));
}

static void what_was_done_already_is_paid_later(void **state)
{
    (void)state;
    struct bucket bucket = bucket_make(1, 8, 0);
    bucket_charge(&bucket, 4, 0);
    assert_int_equal(bucket_wait_ms(&bucket, 0), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_one_token),
        cmocka_unit_test(collects_no_more_than_the_burst),
        cmocka_unit_test(no_second_sees_more_than_rate_and_burst),
        cmocka_unit_test(no_limit_gives_always),
        cmocka_unit_test(another_rate_counts_from_now_on),
        cmocka_unit_test(a_drained_bucket_is_empty_and_stays_so),
        cmocka_unit_test(what_was_done_already_is_paid_later),
        cmocka_unit_test(a_clock_that_stands_or_runs_back_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
