#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

#include "coordinator/schedule.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

/* An instant given in UTC. */
static int64_t utc(int year, int month, int day, int hour, int minute)
{
    struct tm tm = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};
    return (int64_t)timegm(&tm) * 1000;
}

/* A local date as a number, in the schedule's way. */
static int64_t date(int year, int month, int day)
{
    return utc(year, month, day, 0, 0) / DAY_MS;
}

/* ---- whole years against a plain reading of the local clock, minute by minute ---- */

struct reader {
    int64_t at_min;
    int64_t next;         /* the day whose run comes next */
    int64_t most_minutes; /* the latest local time shown so far */
    int64_t last_seen;    /* the latest local date shown so far */
};

/* True if at this minute the run of reader->next is due; days that are never shown are left out. */
static bool reader_sees_run(struct reader *reader, int64_t wall_ms, int64_t offset_s)
{
    int64_t minutes = (wall_ms / 1000 + offset_s) / 60;
    int64_t shown = minutes / 1440;
    if (minutes > reader->most_minutes)
        reader->most_minutes = minutes;
    int64_t seen_before = reader->last_seen;
    if (shown > reader->last_seen)
        reader->last_seen = shown;
    bool run = false;
    while (reader->most_minutes >= reader->next * 1440 + reader->at_min) {
        run |= reader->next <= seen_before || reader->next == shown;
        reader->next++;
    }
    return run;
}

static int64_t offset_at(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    assert_non_null(localtime_r(&seconds, &tm));
    return tm.tm_gmtoff;
}

struct year {
    const char *zone;
    int year;
    int days;    /* that the local calendar of the year has */
    int changes; /* of the offset within the year: the zone is installed */
};

static const struct year years[] = {
    {"UTC", 2026, 365, 0},
    {"Europe/Berlin", 2026, 365, 2},
    {"Europe/Berlin", 2028, 366, 2},
    {"America/New_York", 2026, 365, 2},
    {"Australia/Lord_Howe", 2026, 365, 2}, /* half an hour */
    {"Pacific/Apia", 2011, 364, 3},        /* 2011-12-30 was left out */
    {"Asia/Beirut", 2022, 365, 2},         /* midnight is left out */
    {"America/St_Johns", 2006, 365, 2},    /* 00:01 becomes 23:01 of the day before */
    {"America/Nuuk", 2024, 366, 2},        /* the last hour of a Saturday is left out */
    {"Asia/Kathmandu", 2026, 365, 0},
};

static bool offset_changes_near(int64_t wall_ms)
{
    return offset_at(wall_ms - 2 * DAY_MS) != offset_at(wall_ms + 2 * DAY_MS);
}

/* Every minute around a change of the offset and around the run's time in the nearer offsets; between them
 * nothing can happen, and every 59th does. */
static void check_year(const struct year *year, int64_t at_min)
{
    set_zone(year->zone);
    int64_t wall_ms = utc(year->year, 1, 1, 0, 0) - offset_at(utc(year->year, 1, 1, 0, 0)) * 1000;
    int64_t end_ms = utc(year->year + 1, 1, 1, 0, 0) - offset_at(utc(year->year + 1, 1, 1, 0, 0)) * 1000;
    int64_t first = date(year->year, 1, 1);
    struct schedule schedule = {.at_min = at_min, .day = first - 1};
    struct reader reader = {.at_min = at_min, .next = first, .last_seen = first - 1};
    int runs = 0, changes = 0;
    int64_t offset_s = offset_at(wall_ms), next_ms = 0, looked_ms = wall_ms;
    bool near = true;
    for (int64_t minute = 0; wall_ms < end_ms; minute++, wall_ms += MINUTE_MS) {
        if (minute % 720 == 0)
            near = offset_changes_near(wall_ms);
        if (!near && minute % 59)
            continue;
        int64_t now_s = offset_at(wall_ms);
        changes += now_s != offset_s;
        offset_s = now_s;
        bool expected = reader_sees_run(&reader, wall_ms, offset_s);
        bool taken = schedule_take(&schedule, wall_ms);
        if (taken != expected)
            fail_msg("%s %d at minute %d: run %d instead of %d at %lld", year->zone, year->year, (int)at_min,
                taken, expected, (long long)wall_ms);
        if (taken) {
            assert_true(next_ms == 0 || (looked_ms < next_ms && next_ms <= wall_ms));
            next_ms = schedule_next_ms(&schedule, wall_ms);
        }
        looked_ms = wall_ms;
        runs += taken;
    }
    assert_int_equal(changes, year->changes);
    /* One whose time does not exist on the year's last evening falls into the next year, or into this one. */
    assert_in_range((uint64_t)runs, (uint64_t)year->days - 1, (uint64_t)year->days);
}

