#include "tests/unit/unit.h"

#include <string.h>

#include "coordinator/politeness_record.h"

static const struct politeness_record sample = {.rate_per_s = 3.25,
    .knee_per_s = 3.5,
    .start_per_s = 3,
    .span_ms = 20000,
    .grown_ms = 1234,
    .latency_base_ms = 312.5,
    .latency_factor = 0.75,
    .gate_until_ms = 1767434400000,
    .gate_wait_ms = 7300,
    .own_pauses = 2,
    .breaker_failures = 5,
    .breaker_probes = 1,
    .breaker_until_ms = 1767434700000,
    .robots_verdict = 1,
    .robots_fetched_ms = 1767430000000,
    .robots_subject = 9007199254740991,
    .crawl_delay_ms = 500};

static void reads_what_it_wrote(void **state)
{
    (void)state;
    struct politeness_record again;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    politeness_record_encode(&sample, &json);
    assert_false(json.overflowed);
    assert_true(politeness_record_decode(json.data, json.length, &again));
    assert_memory_equal(&sample, &again, sizeof sample);
    buffer_free(&json);
}

static void refuses_what_is_broken(void **state)
{
    (void)state;
    struct politeness_record again;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    politeness_record_encode(&sample, &json);
    for (size_t length = 0; length < json.length; length++)
        assert_false(politeness_record_decode(json.data, length, &again));
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"3.25", "-3.2"},
        {"3.25", "1e99"},
        {"3.25", "null"},
        {"20000", "    0"},
        {"\"own_pauses\"", "\"own_pausez\""},
        {"0.75", "1.75"},
        {"\"robots_verdict\":1", "\"robots_verdict\":3"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *text = strdup(buffer_string(&json)), *at = strstr(text, changes[i].from);
        assert_non_null(at);
        memcpy(at, changes[i].to, strlen(changes[i].to));
        assert_false(politeness_record_decode(text, strlen(text), &again));
        free(text);
    }
    buffer_free(&json);
}

static void huge_values_are_cut_when_written(void **state)
{
    (void)state;
    struct politeness_record record = sample, again;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    record.own_pauses = 1e9;
    record.knee_per_s = 1e9;
    politeness_record_encode(&record, &json);
    assert_true(politeness_record_decode(json.data, json.length, &again));
    buffer_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_what_is_broken),
        cmocka_unit_test(huge_values_are_cut_when_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
