#include "tests/unit/unit.h"

#include <string.h>

#include "common/protocol.h"
#include "coordinator/why.h"

#define NOW_MS  ((int64_t)1000000)
#define WALL_MS ((int64_t)1767434400000) /* 2026-01-03T10:00:00Z */

struct fixture {
    struct plan_entry entry;
    struct holds holds;
    struct why_facts facts;
    char text[CONTROL_TEXT_SIZE];
    struct buffer details;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.entry = {.track_id = 10, .class_id = 1, .due_ms = PLAN_MISSING}};
    fixture.details = buffer_make(CONTROL_REPLY_MAX);
    fixture.facts = (struct why_facts){.track_id = 10,
        .class_id = 1,
        .track_name = "Monza",
        .class_name = "GTR 3",
        .entry = &fixture.entry,
        .holds = &fixture.holds,
        .workers = 1,
        .now_ms = NOW_MS,
        .wall_ms = WALL_MS};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    buffer_free(&((struct fixture *)*state)->details);
    return 0;
}

static void expect(struct fixture *fixture, enum why_kind kind, const char *text, const char *details)
{
    buffer_clear(&fixture->details);
    assert_int_equal(why_explain(&fixture->facts, fixture->text, &fixture->details), kind);
    assert_string_equal(fixture->text, text);
    assert_string_equal(buffer_string(&fixture->details), details);
}

static void a_board_that_the_catalogue_does_not_have(void **state)
{
    struct fixture *fixture = *state;
    fixture->facts.entry = NULL;
    fixture->facts.class_name = "";
    expect(fixture, WHY_UNKNOWN,
        "10-1 is not in the catalogue; r3ectl catalogue import takes a new game release in",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"unknown\",\"hold\":\"\"}");
}

static void one_that_waits_in_the_queue(void **state)
{
    struct fixture *fixture = *state;
    fixture->facts.ahead = 41;
    expect(fixture, WHY_QUEUED, "10-1 (Monza, GTR 3) is due and number 42 in the queue",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"queued\",\"hold\":\"\",\"place\":42}");
    fixture->facts.rate_per_s = 0.25;
    expect(fixture, WHY_QUEUED,
        "10-1 (Monza, GTR 3) is due and number 42 in the queue, at up to 0.25 requests per second",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"queued\",\"hold\":\"\",\"place\":42}");
    fixture->facts.workers = 0;
    expect(fixture, WHY_NO_WORKER, "10-1 (Monza, GTR 3) is due, but no worker is connected",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"no_worker\",\"hold\":\"\"}");
}

static void one_that_is_held_back(void **state)
{
    struct fixture *fixture = *state;
    holds_set(&fixture->holds, HOLD_RETRY_AFTER, NOW_MS + 60000, NOW_MS, "the service asked to wait 60 s");
    expect(fixture, WHY_HELD,
        "10-1 (Monza, GTR 3) is due, but nothing is fetched now: the service asked to wait 60 s (until "
        "2026-01-03T10:01:00Z)",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"held\",\"hold\":\"retry_after\",\"until\":\"2026-01-03T10:"
        "01:"
        "00Z\"}");
    holds_set(&fixture->holds, HOLD_PAUSED, HOLD_FOREVER, NOW_MS, "paused");
    expect(fixture, WHY_HELD, "10-1 (Monza, GTR 3) is due, but nothing is fetched now: paused",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"held\",\"hold\":\"paused\"}");
}

static void one_that_is_not_due(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.due_ms = NOW_MS + 3600000;
    expect(fixture, WHY_NOT_DUE, "10-1 (Monza, GTR 3) is up to date and not due until 2026-01-03T11:00:00Z",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"not_due\",\"hold\":\"\",\"until\":\"2026-01-03T11:00:"
        "00Z\"}");
    fixture->entry.failed = 1;
    fixture->entry.last_failure = FAILURE_HTTP_STATUS;
    fixture->entry.last_http_status = 404;
    expect(fixture, WHY_NOT_DUE,
        "10-1 (Monza, GTR 3) failed (http_status 404), was given up and is not due again until "
        "2026-01-03T11:00:00Z",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"not_due\",\"hold\":\"\",\"until\":\"2026-01-03T11:00:"
        "00Z\","
        "\"failure\":\"http_status 404\"}");
}

static void one_that_is_tried_again_or_quarantined(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.due_ms = NOW_MS + 1000;
    fixture->entry.retrying = 1;
    fixture->entry.attempt = 2;
    fixture->entry.last_failure = FAILURE_TIMEOUT;
    holds_set(&fixture->holds, HOLD_BREAKER, HOLD_FOREVER, NOW_MS, "the service is down");
    expect(fixture, WHY_RETRYING,
        "10-1 (Monza, GTR 3) failed (timeout) and is tried again at 2026-01-03T10:00:01Z, attempt 3; "
        "besides, "
        "nothing is fetched now: the service is down",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"retrying\",\"hold\":\"breaker\",\"until\":\"2026-01-03T10:"
        "00:"
        "01Z\",\"failure\":\"timeout\"}");
    holds_clear(&fixture->holds, HOLD_BREAKER, NOW_MS);
    fixture->entry.retrying = 0;
    fixture->entry.quarantined = fixture->entry.failed = 1;
    fixture->entry.last_failure = FAILURE_WORKER_DIED;
    expect(fixture, WHY_QUARANTINED,
        "10-1 (Monza, GTR 3) is quarantined until 2026-01-03T10:00:01Z, as 3 workers died while they held "
        "it; "
        "r3ectl release 10-1 ends that sooner",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"quarantined\",\"hold\":\"\",\"until\":\"2026-01-03T10:00:"
        "01Z\","
        "\"failure\":\"worker_died\"}");
}

static void one_that_is_being_fetched(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.state = PLAN_LEASED;
    expect(fixture, WHY_LEASED,
        "10-1 (Monza, GTR 3) was being fetched by a worker that is gone; another gets it within seconds",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"leased\",\"hold\":\"\"}");
    fixture->facts.worker.name = "w7";
    fixture->facts.worker.host = "somewhere";
    fixture->facts.worker.pid = 4711;
    fixture->facts.worker.since_ms = NOW_MS - 5000;
    fixture->facts.worker.page = 2;
    expect(fixture, WHY_LEASED,
        "10-1 (Monza, GTR 3) is being fetched by worker w7 (somewhere, pid 4711) since 2026-01-03T09:59:55Z, "
        "page 3",
        "{\"track_id\":10,\"class_id\":1,\"why\":\"leased\",\"hold\":\"\",\"worker\":\"w7\",\"host\":"
        "\"somewhere\","
        "\"pid\":4711,\"since\":\"2026-01-03T09:59:55Z\",\"page\":3}");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_board_that_the_catalogue_does_not_have),
        WITH(one_that_waits_in_the_queue),
        WITH(one_that_is_held_back),
        WITH(one_that_is_not_due),
        WITH(one_that_is_tried_again_or_quarantined),
        WITH(one_that_is_being_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
