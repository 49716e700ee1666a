#include "coordinator/ctl/watch_view.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "tests/unit/unit.h"

#define NOW_MS      100000
#define FEWEST_ROWS 3 /* title, reason, bar: the keys come with the fourth */

/* What a terminal would show: the rows without escape sequences, ended by line feeds. */
static const char *picture(struct watch_model *model, struct screen *screen, unsigned width, unsigned height)
{
    static char text[SCREEN_ROWS_MAX * SCREEN_CELLS_MAX * 4];
    size_t used = 0;
    screen_begin(screen, width, height);
    watch_view_make(model, screen, NOW_MS);
    for (unsigned i = 0; i < height; i++) {
        const char *at = buffer_string(&screen->rows[i].drawn);
        for (; *at; at++) {
            if (*at == '\x1b')
                at = strchr(at, 'm');
            else
                text[used++] = *at;
        }
        while (used && text[used - 1] == ' ')
            used--;
        text[used++] = '\n';
    }
    text[used] = '\0';
    return text;
}

static void take(struct watch_model *model, enum listener_topic topic, const char *json)
{
    struct listener_message message = {.topic = topic, .json = {json, (uint32_t)strlen(json)}};
    watch_model_take(model, &message, NOW_MS);
}

static void fill_workers(struct watch_model *model, unsigned count)
{
    static char json[400000];
    int length = snprintf(json, sizeof json, "{\"count\":%u,\"workers\":[", count);
    for (unsigned i = 0; i < count; i++)
        length += snprintf(json + length, sizeof json - (size_t)length,
            "%s{\"name\":\"w%u\",\"host\":\"alpha\",\"pid\":%u,\"jobs\":%u,\"rss_kb\":10240,\"age_s\":75,"
            "\"bytes\":4096,"
            "\"state\":\"ready\",\"last_error\":\"10-1: timeout: too slow\",\"board\":%s}",
            i ? "," : "", i + 1, 1000 + i, 2 * i,
            i == 0 ? "{\"track_id\":10,\"class_id\":1,\"track\":\"Spa\",\"class\":\"GTR "
                     "3\",\"attempt\":2,\"page\":1,"
                     "\"elapsed_ms\":2500}"
                   : "null");
    assert_true(length > 0 && (size_t)length < sizeof json - 3);
    memcpy(json + length, "]}", 3);
    take(model, LISTENER_TOPIC_WORKER, json);
}

static void fill(struct watch_model *model)
{
    take(model, LISTENER_TOPIC_SUMMARY,
        "{\"state\":\"fetching\",\"version\":\"0.1.0\",\"time\":\"2026-01-03T10:00:00Z\",\"reason\":\"a full "
        "refresh, 1500 of "
        "2000 boards are "
        "left\",\"hold\":\"\",\"combinations\":2000,\"done\":500,\"failed\":2,\"requests_per_s\":24.94,"
        "\"rate_allowed_per_s\":25,\"time_left_s\":61,\"in_flight\":3,\"queue\":{\"leased\":3,\"missing\":"
        "1497},\"ages\":"
        "{\"under_1h\":500,\"never\":1500},\"latency\":{\"count\":9,\"p50_ms\":60,\"p95_ms\":90,\"p99_ms\":"
        "120},\"answers\":"
        "{\"200\":498,\"429\":2},\"workers_joined\":7,\"workers_lost\":1,\"workers_left\":{\"max_jobs\":3},"
        "\"store_boards\":500,"
        "\"store_entries\":12345,\"store_bytes\":1048576,\"tree_memory_kb\":40960,\"memory_kb\":8192,"
        "\"descriptors\":40,"
        "\"export\":{\"last_time\":\"2026-01-03T09:00:00Z\",\"duration_ms\":900,\"peak_rss_kb\":30720,"
        "\"files_written\":7,"
        "\"files_unchanged\":14871}}");
    fill_workers(model, 2);
    take(model, LISTENER_TOPIC_EVENT,
        "{\"epoch\":1,\"all\":true,\"events\":[{\"number\":1,\"time\":\"2026-01-03T09:59:58Z\",\"kind\":"
        "\"state\",\"text\":"
        "\"the coordinator is "
        "fetching\"},{\"number\":2,\"time\":\"2026-01-03T09:59:59Z\",\"kind\":\"board_failed\","
        "\"track_id\":10,\"class_id\":1,\"track\":\"Spa\",\"class\":\"GTR 3\",\"text\":\"attempt 1 failed: "
        "timeout\"}]}");
}

