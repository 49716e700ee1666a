#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "common/metrics.h"

#define TEXT_MAX 65536

static const char summary[] =
    "{\"v\":1,\"type\":\"summary\",\"version\":\"1.0\",\"time\":\"2026-01-03T10:00:00Z\",\"state\":"
    "\"waiting\","
    "\"hold\":\"breaker\",\"hold_ms\":null,\"combinations\":19344,\"time_left_s\":null,"
    "\"rate_allowed_per_s\":null,\"latency_ms\":62,\"requests\":7,\"commit_us_total\":1500,\"memory_kb\":10,"
    "\"failures\":{\"timeout\":2,\"new\\\"one\":3,\"new\\\"one\":4},\"answers\":{\"200\":5},"
    "\"refresh\":{\"kind\":\"none\",\"left\":3,\"started\":null,\"last_ended\":\"not a time\"},"
    "\"latency\":{\"count\":5,\"sum_ms\":250,\"max_ms\":90,\"at_most_ms\":[[25,1],[1000,5],[500,5]]}}";

static const char *write_summary(struct buffer *out, enum metrics_format format, const char *json)
{
    struct metrics_writer writer = metrics_writer_make(out, format);
    buffer_clear(out);
    if (!metrics_write_summary(&writer, (struct text){json, (uint32_t)strlen(json)}))
        assert_int_equal(out->length, 0);
    metrics_end(&writer);
    return buffer_string(out);
}