static void each_local_day_has_one_run(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 30, 105, 150, 4 * 60 + 45, 23 * 60 + 1, 23 * 60 + 30, 24 * 60 - 1};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++)
        for (size_t j = 0; j < sizeof times / sizeof *times; j++)
            check_year(&years[i], times[j]);
}

/* ---- single instants ---- */

static void assert_next(int64_t at_min, int64_t from_ms, int64_t expected_ms)
{
    struct schedule schedule = {.at_min = at_min};
    assert_false(schedule_take(&schedule, from_ms));
    assert_int_equal(schedule_next_ms(&schedule, from_ms), expected_ms);
    assert_false(schedule_take(&schedule, expected_ms - 1000));
    assert_true(schedule_take(&schedule, expected_ms));
    assert_false(schedule_take(&schedule, expected_ms));
}

static void knows_gaps_and_repeated_hours(void **state)
{
    (void)state;
    set_zone("Europe/Berlin");
    assert_next(285, utc(2026, 7, 1, 12, 0), utc(2026, 7, 2, 2, 45));
    assert_next(150, utc(2026, 3, 28, 12, 0), utc(2026, 3, 29, 1, 0));    /* 02:30 does not exist: 03:00 */
    assert_next(150, utc(2026, 10, 24, 12, 0), utc(2026, 10, 25, 0, 30)); /* 02:30 twice: the first */
    set_zone("Australia/Lord_Howe");
    assert_next(135, utc(2026, 10, 3, 0, 0), utc(2026, 10, 3, 15, 30)); /* 02:15 does not exist: 02:30 */
    set_zone("Pacific/Apia");
    assert_next(285, utc(2011, 12, 29, 20, 0), utc(2011, 12, 30, 14, 45)); /* the 31st, as there is no 30th */
}

static void never_is_never(void **state)
{
    (void)state;
    struct schedule schedule = {.at_min = -1, .day = 20000, .day_back = 3};
    assert_false(schedule_take(&schedule, utc(2026, 1, 1, 0, 0)));
    assert_int_equal(schedule_next_ms(&schedule, 0), INT64_MAX);
    assert_int_equal(schedule.day, SCHEDULE_NO_DAY); /* switched on again, it owes nothing */
}

/* ---- down, asleep, clocks that are wrong ---- */

static void several_missed_days_are_one_run(void **state)
{
    (void)state;
    set_zone("Europe/Berlin");
    struct schedule schedule = {.at_min = 285, .day = date(2026, 5, 1)};
    assert_true(schedule_take(&schedule, utc(2026, 5, 9, 17, 0)));
    assert_false(schedule_take(&schedule, utc(2026, 5, 9, 17, 0)));
    assert_int_equal(schedule.day, date(2026, 5, 9));
    assert_true(schedule_take(&schedule, utc(2026, 5, 10, 2, 45)));
}

static void the_first_start_owes_nothing(void **state)
{
    (void)state;
    set_zone("UTC");
    struct schedule schedule = {.at_min = 285};
    assert_false(schedule_take(&schedule, utc(2026, 5, 1, 3, 0)));
    assert_int_equal(schedule.day, date(2026, 4, 30));
    assert_true(schedule_take(&schedule, utc(2026, 5, 1, 5, 0)));
}

static void a_clock_of_another_year_for_a_while(void **state)
{
    (void)state;
    set_zone("UTC");
    const int64_t wrong[] = {utc(1970, 1, 1, 0, 1), utc(2000, 1, 1, 0, 0), utc(2036, 1, 1, 12, 0),
        utc(9999, 12, 30, 0, 0), INT64_MAX, INT64_MIN, utc(2026, 5, 4, 12, 0)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct schedule schedule = {.at_min = 285, .day = date(2026, 4, 30)};
        bool ahead = wrong[i] > utc(2026, 5, 1, 0, 0);
        assert_int_equal(schedule_take(&schedule, wrong[i]), ahead);
        assert_false(schedule_take(&schedule, wrong[i]));
        /* Right again before the day's run: it comes, once, and so do the next ones. */
        assert_false(schedule_take(&schedule, utc(2026, 5, 1, 4, 0)));
        assert_true(schedule_take(&schedule, utc(2026, 5, 1, 4, 45)));
        assert_false(schedule_take(&schedule, utc(2026, 5, 2, 4, 0)));
        assert_true(schedule_take(&schedule, utc(2026, 5, 2, 4, 45)));
        /* Wrong, not set at all, and right again after it: nothing. */
        schedule_take(&schedule, wrong[i]);
        assert_false(schedule_take(&schedule, utc(1971, 1, 1, 0, 0)));
        assert_false(schedule_take(&schedule, utc(2026, 5, 2, 5, 0)));
        assert_true(schedule_take(&schedule, utc(2026, 5, 3, 5, 0)));
    }
}