static void test_80_by_24(void **state)
{
    (void)state;
    struct watch_model model = {0};
    struct screen screen = screen_make(true, false);
    fill(&model);
    assert_string_equal(picture(&model, &screen, 80, 24),
        " r3e-coordinator 0.1.0  fetching                                    10:00:00 UTC\n"
        " a full refresh, 1500 of 2000 boards are left\n"
        " [#########----------------------------]  500 of 2,000  25.0 %  1 min 01 s left\n"
        " requests                               #  24.9/s of 25 allowed, 3 in flight\n"
        " boards    2 failed  3 leased  1,497 never fetched\n"
        " service   p50 60, p95 90, p99 120 ms  498 x 200, 2 x 429\n"
        " published 2026-01-03T09:00:00Z in 900 ms, 30 MB; 7 files written, 14,871 left .\n"
        " store     500 boards, 12,345 entries, 1.0 MB  memory 40 MB, coordinator 8.0 MB.\n"
        " ages      500 <1h  none overdue\n"
        " refresh\n"
        " WORKERS 2  by name  7 joined, 3 recycled, 1 died\n"
        " name   host             pid    jobs  memory     age   board\n"
        " w1     alpha           1000       0   10 MB      1m   Spa, GTR 3, page 2, atte.\n"
        " w2     alpha           1001       2   10 MB      1m   ready\n"
        " EVENTS\n"
        " 09:59:59 board_failed    Spa, GTR 3: attempt 1 failed: timeout\n"
        " 09:59:58 state           the coordinator is fetching\n"
        "\n\n\n\n\n\n"
        " q quit  p pause  r refresh all  s sort  ^v scroll  ? help\n");
    screen_free(&screen);
    watch_model_free(&model);
}

static void test_200_by_60_tells_more(void **state)
{
    (void)state;
    struct watch_model model = {0};
    struct screen screen = screen_make(true, true);
    fill(&model);
    const char *text = picture(&model, &screen, 200, 60);
    static const char *const parts[] = {"███", "14,871 left alone", "40 descriptors",
        "10-1  Spa, GTR 3, page 2, attempt 2, 2 s", "last error: 10-1: timeout: too slow",
        "board_failed    10-1        Spa, GTR 3: attempt 1 failed: timeout", "received"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(text, parts[i]));
    screen_free(&screen);
    watch_model_free(&model);
}

/* No row is wider than the terminal, and the keys stand in the last row, whatever the size. */
static void test_every_size(void **state)
{
    (void)state;
    struct watch_model model = {0};
    struct screen screen = screen_make(true, true);
    fill(&model);
    for (unsigned count = 0; count <= 300; count += 100) {
        fill_workers(&model, count);
        for (unsigned width = 1; width < 240; width += width < 90 ? 1 : 37)
            for (unsigned height = 1; height < 70; height++) {
                char *text = strdup(picture(&model, &screen, width, height)), *last = NULL;
                unsigned rows = 0;
                for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, rows++) {
                    *end = '\0';
                    assert_true(columns_width(line) <= width);
                    last = line;
                }
                assert_int_equal(rows, height);
                assert_true(height <= FEWEST_ROWS || width < 5 || strncmp(last, " q q", 4) == 0);
                free(text);
            }
    }
    screen_free(&screen);
    watch_model_free(&model);
}

