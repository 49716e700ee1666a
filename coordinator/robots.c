#include "coordinator/robots.h"

#include <string.h>

#define PAUSE_MOST_MS ((int64_t)3600 * 1000)
#define LOST_PAUSE_MS 1000 /* a worker that dies of it must not be followed by the next at once */

struct robots robots_make(bool obey, int64_t pause_ms, int64_t now_ms)
{
    return (struct robots){.obey = obey, .pause_ms = pause_ms, .next_ms = now_ms};
}

void robots_restore(struct robots *robots, enum robots_verdict verdict, int64_t age_ms,
    uint64_t crawl_delay_ms, int64_t now_ms)
{
    /* One from the future, after the clock was set back, counts as new. */
    age_ms = age_ms > 0 ? age_ms : 0;
    if (verdict == ROBOTS_UNKNOWN || age_ms >= ROBOTS_STALE_MS)
        return;
    robots->verdict = verdict;
    robots->fetched_ms = now_ms - age_ms;
    robots->crawl_delay_ms = crawl_delay_ms;
    if (verdict == ROBOTS_ALLOWED && age_ms < ROBOTS_FRESH_MS)
        robots->next_ms = robots->fetched_ms + ROBOTS_FRESH_MS;
}

void robots_set(struct robots *robots, bool obey, int64_t pause_ms, bool same, int64_t now_ms)
{
    robots->obey = obey;
    robots->pause_ms = pause_ms;
    robots->next_ms = now_ms;
    robots->failures = 0;
    if (same)
        return;
    robots->outdated = robots->asked_by_ms > 0;
    robots->verdict = ROBOTS_UNKNOWN;
    robots->crawl_delay_ms = 0;
}

uint64_t robots_crawl_delay_ms(const struct robots *robots)
{
    return robots->obey ? robots->crawl_delay_ms : 0;
}

bool robots_wanted(const struct robots *robots, int64_t now_ms)
{
    return robots->obey && now_ms >= robots->next_ms && now_ms >= robots->asked_by_ms;
}

void robots_asked(struct robots *robots, int64_t patience_ms, int64_t now_ms)
{
    robots->asked_by_ms = now_ms + patience_ms;
    robots->outdated = false;
}

static int64_t doubled(int64_t pause_ms, unsigned times, int64_t most_ms)
{
    for (unsigned i = 1; i < times && pause_ms < most_ms; i++)
        pause_ms *= 2;
    return pause_ms < most_ms ? pause_ms : most_ms;
}

void robots_lost(struct robots *robots, int64_t now_ms)
{
    robots->asked_by_ms = 0;
    robots->outdated = false;
    robots->losses++;
    robots->next_ms = now_ms + doubled(LOST_PAUSE_MS, robots->losses, PAUSE_MOST_MS);
}

void robots_told(struct robots *robots, const struct message_rules *rules, int64_t now_ms)
{
    robots->asked_by_ms = 0;
    robots->losses = 0;
    if (robots->outdated) {
        robots->outdated = false;
        return;
    }
    memcpy(robots->problem, rules->problem, sizeof robots->problem);
    if (rules->outcome == ROBOTS_OUTCOME_UNREACHABLE) {
        int64_t most_ms = robots->pause_ms > PAUSE_MOST_MS ? robots->pause_ms : PAUSE_MOST_MS;
        robots->failures++;
        robots->reason = rules->failure;
        robots->http_status = rules->http_status;
        robots->next_ms = now_ms + doubled(robots->pause_ms, robots->failures, most_ms);
        return;
    }
    robots->failures = 0;
    robots->verdict = rules->allowed ? ROBOTS_ALLOWED : ROBOTS_REFUSED;
    robots->crawl_delay_ms = rules->crawl_delay_ms;
    robots->fetched_ms = now_ms;
    robots->next_ms = now_ms + ROBOTS_FRESH_MS;
}

enum robots_verdict robots_verdict(const struct robots *robots, int64_t now_ms)
{
    if (!robots->obey)
        return ROBOTS_ALLOWED;
    return now_ms - robots->fetched_ms < ROBOTS_STALE_MS ? robots->verdict : ROBOTS_UNKNOWN;
}
