#include "coordinator/board_news.h"

#include "common/log.h"

static struct event_about about_of(const struct message_result *result)
{
    return (struct event_about){.track_id = (uint32_t)result->track_id,
        .class_id = (uint32_t)result->class_id,
        .worker = result->worker};
}

void board_news_stored(struct events *events, const struct message_result *result, bool newcomer,
    uint32_t before, int64_t wall_ms)
{
    struct event_about about = about_of(result);
    if (newcomer)
        events_put(events, EVENT_BOARD_STORED, &about, wall_ms, "%llu entries, new",
            (unsigned long long)result->entries);
    else
        events_put(events, EVENT_BOARD_STORED, &about, wall_ms, "%llu entries, %u before",
            (unsigned long long)result->entries, before);
}

void board_news_aside(struct events *events, const struct message_result *result, uint32_t before,
    uint32_t streak, uint32_t wanted, int64_t wall_ms)
{
    struct event_about about = about_of(result);
    log_info("board %u-%u: %u rows became %llu; not believed before %u fetches agree, this is number %u",
        about.track_id, about.class_id, before, (unsigned long long)result->entries, wanted, streak);
    events_put(events, EVENT_BOARD_ASIDE, &about, wall_ms,
        "%u rows became %llu; not believed before %u fetches agree, this is number %u", before,
        (unsigned long long)result->entries, wanted, streak);
}

void board_news_failed(
    struct events *events, const struct message_result *result, bool again, int64_t wall_ms)
{
    struct event_about about = about_of(result);
    const char *failure = failure_string(result->failure);
    log_write(again ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "board %u-%u: attempt %u failed: %s: %s%s",
        about.track_id, about.class_id, (unsigned)result->attempt, failure, result->problem,
        again ? "" : "; given up until the next refresh, what the store has stays");
    events_put(events, again ? EVENT_BOARD_FAILED : EVENT_BOARD_GIVEN_UP, &about, wall_ms,
        "attempt %u failed%s: %s: %s", (unsigned)result->attempt, again ? "" : ", given up", failure,
        result->problem);
}
