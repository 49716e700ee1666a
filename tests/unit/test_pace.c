#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "coordinator/bucket.h"
#include "coordinator/pace.h"

/* ---- a service with a limit, in simulated time ---- */

#define FLIGHT_MAX 64

struct flight {
    int64_t sent_ms, due_ms;
    bool refused;
};

/* What is simulated: a token bucket answers 429 with Retry-After; the crawler keeps `workers` busy. */
struct simulation {
    double ceiling_per_s, limit_per_s, limit_burst;
    int64_t retry_after_ms;
    unsigned workers;
    int64_t latency_ms;
    struct pace pace;
    struct bucket bucket;
    struct flight flights[FLIGHT_MAX];
    unsigned in_flight;
    double tokens;
    int64_t now_ms, filled_ms, gate_ms;
    unsigned done, refused, lowered;
};

static void end_flights(struct simulation *s)
{
    for (unsigned i = 0; i < s->in_flight;) {
        struct flight flight = s->flights[i];
        if (flight.due_ms > s->now_ms) {
            i++;
            continue;
        }
        s->flights[i] = s->flights[--s->in_flight];
        s->refused += flight.refused;
        s->done += !flight.refused;
        if (!flight.refused) {
            pace_valid(&s->pace, 1, (double)s->latency_ms, s->now_ms);
        } else {
            s->lowered += pace_refused(&s->pace, flight.sent_ms, s->now_ms);
            int64_t gate_ms = s->now_ms + s->retry_after_ms + random() % (s->retry_after_ms / 10 + 1);
            s->gate_ms = gate_ms > s->gate_ms ? gate_ms : s->gate_ms;
            bucket_drain(&s->bucket, s->gate_ms);
        }
        bucket_set_rate(&s->bucket, pace_rate(&s->pace), s->now_ms);
    }
}

static void begin_flights(struct simulation *s, unsigned total)
{
    while (s->now_ms >= s->gate_ms && s->in_flight < s->workers && s->done + s->in_flight < total &&
           bucket_take(&s->bucket, s->now_ms)) {
        pace_sent(&s->pace, s->now_ms);
        s->tokens =
            fmin(s->limit_burst, s->tokens + (double)(s->now_ms - s->filled_ms) * s->limit_per_s / 1000);
        s->filled_ms = s->now_ms;
        bool refused = s->tokens < 1;
        s->tokens -= !refused;
        s->flights[s->in_flight++] =
            (struct flight){s->now_ms, s->now_ms + s->latency_ms + random() % 20, refused};
    }
}

static void simulate(struct simulation *s, unsigned total)
{
    srandom(1);
    s->pace = pace_make(s->ceiling_per_s, 0);
    s->bucket = bucket_make(s->ceiling_per_s, 8, 0);
    s->tokens = s->limit_burst;
    for (; s->done < total; s->now_ms++) {
        end_flights(s);
        begin_flights(s, total);
    }
    print_message("configured %g/s, limit %g/s: %u requests in %.1f s (ideal %.1f), %u refused, lowered %u "
                  "times\n",
        s->ceiling_per_s, s->limit_per_s, total, (double)s->now_ms / 1000, total / s->limit_per_s, s->refused,
        s->lowered);
}

/* The numbers: 10 requests per second, 300 ms; lost less than 5 %, refused fewer than 1 %. */
static void converges_on_the_limit_of_a_service(void **state)
{
    (void)state;
    const double ceilings[] = {12, 15, 20, 40, 100, 0};
    for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
        struct simulation s = {.ceiling_per_s = ceilings[i],
            .limit_per_s = 10,
            .limit_burst = 10,
            .retry_after_ms = 1000,
            .workers = 8,
            .latency_ms = 300};
        simulate(&s, 1200);
        assert_true((double)s.now_ms / 1000 < 1200 / s.limit_per_s * 1.05);
        assert_true(s.refused < 1200 / 100);
    }
}

