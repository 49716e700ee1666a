#include "tests/unit/unit.h"

#include "coordinator/gate.h"

static void closes_for_what_is_asked_and_a_tenth_at_most(void **state)
{
    (void)state;
    for (uint64_t random = 0; random < 3000; random++) {
        struct gate gate = {0};
        assert_true(gate_close(&gate, 7000, random, 100));
        assert_false(gate_is_open(&gate, 7099));
        assert_in_range(gate.until_ms, 7100, 7800);
        assert_true(gate_is_open(&gate, 7800));
    }
}

static void of_two_wishes_the_later_end_counts(void **state)
{
    (void)state;
    struct gate gate = {0};
    assert_true(gate_close(&gate, 7000, 0, 0));
    assert_false(gate_close(&gate, 2000, 0, 1000));
    assert_int_equal(gate.until_ms, 7000);
    assert_true(gate_close(&gate, 7000, 0, 1000));
    assert_int_equal(gate.until_ms, 8000);
}

static void nobody_waits_for_longer_than_a_day(void **state)
{
    (void)state;
    struct gate gate = {0};
    assert_true(gate_close(&gate, UINT64_MAX, 0, 0));
    assert_int_equal(gate.until_ms, GATE_WAIT_MOST_MS);
}

static void own_pauses_double_until_a_valid_answer(void **state)
{
    (void)state;
    struct gate gate = {0};
    int64_t now = 0;
    const int64_t pauses[] = {
        500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        assert_true(gate_pause(&gate, 0, now));
        assert_int_equal(gate.until_ms - now, pauses[i]);
        now = gate.until_ms;
    }
    gate_answered(&gate);
    gate_pause(&gate, 0, now);
    assert_int_equal(gate.until_ms - now, 500);
}

static void a_volley_is_told_by_when_its_requests_were_sent(void **state)
{
    (void)state;
    struct gate gate = {0};
    assert_true(gate_is_new(&gate, 0));
    gate_refused(&gate, 1000);
    assert_false(gate_is_new(&gate, 1000));
    assert_true(gate_is_new(&gate, 1001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_for_what_is_asked_and_a_tenth_at_most),
        cmocka_unit_test(of_two_wishes_the_later_end_counts),
        cmocka_unit_test(nobody_waits_for_longer_than_a_day),
        cmocka_unit_test(own_pauses_double_until_a_valid_answer),
        cmocka_unit_test(a_volley_is_told_by_when_its_requests_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
