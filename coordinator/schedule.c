#include "coordinator/schedule.h"

#include <time.h>

#define DAY_S      ((int64_t)86400)
#define AROUND_S   (DAY_S + DAY_S / 2)   /* more than any offset from UTC, which is at most 14 h */
#define WALL_MOST  INT64_C(253402300799) /* seconds: the end of 9999, as in clock_rfc3339 */
#define UNSET_S    INT64_C(1000000000)   /* 2001: clocks that nobody has set show 1970 or 2000 */
#define TRUST_DAYS 1                     /* how far behind the last run's day the clock is still believed */
#define NEXT_DAYS  8                     /* within so many days there is one; a bound, not a limit met */

/* What the local clock shows at an instant, both in seconds since 1970-01-01 00:00 of their calendar. It goes
 * back where daylight saving ends. */
static int64_t local_of(int64_t instant_s)
{
    time_t instant = (time_t)instant_s;
    struct tm tm;
    return localtime_r(&instant, &tm) ? instant_s + tm.tm_gmtoff : instant_s;
}

/* The first instant at which the local clock shows `local_s` or, where it never does, later than that. Right
 * if the zone's offset changes at most once within the three days around it. */
static int64_t first_instant(int64_t local_s)
{
    int64_t low = local_s - AROUND_S, high = local_s + AROUND_S;
    int64_t before = local_s - (local_of(low) - low), after = local_s - (local_of(high) - high);
    int64_t early = before < after ? before : after, late = before < after ? after : before;
    if (local_of(early) == local_s)
        return early;
    if (local_of(late) == local_s)
        return late;
    /* A gap: the clock jumps over it, so it only grows around here. */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (local_of(middle) < local_s)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static int64_t day_of(int64_t local_s)
{
    return local_s >= 0 ? local_s / DAY_S : -((-local_s + DAY_S - 1) / DAY_S);
}

/* False for a day that the zone leaves out. */
static bool day_exists(int64_t day)
{
    return day_of(local_of(first_instant(day * DAY_S))) == day;
}

static int64_t due_s(const struct schedule *schedule, int64_t day)
{
    return first_instant(day * DAY_S + schedule->at_min * 60);
}

/* The last day whose time has come. It may be the one after today's: a clock that is set back over midnight
 * has shown tomorrow's time already. */
static int64_t last_day(const struct schedule *schedule, int64_t now_s)
{
    int64_t day = day_of(local_of(now_s)) + 1;
    while (due_s(schedule, day) > now_s || !day_exists(day))
        day--;
    return day;
}

static int64_t seconds(int64_t wall_ms)
{
    int64_t wall_s = wall_ms / 1000;
    return wall_s < 0 ? 0 : wall_s > WALL_MOST ? WALL_MOST : wall_s;
}

/* `today`, the last day whose time has come, is before the last one that had its run. */
static bool take_behind(struct schedule *schedule, int64_t today)
{
    int64_t last = schedule->day_back == SCHEDULE_NO_DAY ? schedule->day : schedule->day_back;
    if (last >= today && last - today <= TRUST_DAYS)
        return false;
    schedule->day_back = today;
    return last < today;
}

static bool take_day(struct schedule *schedule, int64_t today)
{
    if (schedule->day == SCHEDULE_NO_DAY) {
        schedule->day = today;
        return false;
    }
    if (today < schedule->day)
        return take_behind(schedule, today);
    if (today == schedule->day)
        return false;
    /* Days were left out: we were down, or the clock leapt and may leap back. */
    schedule->day_back = today > schedule->day + 1 ? schedule->day : SCHEDULE_NO_DAY;
    schedule->day = today;
    return true;
}

bool schedule_take(struct schedule *schedule, int64_t wall_ms)
{
    tzset(); /* the zone may have been changed */
    if (schedule->at_min < 0) {
        schedule->day = schedule->day_back = SCHEDULE_NO_DAY;
        return false;
    }
    int64_t now_s = seconds(wall_ms);
    return now_s >= UNSET_S && take_day(schedule, last_day(schedule, now_s));
}

int64_t schedule_next_ms(const struct schedule *schedule, int64_t wall_ms)
{
    if (schedule->at_min < 0)
        return INT64_MAX;
    struct schedule later = *schedule;
    int64_t day = last_day(schedule, seconds(wall_ms));
    int64_t most = day + NEXT_DAYS;
    do
        day++;
    while (day < most && (!day_exists(day) || !take_day(&later, day)));
    return due_s(schedule, day) * 1000;
}
