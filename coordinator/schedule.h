#ifndef R3E_COORDINATOR_SCHEDULE_H
#define R3E_COORDINATOR_SCHEDULE_H
/* Once each local day at a fixed local time: `refresh.daily_at`. Pure but for the time zone, which is the
 * process's (TZ, else /etc/localtime); times are given.
 *
 * What counts is not how long ago the last run was but which local day it was for: each local day has one
 * run, which is due at the first instant at which the local clock shows the time, or a later one of that day.
 * So:
 *   - a time that daylight saving leaves out is due at the first instant after the gap, one that comes twice
 *     is due the first time only; a day that a zone leaves out altogether (Apia, 2011-12-30) has no run;
 *   - whoever was asleep or down at the time catches up as soon as it asks again, once for all missed days;
 *   - a clock set forward brings the run of the day it was set to; when it is right again, each day still has
 *     one run and no more;
 *   - a clock that shows a time before September 2001 was not set yet: nothing happens until it is;
 *   - a clock set back by a day brings nothing: those days had their run. Set back further, the day it was
 * set to counts as served and the following ones have their run, as nobody can know which of the two clocks
 *     was right and a clock of 2038 must not keep us from fetching for years. */
#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_NO_DAY 0 /* 1970-01-01: never a day with a run */

/* Days are numbered in the local calendar, 1970-01-01 being 0. */
struct schedule {
    int64_t at_min;   /* minutes after midnight; negative: never */
    int64_t day;      /* the greatest one that had its run; SCHEDULE_NO_DAY: not known */
    int64_t day_back; /* the last one served below `day` where days before it were left out; else NO_DAY */
};

/* True if a run is due at this wall-clock time; its day then has had it. The owner keeps `day` and
 * `day_back` whenever they have changed, whatever the answer: where no day is known, the present one
 * counts as served, so that the first start of all is not a missed run. */
bool schedule_take(struct schedule *schedule, int64_t wall_ms);

/* When the next one is due, after schedule_take has said that none is now; INT64_MAX if never. For people,
 * and to know how long one may sleep; right until the clock or the zone is changed. */
int64_t schedule_next_ms(const struct schedule *schedule, int64_t wall_ms);

#endif
