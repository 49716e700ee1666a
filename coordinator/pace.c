#include "coordinator/pace.h"

#include <math.h>

#include "coordinator/politeness_record.h"

/* Chosen by simulation (tests/unit/test_pace.c): against a token bucket of 10 requests per second. */
#define SPAN_FIRST_MS   10000
#define SPAN_ANSWERS    100   /* … or for so many answers … */
#define SPAN_FIRST_MOST 60000 /* … but no longer */
#define SPAN_MOST_MS    240000
#define FIRST_START     0.5  /* of the rate at the first refusal … */
#define FIRST_KNEE      0.75 /* … and where the curve becomes flat then */
#define START           0.98 /* of a knee that was measured */
#define EVIDENCE        4    /* fewer requests are not too many in a second, whatever the answer */
#define KNEE_TOWARDS    0.3  /* what passed is a little less than the limit: so far towards what failed */
#define KNEE_AGREES     0.1  /* as a share: then the time of the curve doubles */
#define MEASURE_MS      3000 /* a knee is measured over at least so long … */
#define MEASURE_ANSWERS 20   /* … and so many answers */
#define CLOCK_STEP_MS   1000 /* a pause between two valid answers counts for no more than this … */
#define CLOCK_STEP_GAPS 2    /* … or this many times what it should be */

#define LATENCY_ANSWERS  32
#define LATENCY_GROWN    2.0   /* times the lowest mean */
#define LATENCY_LEAST_MS 250.0 /* nothing is slow below it */
#define LATENCY_CLAMP    10.0  /* one answer counts for no more than so many times the lowest mean */
#define FACTOR_LEAST     0.1
#define FACTOR_STEP      0.05
#define DAY_MS           86400000.0

struct pace pace_make(double ceiling_per_s, int64_t now_ms)
{
    return (struct pace){.ceiling_per_s = ceiling_per_s,
        .rate_per_s = ceiling_per_s,
        .span_ms = SPAN_FIRST_MS,
        .answered_ms = now_ms,
        .latency = {.factor = 1, .since_ms = now_ms}};
}

double pace_rate(const struct pace *pace)
{
    double rate = pace->rate_per_s * pace->latency.factor;
    double delayed = pace->least_gap_ms > 0 ? 1000 / pace->least_gap_ms : 0;
    if (delayed > 0 && (rate <= 0 || delayed < rate))
        return delayed;
    return rate;
}

/* ---- what was sent ---- */

void pace_sent(struct pace *pace, int64_t now_ms)
{
    int64_t second = now_ms / 1000;
    if (!pace->sending || second > pace->sent_second) {
        pace->sent_at = (pace->sent_at + 1) % PACE_SECONDS;
        pace->sent[pace->sent_at] = 0;
        pace->sent_second = second;
        pace->sending = true;
    }
    pace->sent[pace->sent_at]++;
    pace->sent_since++;
}

/* The rate that the service has seen: what is allowed may be more than we made use of. */
static double rate_in_use(const struct pace *pace)
{
    double most = 1;
    for (int i = 0; i < PACE_SECONDS; i++)
        most = pace->sent[i] > most ? pace->sent[i] : most;
    most = most < PACE_RATE_MOST ? most : PACE_RATE_MOST;
    return pace->rate_per_s > 0 && pace->rate_per_s < most ? pace->rate_per_s : most;
}

/* ---- the curve ---- */

static void set_rate(struct pace *pace, double rate)
{
    pace->rate_per_s = pace->ceiling_per_s > 0 && rate > pace->ceiling_per_s ? pace->ceiling_per_s : rate;
    if (pace->ceiling_per_s <= 0 && rate >= PACE_RATE_MOST)
        pace->rate_per_s = 0;
}

static void grow(struct pace *pace, int64_t elapsed_ms)
{
    if (pace->rate_per_s <= 0 || (pace->ceiling_per_s > 0 && pace->rate_per_s >= pace->ceiling_per_s))
        return;
    double most_ms = fmax(CLOCK_STEP_MS, CLOCK_STEP_GAPS * 1000 / pace->rate_per_s);
    pace->grown_ms += (int64_t)fmin((double)elapsed_ms, most_ms);
    double x = (double)(pace->grown_ms - pace->span_ms) / (double)pace->span_ms;
    double rate = pace->knee_per_s + (pace->knee_per_s - pace->start_per_s) * x * x * x;
    if (rate > pace->rate_per_s)
        set_rate(pace, rate);
}

static void begin_curve(struct pace *pace, double start, double knee, int64_t span_ms)
{
    pace->start_per_s = start;
    pace->knee_per_s = knee;
    pace->span_ms = span_ms;
    pace->grown_ms = 0;
    double rate = start > PACE_RATE_LEAST ? start : PACE_RATE_LEAST;
    if (pace->rate_per_s <= 0 || rate < pace->rate_per_s)
        pace->rate_per_s = rate;
}

static int64_t first_span_ms(double knee)
{
    return (int64_t)fmax(SPAN_FIRST_MS, fmin(SPAN_ANSWERS * 1000 / knee, SPAN_FIRST_MOST));
}