static void a_clock_set_back_for_good_does_not_block(void **state)
{
    (void)state;
    set_zone("UTC");
    struct schedule schedule = {.at_min = 285, .day = date(2036, 4, 30)};
    assert_true(schedule_take(&schedule, utc(2036, 5, 1, 5, 0)));
    assert_false(schedule_take(&schedule, utc(2026, 5, 1, 5, 0)));
    for (int day = 2; day < 30; day++) {
        assert_int_equal(schedule_next_ms(&schedule, utc(2026, 5, day, 4, 0)), utc(2026, 5, day, 4, 45));
        assert_true(schedule_take(&schedule, utc(2026, 5, day, 4, 45)));
        assert_false(schedule_take(&schedule, utc(2026, 5, day, 3, 0)));
        assert_false(schedule_take(&schedule, utc(2026, 5, day, 23, 0)));
    }
}

static void another_zone_brings_no_second_run(void **state)
{
    (void)state;
    set_zone("Pacific/Kiritimati"); /* 14 hours ahead */
    struct schedule schedule = {.at_min = 285, .day = date(2026, 5, 1)};
    assert_true(schedule_take(&schedule, utc(2026, 5, 1, 14, 45)));
    set_zone("Pacific/Honolulu"); /* 10 hours behind */
    assert_false(schedule_take(&schedule, utc(2026, 5, 1, 14, 46)));
    assert_false(schedule_take(&schedule, utc(2026, 5, 2, 14, 45)));
    assert_true(schedule_take(&schedule, utc(2026, 5, 3, 14, 45)));
}

/* Random walks: sleeps, and a clock that is set by up to a day, back and forth. Each day has one run. */
static void walks_with_jumps_have_one_run_a_day(void **state)
{
    (void)state;
    enum { DAYS = 400 };
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"};
    uint32_t seed = 7;
    for (int walk = 0; walk < 40; walk++) {
        uint8_t runs[DAYS] = {0};
        set_zone(zones[walk % 4]);
        int64_t first = date(2026, 1, 1), wall_ms = utc(2026, 1, 1, 12, 0), true_ms = wall_ms;
        struct schedule schedule = {.at_min = walk * 37 % 1440, .day = SCHEDULE_NO_DAY};
        schedule_take(&schedule, wall_ms);
        int64_t start = schedule.day;
        while (true_ms < utc(2026, 12, 1, 0, 0)) {
            seed = seed * 1664525 + 1013904223;
            int64_t step_ms = (int64_t)(seed >> 8) % (6 * HOUR_MS);
            true_ms += step_ms;
            wall_ms += step_ms;
            if ((seed & 7) == 0) /* set wrong by up to a day, or right again */
                wall_ms = true_ms + (int64_t)(seed >> 5 & 3) * DAY_MS / 3 - (walk & 1) * DAY_MS;
            struct schedule was = schedule;
            if (schedule_take(&schedule, wall_ms)) {
                int64_t day = schedule.day != was.day ? schedule.day : schedule.day_back;
                assert_in_range((uint64_t)(day - first), 0, DAYS - 1);
                assert_int_equal(runs[day - first]++, 0);
            }
        }
        for (int64_t day = start + 1; day < schedule.day - 2; day++)
            assert_int_equal(runs[day - first], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_local_day_has_one_run),
        cmocka_unit_test(knows_gaps_and_repeated_hours),
        cmocka_unit_test(never_is_never),
        cmocka_unit_test(several_missed_days_are_one_run),
        cmocka_unit_test(the_first_start_owes_nothing),
        cmocka_unit_test(a_clock_of_another_year_for_a_while),
        cmocka_unit_test(a_clock_set_back_for_good_does_not_block),
        cmocka_unit_test(another_zone_brings_no_second_run),
        cmocka_unit_test(walks_with_jumps_have_one_run_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