static unsigned lines_with(const char *text, const char *part)
{
    unsigned count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

static void test_many_workers_are_scrolled_and_leave_room(void **state)
{
    (void)state;
    struct watch_model model = {0};
    struct screen screen = screen_make(true, true);
    fill(&model);
    fill_workers(&model, 300);
    const char *text = picture(&model, &screen, 80, 24);
    assert_int_equal(lines_with(text, " alpha "), watch_view_workers_shown(&model, &screen));
    assert_non_null(strstr(text, " EVENTS"));
    assert_non_null(strstr(text, "board_failed"));
    model.scroll = 1000;
    text = picture(&model, &screen, 80, 24);
    assert_non_null(strstr(text, " w300 "));
    assert_int_equal(model.scroll, 300 - watch_view_workers_shown(&model, &screen));
    fill_workers(&model, 1);
    text = picture(&model, &screen, 80, 24);
    assert_int_equal(model.scroll, 0);
    assert_non_null(strstr(text, " w1 "));
    screen_free(&screen);
    watch_model_free(&model);
}

static void test_frequent_events_leave_room_for_rare_ones(void **state)
{
    (void)state;
    struct watch_model model = {0};
    struct screen screen = screen_make(true, true);
    char json[300];
    fill(&model);
    for (int i = 3; i < 300; i++) {
        int length = snprintf(json, sizeof json,
            "{\"epoch\":1,\"all\":false,\"events\":[{\"number\":%d,\"time\":\"2026-01-03T10:00:00Z\","
            "\"kind\":"
            "\"board_stored\",\"text\":\"9 entries\"}]}",
            i);
        assert_true(length > 0);
        take(&model, LISTENER_TOPIC_EVENT, json);
    }
    const char *text = picture(&model, &screen, 80, 24);
    assert_non_null(strstr(text, "the coordinator is fetching"));
    assert_int_equal(lines_with(text, "board_stored"), 7);
    screen_free(&screen);
    watch_model_free(&model);
}

static void test_silence_holds_questions_and_answers(void **state)
{
    (void)state;
    struct watch_model model = {.heard_ms = NOW_MS};
    struct screen screen = screen_make(true, true);
    assert_non_null(strstr(picture(&model, &screen, 80, 24), "connecting"));
    fill(&model);
    take(&model, LISTENER_TOPIC_SUMMARY,
        "{\"state\":\"waiting\",\"hold\":\"retry_after\",\"hold_reason\":\"the service asked to "
        "wait\",\"reason\":\"the service "
        "asked to wait 7 s\",\"hold_ms\":6500}");
    const char *text = picture(&model, &screen, 80, 24);
    assert_non_null(strstr(text, "waiting, held back: retry_after"));
    assert_non_null(strstr(text, " the service asked to wait 7 s (another 7 s)\n"));
    model.heard_ms = NOW_MS - 9000;
    assert_non_null(strstr(picture(&model, &screen, 80, 24), "nothing heard from the coordinator for 9 s"));
    model.asking = WATCH_ASKS_PAUSE;
    assert_non_null(strstr(picture(&model, &screen, 80, 24), "y: yes, any other key: no"));
    model.asking = WATCH_ASKS_NOTHING;
    watch_model_note(&model, false, NOW_MS, "a full refresh of %d boards begins", 9);
    assert_non_null(strstr(picture(&model, &screen, 80, 24), "a full refresh of 9 boards begins"));
    model.note_until_ms = NOW_MS;
    assert_null(strstr(picture(&model, &screen, 80, 24), "a full refresh of 9 boards begins"));
    model.help = true;
    assert_non_null(strstr(picture(&model, &screen, 80, 24), "sort the workers"));
    screen_free(&screen);
    watch_model_free(&model);
}

/* What travels over the socket may be anything. */
static void test_nonsense_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "{", "[]", "null", "{\"state\":7}", "{\"events\":7}", "{\"workers\":null}"};
    struct watch_model model = {0};
    struct screen screen = screen_make(true, true);
    fill(&model);
    char *before = strdup(picture(&model, &screen, 80, 24));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int topic = 0; topic < LISTENER_TOPIC_COUNT; topic++)
            take(&model, (enum listener_topic)topic, wrong[i]);
    assert_string_equal(picture(&model, &screen, 80, 24), before);
    free(before);
    screen_free(&screen);
    watch_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_80_by_24),
        cmocka_unit_test(test_200_by_60_tells_more),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_many_workers_are_scrolled_and_leave_room),
        cmocka_unit_test(test_frequent_events_leave_room_for_rare_ones),
        cmocka_unit_test(test_silence_holds_questions_and_answers),
        cmocka_unit_test(test_nonsense_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