static void converges_on_other_limits_too(void **state)
{
    (void)state;
    const struct {
        double limit;
        unsigned total;
    } cases[] = {{1, 1200}, {3, 1800}, {50, 6000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct simulation s = {.ceiling_per_s = 4 * cases[i].limit,
            .limit_per_s = cases[i].limit,
            .limit_burst = cases[i].limit + 2,
            .retry_after_ms = 1000,
            .workers = 40,
            .latency_ms = 300};
        simulate(&s, cases[i].total);
        assert_true((double)s.now_ms / 1000 < cases[i].total / s.limit_per_s * 1.05);
        assert_true(s.refused < cases[i].total / 100);
    }
}

static void a_rate_below_the_limit_is_never_lowered(void **state)
{
    (void)state;
    struct simulation s = {.ceiling_per_s = 9,
        .limit_per_s = 10,
        .limit_burst = 10,
        .retry_after_ms = 1000,
        .workers = 8,
        .latency_ms = 300};
    simulate(&s, 600);
    assert_int_equal(s.refused, 0);
    assert_true(s.pace.rate_per_s == 9);
}

/* ---- refusals ---- */

static void a_volley_counts_once(void **state)
{
    (void)state;
    struct pace pace = pace_make(16, 0);
    for (int64_t now = 0; now < 4000; now += 50)
        pace_sent(&pace, now);
    assert_true(pace_refused(&pace, 3700, 4000));
    double lowered = pace_rate(&pace);
    assert_true(fabs(lowered - 8) < 0.01);
    for (int64_t sent = 3750; sent <= 4000; sent += 50)
        assert_false(pace_refused(&pace, sent, sent + 300));
    assert_true(pace_rate(&pace) == lowered);
    for (int i = 0; i < 3; i++) {
        pace_sent(&pace, 4001); /* too few to be too many */
        assert_false(pace_refused(&pace, 4001, 4300));
    }
    pace_sent(&pace, 4001);
    assert_true(pace_refused(&pace, 4001, 4300));
    assert_true(pace_rate(&pace) < lowered);
}

static void what_is_lowered_is_what_was_in_use(void **state)
{
    (void)state;
    struct pace pace = pace_make(1000, 0);
    for (int64_t now = 0; now < 4000; now += 100)
        pace_sent(&pace, now);
    assert_true(pace_refused(&pace, 3900, 4000));
    assert_true(fabs(pace_rate(&pace) - 5) < 0.6);
}

/* Answers may take longer than the seconds that are remembered. */
static void a_refusal_after_a_long_wait_lowers_what_was_in_use_before(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    for (int64_t now = 0; now < 4000; now += 250)
        pace_sent(&pace, now);
    assert_true(pace_refused(&pace, 3750, 64000));
    assert_true(pace_rate(&pace) == 2);
}

static void without_a_limit_the_measured_rate_becomes_one(void **state)
{
    (void)state;
    struct pace pace = pace_make(0, 0);
    assert_true(pace_rate(&pace) == 0);
    for (int64_t now = 0; now < 4000; now += 10)
        pace_sent(&pace, now);
    assert_true(pace_refused(&pace, 3900, 4000));
    assert_true(fabs(pace_rate(&pace) - 50) < 1);
}

static void a_long_good_time_gives_the_whole_rate_back(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    for (int64_t now = 0; now < 4000; now += 250)
        pace_sent(&pace, now);
    assert_true(pace_refused(&pace, 3900, 4000));
    assert_true(fabs(pace_rate(&pace) - 2) < 0.01);
    double before = 0;
    for (int64_t now = 4500; now < 60000; now += 500) {
        pace_valid(&pace, 1, 100, now);
        assert_true(pace_rate(&pace) >= before && pace_rate(&pace) <= 4);
        before = pace_rate(&pace);
    }
    assert_true(pace_rate(&pace) == 4);
}

static void an_idle_night_is_no_reason_to_go_faster(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    for (int64_t now = 0; now < 4000; now += 250)
        pace_sent(&pace, now);
    pace_refused(&pace, 3900, 4000);
    pace_valid(&pace, 1, 100, 4000 + 12 * 3600 * 1000);
    assert_true(pace_rate(&pace) < 2.6);
}

/* Rule 5 and FAULTS B19, over random lives. */
static void only_valid_answers_ever_speed_up(void **state)
{
    (void)state;
    srandom(7);
    for (int life = 0; life < 300; life++) {
        struct pace pace = pace_make(random() % 3 ? (double)(random() % 100) / 3 : 0, 0);
        int64_t now = 0;
        for (int step = 0; step < 2000; step++) {
            double before = pace_rate(&pace);
            now += random() % 400;
            pace_sent(&pace, now);
            long what = random() % 8;
            if (what == 0) {
                pace_refused(&pace, now - random() % 500, now);
            } else if (what < 4) {
                pace_failed(&pace, (double)(random() % 3000), now);
            } else {
                pace_valid(&pace, 1, (double)(random() % 700), now);
                assert_true(pace.ceiling_per_s <= 0 ||
                            (pace_rate(&pace) > 0 && pace_rate(&pace) <= pace.ceiling_per_s));
                continue;
            }
            double after = pace_rate(&pace);
            assert_true(before <= 0 || (after > 0 && after <= before));
        }
    }
}

/* ---- latency ---- */

static void answer(struct pace *pace, int64_t *now_ms, unsigned count, double latency_ms)
{
    for (unsigned i = 0; i < count; i++) {
        pace_sent(pace, *now_ms);
        *now_ms += 250;
        pace_valid(pace, 1, latency_ms, *now_ms);
    }
}

static void follows_a_latency_that_grows_and_falls(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    int64_t now = 0;
    answer(&pace, &now, 320, 300);
    assert_true(pace_rate(&pace) == 4);
    answer(&pace, &now, 32, 590); /* less than twice */
    assert_true(pace_rate(&pace) == 4);
    answer(&pace, &now, 320, 3000); /* FAULTS D5 36: ten times */
    assert_true(pace_rate(&pace) > 0.7 && pace_rate(&pace) < 0.9);
    answer(&pace, &now, 32 * 5, 300);
    assert_true(pace_rate(&pace) > 1 && pace_rate(&pace) < 2.5);
    answer(&pace, &now, 32 * 20, 300);
    assert_true(pace_rate(&pace) == 4);
}

static void a_latency_that_creeps_up_in_an_hour_is_seen(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    int64_t now = 0;
    for (int i = 0; i < 13500; i++)
        answer(&pace, &now, 1, 300 + i * 0.2);
    assert_true(now < 3700 * 1000);
    assert_true(pace_rate(&pace) < 1);
}

static void noise_of_a_quick_service_is_none(void **state)
{
    (void)state;
    struct pace pace = pace_make(0, 0);
    int64_t now = 0;
    answer(&pace, &now, 320, 0.2);
    answer(&pace, &now, 320, 200);
    assert_true(pace_rate(&pace) == 0);
    answer(&pace, &now, 64, 1000);
    assert_true(pace_rate(&pace) > 0 && pace_rate(&pace) <= 5);
}

static void one_slow_answer_is_no_trend(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    int64_t now = 0;
    answer(&pace, &now, 320, 300);
    for (int i = 0; i < 20; i++) {
        answer(&pace, &now, 31, 300);
        pace_failed(&pace, 120000, now); /* one time-out among them */
        assert_true(pace_rate(&pace) == 4);
    }
}

static void a_delay_asked_for_bounds_the_rate(void **state)
{
    (void)state;
    struct pace pace = pace_make(4, 0);
    pace.least_gap_ms = 2000;
    assert_true(pace_rate(&pace) == 0.5);
    pace.least_gap_ms = 100; /* more than is configured */
    assert_true(pace_rate(&pace) == 4);
    pace = pace_make(0, 0);
    pace.least_gap_ms = 2000;
    assert_true(pace_rate(&pace) == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converges_on_the_limit_of_a_service),
        cmocka_unit_test(converges_on_other_limits_too),
        cmocka_unit_test(a_rate_below_the_limit_is_never_lowered),
        cmocka_unit_test(a_volley_counts_once),
        cmocka_unit_test(what_is_lowered_is_what_was_in_use),
        cmocka_unit_test(a_refusal_after_a_long_wait_lowers_what_was_in_use_before),
        cmocka_unit_test(without_a_limit_the_measured_rate_becomes_one),
        cmocka_unit_test(a_long_good_time_gives_the_whole_rate_back),
        cmocka_unit_test(an_idle_night_is_no_reason_to_go_faster),
        cmocka_unit_test(only_valid_answers_ever_speed_up),
        cmocka_unit_test(follows_a_latency_that_grows_and_falls),
        cmocka_unit_test(a_latency_that_creeps_up_in_an_hour_is_seen),
        cmocka_unit_test(noise_of_a_quick_service_is_none),
        cmocka_unit_test(one_slow_answer_is_no_trend),
        cmocka_unit_test(a_delay_asked_for_bounds_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
