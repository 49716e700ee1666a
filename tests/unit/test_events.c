#include "coordinator/events.h"

#include <string.h>

#include "tests/unit/unit.h"

#define WALL_MS ((int64_t)1767434400000) /* 2026-01-03T10:00:00Z */

static struct catalogue names(void)
{
    struct catalogue catalogue = catalogue_make();
    assert_null(catalogue_add_item(&catalogue, &catalogue.tracks, 10, "Spa \"GP\"", 8));
    assert_null(catalogue_add_item(&catalogue, &catalogue.classes, 1, "GTR 3", 5));
    return catalogue;
}

static const char *written(const struct events *events, uint64_t after, struct buffer *out)
{
    struct catalogue catalogue = names();
    struct json_writer json = json_writer_make(out);
    buffer_clear(out);
    events_write(events, after, &catalogue, &json);
    catalogue_free(&catalogue);
    return buffer_string(out);
}

static void test_what_an_event_says(void **state)
{
    (void)state;
    struct events *events = events_open();
    struct buffer out = buffer_make(65536);
    assert_string_equal(written(events, 0, &out), "[]");
    events_put(events, EVENT_BOARD_STORED,
        &(struct event_about){.track_id = 10, .class_id = 1, .worker = "w1"}, WALL_MS, "%d entries", 3);
    events_put(events, EVENT_STATE, NULL, WALL_MS + 1000, "waiting");
    assert_int_equal(events_last(events), 2);
    assert_string_equal(written(events, 0, &out),
        "[{\"number\":1,\"time\":\"2026-01-03T10:00:00Z\",\"kind\":\"board_stored\",\"track_id\":10,\"class_"
        "id\":1,"
        "\"track\":\"Spa \\\"GP\\\"\",\"class\":\"GTR 3\",\"worker\":\"w1\",\"text\":\"3 entries\"},"
        "{\"number\":2,\"time\":\"2026-01-03T10:00:01Z\",\"kind\":\"state\",\"text\":\"waiting\"}]");
    assert_non_null(strstr(written(events, 1, &out), "[{\"number\":2"));
    assert_string_equal(written(events, 2, &out), "[]");
    buffer_free(&out);
    events_close(&events);
    assert_null(events);
}

/* Thousands of boards push out boards only, and what is kept stays in order. */
static void test_frequent_ones_do_not_push_out_rare_ones(void **state)
{
    (void)state;
    struct events *events = events_open();
    struct buffer out = buffer_make((size_t)1024 * 1024);
    events_put(events, EVENT_HOLD_BEGUN, NULL, WALL_MS, "breaker");
    for (int i = 0; i < 10000; i++) {
        events_put(events, EVENT_BOARD_STORED, NULL, WALL_MS, "board");
        if (i % 100 == 0)
            events_put(events, EVENT_EXPORT_DONE, NULL, WALL_MS, "export");
    }
    const char *text = written(events, 0, &out);
    assert_non_null(strstr(text, "{\"number\":1,"));
    unsigned count = 0;
    unsigned long before = 0;
    for (const char *at = text; (at = strstr(at, "\"number\":")) != NULL; at += 9, count++) {
        unsigned long number = strtoul(at + 9, NULL, 10);
        assert_true(number > before);
        before = number;
    }
    assert_int_equal(before, events_last(events));
    assert_int_equal(count, EVENTS_KEPT + 101);
    buffer_free(&out);
    events_close(&events);
}

static void test_long_and_hostile_text(void **state)
{
    (void)state;
    struct events *events = events_open();
    struct buffer out = buffer_make(65536);
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    events_put(events, EVENT_COMMAND, &(struct event_about){.worker = text}, WALL_MS, "%s", text);
    events_put(events, EVENT_COMMAND, NULL, WALL_MS, "\x1b[31m\xff\"");
    const char *json = written(events, 0, &out);
    assert_true(strlen(json) < 500);
    assert_null(strchr(json, '\x1b'));
    assert_non_null(strstr(json, "\\u001b[31m\xEF\xBF\xBD\\\""));
    buffer_free(&out);
    events_close(&events);
}

static void test_without_events_nothing_happens(void **state)
{
    (void)state;
    events_put(NULL, EVENT_STATE, NULL, WALL_MS, "nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_an_event_says),
        cmocka_unit_test(test_frequent_ones_do_not_push_out_rare_ones),
        cmocka_unit_test(test_long_and_hostile_text),
        cmocka_unit_test(test_without_events_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