bool pace_refused(struct pace *pace, int64_t sent_ms, int64_t now_ms)
{
    pace->answered_ms = now_ms;
    if (pace->sent_since < EVIDENCE || (pace->lowered && sent_ms <= pace->lowered_ms))
        return false;
    double failed = rate_in_use(pace), old_knee = pace->knee_per_s;
    int64_t elapsed_ms = now_ms - pace->lowered_ms;
    if (pace->lowered && elapsed_ms >= MEASURE_MS && pace->passed >= MEASURE_ANSWERS) {
        double passed = (double)pace->passed * 1000 / (double)elapsed_ms;
        double knee = fmax(fmin(passed + KNEE_TOWARDS * (failed - passed), failed), failed / 2);
        bool agrees = fabs(knee - old_knee) <= KNEE_AGREES * old_knee;
        int64_t span_ms = agrees ? pace->span_ms * 2 : first_span_ms(knee);
        begin_curve(pace, START * knee, knee, span_ms < SPAN_MOST_MS ? span_ms : SPAN_MOST_MS);
    } else {
        begin_curve(pace, FIRST_START * failed, FIRST_KNEE * failed, first_span_ms(failed));
    }
    pace->lowered = true;
    pace->lowered_ms = now_ms;
    pace->passed = pace->sent_since = 0;
    return true;
}

void pace_forget(struct pace *pace)
{
    if (pace->ceiling_per_s > 0)
        begin_curve(pace, FIRST_START * pace->ceiling_per_s, FIRST_KNEE * pace->ceiling_per_s, SPAN_FIRST_MS);
}

bool pace_is_lowered(const struct pace *pace)
{
    return pace->rate_per_s > 0 && (pace->ceiling_per_s <= 0 || pace->rate_per_s < pace->ceiling_per_s);
}

void pace_set_ceiling(struct pace *pace, double ceiling_per_s)
{
    bool lowered = pace_is_lowered(pace);
    pace->ceiling_per_s = ceiling_per_s;
    set_rate(pace, lowered ? pace->rate_per_s : ceiling_per_s);
}

void pace_restore(struct pace *pace, const struct politeness_record *record)
{
    pace->latency.base_ms = record->latency_base_ms;
    pace->latency.factor = fmax(record->latency_factor, FACTOR_LEAST);
    if (record->rate_per_s <= 0)
        return;
    pace->knee_per_s = record->knee_per_s;
    pace->start_per_s = fmin(record->start_per_s, record->knee_per_s);
    pace->span_ms = (int64_t)record->span_ms;
    pace->grown_ms = (int64_t)record->grown_ms;
    set_rate(pace, fmax(record->rate_per_s, PACE_RATE_LEAST));
}

/* ---- latency ---- */

/* What the rate is to be multiplied by, for a mean of `mean_ms`. */
static double factor_for(const struct pace_latency *latency, double mean_ms)
{
    double bearable_ms = fmax(LATENCY_GROWN * latency->base_ms, LATENCY_LEAST_MS);
    return mean_ms > bearable_ms ? fmax(bearable_ms / mean_ms, FACTOR_LEAST) : 1;
}

static void lower_for_latency(struct pace *pace, double factor)
{
    struct pace_latency *latency = &pace->latency;
    if (pace->rate_per_s <= 0) {
        /* There was no limit to multiply: from now on it is what was in use. */
        double rate = rate_in_use(pace);
        begin_curve(pace, rate, rate / START, first_span_ms(rate));
    }
    latency->factor = fmax(factor, latency->factor / 2);
}

static void take_mean(struct pace *pace, int64_t now_ms)
{
    struct pace_latency *latency = &pace->latency;
    double mean_ms = latency->sum_ms / latency->count;
    double elapsed_ms = (double)(now_ms - latency->since_ms);
    latency->mean_ms = mean_ms;
    if (!latency->tainted) {
        double risen_ms = latency->base_ms * (1 + fmin(elapsed_ms / DAY_MS, 1));
        latency->base_ms = latency->base_ms <= 0 || mean_ms < risen_ms ? mean_ms : risen_ms;
    }
    double factor = factor_for(latency, mean_ms);
    if (factor < latency->factor)
        lower_for_latency(pace, factor);
    else if (!latency->tainted)
        latency->factor = fmin(factor, latency->factor + FACTOR_STEP);
    latency->sum_ms = 0;
    latency->count = 0;
    latency->tainted = false;
    latency->since_ms = now_ms;
}

static void add_latency(struct pace *pace, double latency_ms, int64_t now_ms)
{
    struct pace_latency *latency = &pace->latency;
    double most_ms = LATENCY_CLAMP * fmax(latency->base_ms, LATENCY_LEAST_MS / LATENCY_GROWN);
    latency->sum_ms += latency_ms < most_ms ? latency_ms : most_ms;
    if (++latency->count == LATENCY_ANSWERS)
        take_mean(pace, now_ms);
}

/* ---- answers ---- */

void pace_valid(struct pace *pace, uint32_t requests, double latency_ms, int64_t now_ms)
{
    pace->passed += requests;
    if (now_ms > pace->answered_ms)
        grow(pace, now_ms - pace->answered_ms);
    pace->answered_ms = now_ms;
    add_latency(pace, latency_ms, now_ms);
}

void pace_failed(struct pace *pace, double latency_ms, int64_t now_ms)
{
    pace->answered_ms = now_ms;
    /* A quick failure is no sign of a quick service. */
    if (latency_ms <= 0 || latency_ms <= pace->latency.base_ms)
        return;
    pace->latency.tainted = true;
    add_latency(pace, latency_ms, now_ms);
}
