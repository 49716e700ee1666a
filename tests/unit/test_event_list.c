#include "coordinator/ctl/event_list.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/worker_list.h"
#include "tests/unit/unit.h"

/* A message with the events `first` to `last`. */
static bool take(
    struct event_list *list, unsigned epoch, bool all, unsigned first, unsigned last, struct event_news *news)
{
    static char json[200000];
    int length = snprintf(json, sizeof json, "{\"type\":\"event\",\"epoch\":%u,\"all\":%s,\"events\":[",
        epoch, all ? "true" : "false");
    for (unsigned i = first; i <= last; i++)
        length += snprintf(json + length, sizeof json - (size_t)length,
            "%s{\"number\":%u,\"time\":\"t\",\"kind\":\"state\",\"text\":\"%u\"}", i > first ? "," : "", i,
            i);
    length += snprintf(json + length, sizeof json - (size_t)length, "]}");
    return event_list_take(list, (struct text){json, (uint32_t)length}, news);
}

static void test_each_event_once(void **state)
{
    (void)state;
    struct event_list list = {0};
    struct event_news news;
    assert_true(take(&list, 1, false, 4, 5, &news)); /* on its way before all of them came */
    assert_int_equal(news.added, 0);
    assert_true(take(&list, 1, true, 1, 5, &news));
    assert_int_equal(news.added, 5);
    assert_int_equal(news.missed, 0);
    assert_true(take(&list, 1, false, 6, 7, &news));
    assert_int_equal(news.added, 2);
    assert_true(take(&list, 1, true, 1, 8, &news)); /* another newcomer's */
    assert_int_equal(news.added, 1);
    assert_int_equal(list.count, 8);
    for (unsigned i = 0; i < list.count; i++)
        assert_int_equal(list.rows[i].number, i + 1);
    event_list_free(&list);
}

static void test_gaps_are_told(void **state)
{
    (void)state;
    struct event_list list = {0};
    struct event_news news;
    take(&list, 1, true, 500, 510, &news);
    assert_int_equal(news.missed, 0); /* those before it were never ours */
    take(&list, 1, false, 521, 522, &news);
    assert_int_equal(news.missed, 10);
    assert_false(news.restarted);
    take(&list, 2, true, 1, 3, &news);
    assert_true(news.restarted);
    assert_int_equal(news.missed, 0);
    assert_int_equal(news.added, 3);
    event_list_free(&list);
}

static void test_the_last_ones_are_kept(void **state)
{
    (void)state;
    struct event_list list = {0};
    struct event_news news;
    take(&list, 1, true, 1, 1000, &news);
    assert_int_equal(list.count, EVENT_LIST_KEPT);
    assert_int_equal(news.added, EVENT_LIST_KEPT);
    assert_int_equal(list.rows[EVENT_LIST_KEPT - 1].number, 1000);
    assert_int_equal(list.rows[0].number, 1000 - EVENT_LIST_KEPT + 1);
    event_list_free(&list);
}

static void test_frequent_ones_do_not_push_out_rare_ones(void **state)
{
    (void)state;
    struct event_list list = {0};
    struct event_news news;
    char json[200];
    take(&list, 1, true, 1, 10, &news);
    for (unsigned i = 11; i < 2000; i++) {
        int length = snprintf(json, sizeof json,
            "{\"epoch\":1,\"all\":false,\"events\":[{\"number\":%u,\"kind\":\"board_stored\"}]}", i);
        assert_true(event_list_take(&list, (struct text){json, (uint32_t)length}, &news));
        assert_int_equal(news.added, 1);
        assert_int_equal(list.rows[list.count - 1].number, i);
    }
    assert_int_equal(list.count, EVENT_LIST_KEPT);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(list.rows[i].number, i + 1);
    event_list_free(&list);
}

static void test_what_it_is_about(void **state)
{
    (void)state;
    static const char json[] = "{\"epoch\":1,\"all\":true,\"events\":[{\"number\":1,\"time\":\"2026-01-03T10:"
                               "00:00Z\",\"kind\":\"board_failed\","
                               "\"track_id\":10,\"class_id\":1,\"track\":\"Spa\",\"class\":\"GTR "
                               "3\",\"worker\":\"w1\",\"text\":\"timeout\"},"
                               "{\"number\":2}, 7, null, {\"number\":\"x\"}]}";
    struct event_list list = {0};
    struct event_news news;
    assert_true(event_list_take(&list, (struct text){json, sizeof json - 1}, &news));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.rows[0].text, "Spa, GTR 3: timeout");
    assert_string_equal(list.rows[0].board, "10-1");
    assert_string_equal(list.rows[1].text, "");
    assert_true(event_is_bad(list.rows[0].kind));
    assert_false(event_is_bad("state"));
    event_list_free(&list);
}

static void test_what_is_no_message(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "{}", "[]", "{\"events\":[]}", "{\"epoch\":1}", "{\"epoch\":1,\"events\":{}}"};
    struct event_list list = {0};
    struct event_news news;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(event_list_take(&list, (struct text){wrong[i], (uint32_t)strlen(wrong[i])}, &news));
    event_list_free(&list);
}

/* ---- workers ---- */

static void expect_order(struct worker_list *list, enum worker_sort sort, const char *wanted)
{
    char order[100] = "";
    worker_list_sort(list, sort);
    for (unsigned i = 0; i < list->count; i++) {
        strncat(order, list->rows[i].name, 10);
        strncat(order, " ", 2);
    }
    assert_string_equal(order, wanted);
}

static void test_workers(void **state)
{
    (void)state;
    static const char json[] =
        "{\"count\":700,\"workers\":[{\"name\":\"w10\",\"jobs\":3,\"rss_kb\":5,\"failures\":1,\"host\":"
        "\"alpha\","
        "\"board\":{\"track_id\":10,\"class_id\":1,\"track\":\"Spa\",\"class\":\"GTR 3\",\"elapsed_ms\":9}},"
        "{\"name\":\"w2\",\"jobs\":9,\"rss_kb\":-5,\"board\":null},{\"name\":\"w1\",\"jobs\":\"many\",\"rss_"
        "kb\":7}]}";
    struct worker_list list = {0};
    assert_true(worker_list_parse((struct text){json, sizeof json - 1}, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.connected, 700);
    expect_order(&list, WORKER_SORT_NAME, "w1 w2 w10 ");
    expect_order(&list, WORKER_SORT_JOBS, "w2 w10 w1 ");
    expect_order(&list, WORKER_SORT_MEMORY, "w1 w10 w2 ");
    expect_order(&list, WORKER_SORT_ELAPSED, "w10 w1 w2 ");
    expect_order(&list, WORKER_SORT_FAILURES, "w10 w1 w2 ");
    assert_string_equal(list.rows[0].class_name, "GTR 3");
    assert_int_equal(list.rows[2].rss_kb, 0);
    static const char *const wrong[] = {"", "{}", "[]", "{\"workers\":{}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(worker_list_parse((struct text){wrong[i], (uint32_t)strlen(wrong[i])}, &list));
    assert_int_equal(list.count, 3);
    worker_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_event_once),
        cmocka_unit_test(test_gaps_are_told),
        cmocka_unit_test(test_the_last_ones_are_kept),
        cmocka_unit_test(test_frequent_ones_do_not_push_out_rare_ones),
        cmocka_unit_test(test_what_it_is_about),
        cmocka_unit_test(test_what_is_no_message),
        cmocka_unit_test(test_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