static void assert_has(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    if (!at || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
        fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void openmetrics(void **state)
{
    (void)state;
    struct buffer out = buffer_make(TEXT_MAX);
    const char *text = write_summary(&out, METRICS_OPENMETRICS, summary);
    static const char *const lines[] = {
        "# TYPE r3e_coordinator_build info",
        "r3e_coordinator_build_info{version=\"1.0\"} 1",
        "r3e_coordinator_status_timestamp_seconds 1767434400",
        "r3e_coordinator_state{state=\"waiting\"} 1",
        "r3e_coordinator_state{state=\"fetching\"} 0",
        "r3e_coordinator_hold{reason=\"breaker\"} 1",
        "r3e_coordinator_hold{reason=\"paused\"} 0",
        "r3e_coordinator_hold_remaining_seconds NaN",
        "r3e_combinations 19344",
        "r3e_crawl_time_left_seconds NaN",
        "r3e_upstream_allowed_requests_per_second +Inf",
        "r3e_upstream_recent_latency_seconds 0.062",
        "# TYPE r3e_upstream_requests counter",
        "r3e_upstream_requests_total 7",
        "# UNIT r3e_store_commit_seconds seconds",
        "r3e_store_commit_seconds_total 0.0015",
        "r3e_coordinator_memory_bytes 10240",
        "r3e_attempt_failures_total{reason=\"timeout\"} 2",
        "r3e_attempt_failures_total{reason=\"dns\"} 0",
        "r3e_attempt_failures_total{reason=\"new\\\"one\"} 3",
        "r3e_upstream_answers_total{code=\"200\"} 5",
        "r3e_upstream_answers_total{code=\"503\"} 0",
        "r3e_refresh_running{kind=\"full\"} 0",
        "r3e_refresh_combinations_left 3",
        "r3e_refresh_start_timestamp_seconds 0",
        "r3e_refresh_last_success_timestamp_seconds NaN",
        "# TYPE r3e_upstream_latency_seconds histogram",
        "r3e_upstream_latency_seconds_bucket{le=\"0.025\"} 1",
        "r3e_upstream_latency_seconds_bucket{le=\"1.0\"} 5",
        "r3e_upstream_latency_seconds_bucket{le=\"+Inf\"} 5",
        "r3e_upstream_latency_seconds_count 5",
        "r3e_upstream_latency_seconds_sum 0.25",
        "r3e_upstream_greatest_latency_seconds 0.09",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_has(text, lines[i]);
    /* A bound that falls, a name that comes twice and a field that is not there give nothing. */
    assert_null(strstr(text, "le=\"0.5\""));
    assert_null(strstr(text, "{reason=\"new\\\"one\"} 4"));
    assert_null(strstr(text, "reason=\"none\""));
    assert_null(strstr(text, "r3e_workers"));
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    buffer_free(&out);
}

static void prometheus(void **state)
{
    (void)state;
    struct buffer out = buffer_make(TEXT_MAX);
    const char *text = write_summary(&out, METRICS_PROMETHEUS, summary);
    assert_has(text, "# TYPE r3e_coordinator_build_info gauge");
    assert_has(text, "# TYPE r3e_upstream_requests_total counter");
    assert_has(text, "r3e_upstream_requests_total 7");
    assert_null(strstr(text, "# UNIT"));
    assert_null(strstr(text, "# EOF"));
    buffer_free(&out);
}

static void no_summary(void **state)
{
    (void)state;
    static const char *const others[] = {"", "{", "[]", "7", "null", "\"summary\"", "{}", "{\"type\":7}",
        "{\"type\":\"worker\",\"requests\":7}"};
    struct buffer out = buffer_make(TEXT_MAX);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_string_equal(write_summary(&out, METRICS_PROMETHEUS, others[i]), "");
    buffer_free(&out);
}

static void wrong_types_are_left_out(void **state)
{
    (void)state;
    static const char json[] =
        "{\"type\":\"summary\",\"state\":7,\"requests\":\"7\",\"failures\":[1],\"refresh\":4,"
        "\"time\":3,\"latency\":[],\"version\":null,\"answers\":{\"200\":\"x\"}}";
    struct buffer out = buffer_make(TEXT_MAX);
    const char *text = write_summary(&out, METRICS_PROMETHEUS, json);
    assert_has(text, "r3e_upstream_answers_total{code=\"200\"} 0");
    assert_null(strstr(text, "r3e_coordinator"));
    assert_null(strstr(text, "r3e_upstream_requests"));
    assert_null(strstr(text, "r3e_upstream_latency"));
    assert_null(strstr(text, "r3e_attempt"));
    assert_null(strstr(text, "r3e_refresh"));
    buffer_free(&out);
}

static void presence(void **state)
{
    (void)state;
    struct buffer out = buffer_make(TEXT_MAX);
    struct metrics_writer writer = metrics_writer_make(&out, METRICS_OPENMETRICS);
    metrics_write_presence(&writer, false, 12.5);
    assert_has(buffer_string(&out), "r3e_coordinator_up 0");
    assert_has(buffer_string(&out), "r3e_coordinator_silence_seconds 12.5");
    buffer_free(&out);
}

static void values_and_labels(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *line;
    } values[] = {
        {0, "r3e_x 0"},
        {-1, "r3e_x -1"},
        {0.1, "r3e_x 0.1"},
        {1.0 / 3, "r3e_x 0.3333333333333333"},
        {9007199254740992.0, "r3e_x 9007199254740992"},
        {1e300, "r3e_x 1e+300"},
        {-INFINITY, "r3e_x -Inf"},
    };
    struct buffer out = buffer_make(TEXT_MAX);
    struct metrics_writer writer = metrics_writer_make(&out, METRICS_OPENMETRICS);
    metrics_family(&writer, "r3e_x", METRICS_GAUGE, "Some value.");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        metrics_sample(&writer, NULL, 0, values[i].value);
        assert_has(buffer_string(&out), values[i].line);
    }
    const struct metrics_label labels[] = {
        {"a", "back\\slash \"q\"\nline"}, {"b", "J\xc3\xb6rg"}, {"c", "\xff-"}};
    metrics_sample(&writer, labels, 3, 1);
    assert_has(buffer_string(&out), "r3e_x{a=\"back\\\\slash \\\"q\\\" line\",b=\"J\xc3\xb6rg\",c=\"?-\"} 1");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openmetrics),
        cmocka_unit_test(prometheus),
        cmocka_unit_test(no_summary),
        cmocka_unit_test(wrong_types_are_left_out),
        cmocka_unit_test(presence),
        cmocka_unit_test(values_and_labels),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
