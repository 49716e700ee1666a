#include "coordinator/status_reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "common/plural.h"

#define DAY_MS     ((int64_t)24 * 3600 * 1000)
#define CLOCK_SIZE 32

static void __attribute__((format(printf, 2, 3)))
say(char out[static STATUS_REASON_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(out, STATUS_REASON_SIZE, format, arguments) < 0)
        out[0] = '\0';
    va_end(arguments);
}

/* "04:45" within a day, else with the day of the week, or the date where that would be ambiguous. */
static void local_time(int64_t at_ms, int64_t wall_ms, char out[static CLOCK_SIZE])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm local;
    int64_t away_ms = at_ms - wall_ms;
    size_t length = 0;
    if (!localtime_r(&seconds, &local))
        length = 0;
    else if (away_ms < DAY_MS)
        length = strftime(out, CLOCK_SIZE, "%H:%M", &local);
    else if (away_ms < 6 * DAY_MS)
        length = strftime(out, CLOCK_SIZE, "%A %H:%M", &local);
    else
        length = strftime(out, CLOCK_SIZE, "%Y-%m-%d %H:%M", &local);
    if (!length)
        out[0] = '\0';
}

static void say_fetching(const struct status_reason_facts *facts, char out[static STATUS_REASON_SIZE])
{
    const struct refresh_progress *progress = &facts->progress;
    if (progress->targeted_left)
        say(out, "%u %s first", progress->targeted_left,
            plural(progress->targeted_left, "board that was asked for by name comes",
                "boards that were asked for by name come"));
    else if (progress->full_since_ms)
        say(out, "a full refresh, %u of %u boards %s left", progress->full_left, facts->total,
            plural(progress->full_left, "is", "are"));
    else if (facts->missing)
        say(out, "%u %s never fetched", facts->missing, plural(facts->missing, "board was", "boards were"));
    else if (facts->retrying && facts->retrying == facts->left)
        say(out, "%u %s next attempt", facts->retrying,
            plural(facts->retrying, "board failed and waits for its", "boards failed and wait for their"));
    else
        say(out, "%u %s too old", facts->left, plural(facts->left, "board is", "boards are"));
}

static void say_waiting(const struct status_reason_facts *facts, char out[static STATUS_REASON_SIZE])
{
    char at[CLOCK_SIZE];
    int64_t daily_ms = facts->progress.next_daily_ms, due_ms = facts->next_due_wall_ms;
    bool daily = daily_ms && (!due_ms || daily_ms <= due_ms);
    if (!daily_ms && !due_ms) {
        say(out, "nothing is due");
        return;
    }
    local_time(daily ? daily_ms : due_ms, facts->wall_ms, at);
    say(out, daily ? "waiting for %s, the daily refresh" : "waiting for %s, when the next board is due", at);
}

void status_reason(const struct status_reason_facts *facts, char out[static STATUS_REASON_SIZE])
{
    if (facts->hold) {
        say(out, "%s", facts->hold->text);
        return;
    }
    switch (facts->state) {
    case STATUS_STARTING:
        say(out, "the store is being read");
        break;
    case STATUS_FETCHING:
        say_fetching(facts, out);
        break;
    case STATUS_WAITING:
        say_waiting(facts, out);
        break;
    case STATUS_EXPORTING:
        say(out, "what was fetched is being published");
        break;
    case STATUS_DRAINING:
        say(out, "what is under way is finished and published, then it ends");
        break;
    case STATUS_STOPPING:
        say(out, "it was asked to stop, or cannot go on");
        break;
    case STATUS_DONE:
        say(out, "all that was due is done");
        break;
    }
}
