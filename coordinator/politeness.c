#include "coordinator/politeness.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"
#include "coordinator/breaker.h"
#include "coordinator/bucket.h"
#include "coordinator/gate.h"
#include "coordinator/pace.h"

#define RATE_CHANGED 1.25 /* worth saving: by more than this */

struct politeness {
    struct politeness_options options;
    struct holds *holds;
    struct bucket bucket;
    struct pace pace;
    struct breaker breaker;
    struct robots robots;
    struct gate gate;
    bool was_answered; /* rightly, since the start */
    bool changed;
    double saved_rate;
};

#define PATIENCE_WITH_A_SERVICE_THAT_WAS_UP 3u

/* ---- the holds ---- */

static void show_breaker(struct politeness *politeness, int64_t now_ms)
{
    const struct breaker *breaker = &politeness->breaker;
    const char *reason = failure_string(breaker->reason);
    switch (breaker->state) {
    case BREAKER_CLOSED:
        holds_clear(politeness->holds, HOLD_BREAKER, now_ms);
        break;
    case BREAKER_OPEN:
        holds_set(politeness->holds, HOLD_BREAKER, breaker->until_ms, now_ms,
            breaker->mixed ? "breaker open: %u × failures, the last %s; then one request tries it again"
                           : "breaker open: %u × %s; then one request tries it again",
            breaker->failures, reason);
        break;
    case BREAKER_PROBE:
        holds_set(politeness->holds, HOLD_BREAKER, HOLD_FOREVER, now_ms,
            "breaker open: %u × %s; one request tries it now", breaker->failures, reason);
        break;
    }
}

static void show_robots(struct politeness *politeness, int64_t now_ms)
{
    const struct robots *robots = &politeness->robots;
    enum robots_verdict verdict = robots_verdict(robots, now_ms);
    if (verdict == ROBOTS_ALLOWED)
        holds_clear(politeness->holds, HOLD_ROBOTS, now_ms);
    else if (verdict == ROBOTS_REFUSED)
        holds_set(politeness->holds, HOLD_ROBOTS, HOLD_FOREVER, now_ms,
            "the service's robots.txt refuses us (%.60s); if you have its leave, politeness.robots = false "
            "overrides it",
            robots->problem[0] ? robots->problem : "as it was when last fetched");
    else if (robots->failures)
        holds_set(politeness->holds, HOLD_ROBOTS, HOLD_FOREVER, now_ms,
            "robots.txt cannot be had (%.100s); it is tried again", robots->problem);
    else
        holds_set(politeness->holds, HOLD_ROBOTS, HOLD_FOREVER, now_ms, "robots.txt is being fetched");
}

/* ---- the rate ---- */

static void follow_pace(struct politeness *politeness, int64_t now_ms)
{
    double rate = pace_rate(&politeness->pace), saved = politeness->saved_rate;
    if (rate != politeness->bucket.rate_per_s)
        bucket_set_rate(&politeness->bucket, rate, now_ms);
    if (rate > saved * RATE_CHANGED || rate * RATE_CHANGED < saved)
        politeness->changed = true;
}

struct politeness *politeness_open(
    const struct politeness_options *options, struct holds *holds, int64_t now_ms)
{
    struct politeness *politeness = memory_zalloc(1, sizeof *politeness);
    politeness->options = *options;
    politeness->holds = holds;
    politeness->pace = pace_make(options->rate_per_s, now_ms);
    politeness->bucket = bucket_make(options->rate_per_s, options->burst, now_ms);
    politeness->saved_rate = options->rate_per_s;
    politeness->robots = robots_make(options->robots, options->breaker_pause_ms, now_ms);
    breaker_init(&politeness->breaker, options->breaker_failures, options->breaker_pause_ms);
    show_robots(politeness, now_ms);
    return politeness;
}

void politeness_close(struct politeness **pointer)
{
    free(*pointer);
    *pointer = NULL;
}

void politeness_set_options(
    struct politeness *politeness, const struct politeness_options *options, int64_t now_ms)
{
    struct robots *robots = &politeness->robots;
    bool same = options->robots_subject == politeness->options.robots_subject;
    politeness->options = *options;
    pace_set_ceiling(&politeness->pace, options->rate_per_s);
    politeness->bucket.burst = options->burst < 1 ? 1 : options->burst;
    breaker_set_limits(&politeness->breaker, options->breaker_failures, options->breaker_pause_ms);
    robots_set(robots, options->robots, options->breaker_pause_ms, same, now_ms);
    politeness->pace.least_gap_ms = (double)robots_crawl_delay_ms(robots);
    politeness->changed = true;
    follow_pace(politeness, now_ms);
    show_robots(politeness, now_ms);
}

/* ---- requests ---- */

bool politeness_allows(struct politeness *politeness, uint64_t lease, int64_t now_ms)
{
    return gate_is_open(&politeness->gate, now_ms) && breaker_allows(&politeness->breaker, lease, now_ms) &&
           bucket_wait_ms(&politeness->bucket, now_ms) == 0;
}

void politeness_sent(struct politeness *politeness, uint64_t lease, int64_t now_ms)
{
    bucket_charge(&politeness->bucket, 1, now_ms);
    pace_sent(&politeness->pace, now_ms);
    if (politeness->breaker.state != BREAKER_OPEN)
        return;
    breaker_sent(&politeness->breaker, lease, now_ms);
    show_breaker(politeness, now_ms);
    politeness->changed = true;
}

static int64_t most(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

int64_t politeness_wait_ms(struct politeness *politeness, int64_t now_ms)
{
    const struct breaker *breaker = &politeness->breaker;
    int64_t wait_ms = most(politeness->gate.until_ms - now_ms, bucket_wait_ms(&politeness->bucket, now_ms));
    return breaker->state == BREAKER_CLOSED ? wait_ms : most(wait_ms, breaker->until_ms - now_ms);
}

/* ---- the gate ---- */

static void close_gate(
    struct politeness *politeness, uint64_t retry_after_ms, uint64_t random, int64_t now_ms)
{
    struct gate *gate = &politeness->gate;
    bool asked = retry_after_ms && politeness->options.respect_retry_after;
    if (!(asked ? gate_close(gate, retry_after_ms, random, now_ms) : gate_pause(gate, random, now_ms)))
        return;
    bucket_drain(&politeness->bucket, gate->until_ms);
    politeness->changed = true;
    const char *why = asked ? "the service asked to wait" : "the service refuses requests; a pause of";
    double wait_s = (double)gate->wait_ms / 1000;
    if (holds_set(politeness->holds, HOLD_RETRY_AFTER, gate->until_ms, now_ms, "%s %.1f s", why, wait_s))
        log_info("%s %.1f s; nothing is fetched until then", why, wait_s);
}

/* ---- answers ---- */

static void judge_pace(struct politeness *politeness, const struct answer *answer, int64_t now_ms)
{
    struct pace *pace = &politeness->pace;
    double before = pace_rate(pace);
    switch (answer->kind) {
    case ANSWER_VALID:
        gate_answered(&politeness->gate);
        pace_valid(pace, answer->requests, answer->latency_ms, now_ms);
        break;
    case ANSWER_LIMITED:
        if (pace_refused(pace, answer->sent_ms, now_ms))
            log_info("the service refuses more requests; from now on %.2f in a second are sent%s",
                pace_rate(pace), before > 0 ? "" : ", without a limit before");
        break;
    case ANSWER_NEUTRAL:
        pace_failed(pace, 0, now_ms);
        break;
    default:
        pace_failed(pace, answer->latency_ms, now_ms);
    }
    follow_pace(politeness, now_ms);
}

static void judge_breaker(struct politeness *politeness, const struct answer *answer, int64_t now_ms)
{
    struct breaker *breaker = &politeness->breaker;
    enum breaker_state before = breaker->state;
    int64_t until_ms = breaker->until_ms;
    if (breaker_answered(breaker, answer, now_ms)) {
        if (breaker->state == BREAKER_OPEN)
            log_warn("%u failures in a row, the last one %s: nothing is fetched for %lld s, then one request "
                     "tries it again",
                breaker->failures, failure_string(breaker->reason), (long long)breaker->pause_ms / 1000);
        else
            log_info("the service answers again");
    }
    if (breaker->state == before && breaker->until_ms == until_ms)
        return;
    politeness->changed = true;
    show_breaker(politeness, now_ms);
}

void politeness_answered(
    struct politeness *politeness, const struct answer *answer, uint64_t random, int64_t now_ms)
{
    bool refusal = answer->kind == ANSWER_LIMITED || answer->kind == ANSWER_BUSY;
    bool fresh = gate_is_new(&politeness->gate, answer->sent_ms);
    bool probe = politeness->breaker.state == BREAKER_PROBE && answer->lease == politeness->breaker.probe;
    politeness->was_answered |= answer->kind == ANSWER_VALID;
    judge_pace(politeness, answer, now_ms);
    /* Several times "later" in one volley are not several failures; a 503 alone is no more than any other. */
    bool later = answer_is_refusal(answer->failure, answer->http_status, answer->retry_after_ms);
    if (!later || fresh || probe)
        judge_breaker(politeness, answer, now_ms);
    bool asked = answer->kind != ANSWER_VALID && answer->retry_after_ms;
    if (asked || (refusal && fresh))
        close_gate(politeness, answer->retry_after_ms, random, now_ms);
    if (refusal && fresh)
        gate_refused(&politeness->gate, now_ms);
}

void politeness_lost(struct politeness *politeness, uint64_t lease, int64_t now_ms)
{
    enum breaker_state before = politeness->breaker.state;
    breaker_lost(&politeness->breaker, lease, now_ms);
    if (politeness->breaker.state == before)
        return;
    politeness->changed = true;
    show_breaker(politeness, now_ms);
}

int64_t politeness_gate_ms(const struct politeness *politeness, int64_t now_ms)
{
    return most(politeness->gate.until_ms, now_ms);
}

/* ---- robots.txt ---- */

bool politeness_wants_robots(struct politeness *politeness, int64_t now_ms)
{
    return robots_wanted(&politeness->robots, now_ms) &&
           holds_is_alone(politeness->holds, HOLD_ROBOTS, now_ms) &&
           politeness->breaker.state == BREAKER_CLOSED && politeness_allows(politeness, 0, now_ms);
}

void politeness_robots_asked(struct politeness *politeness, int64_t patience_ms, int64_t now_ms)
{
    robots_asked(&politeness->robots, patience_ms, now_ms);
    politeness_sent(politeness, 0, now_ms);
}

void politeness_robots_lost(struct politeness *politeness, int64_t now_ms)
{
    robots_lost(&politeness->robots, now_ms);
}

static void log_verdict(const struct politeness *politeness, enum robots_verdict before, int64_t now_ms)
{
    const struct robots *robots = &politeness->robots;
    enum robots_verdict verdict = robots_verdict(robots, now_ms);
    if (robots->failures)
        log_warn("robots.txt cannot be had: %s; %s, and it is tried again in %lld s", robots->problem,
            verdict == ROBOTS_UNKNOWN ? "nothing is fetched" : "what it said last counts",
            (long long)(robots->next_ms - now_ms) / 1000);
    else if (verdict == ROBOTS_REFUSED && before != ROBOTS_REFUSED)
        log_error("the service's robots.txt refuses us: %s. Nothing is fetched. Ask its operator; with their "
                  "leave, "
                  "politeness.robots = false overrides it",
            robots->problem);
    else if (before != verdict)
        log_info("robots.txt allows the crawl%s%s", robots->problem[0] ? ": " : "", robots->problem);
}

void politeness_robots_told(
    struct politeness *politeness, const struct message_rules *rules, uint64_t random, int64_t now_ms)
{
    enum robots_verdict before = robots_verdict(&politeness->robots, now_ms);
    robots_told(&politeness->robots, rules, now_ms);
    log_verdict(politeness, before, now_ms);
    if (rules->requests > 1)
        bucket_charge(&politeness->bucket, (double)(rules->requests - 1), now_ms);
    if (rules->retry_after_ms && politeness->options.respect_retry_after)
        close_gate(politeness, rules->retry_after_ms, random, now_ms);
    politeness->pace.least_gap_ms = (double)robots_crawl_delay_ms(&politeness->robots);
    politeness->changed = true;
    follow_pace(politeness, now_ms);
    show_robots(politeness, now_ms);
}

/* ---- what others want to know ---- */

double politeness_rate(const struct politeness *politeness)
{
    return pace_rate(&politeness->pace);
}

double politeness_latency_ms(const struct politeness *politeness)
{
    return politeness->pace.latency.mean_ms;
}

bool politeness_is_refused(const struct politeness *politeness, int64_t now_ms)
{
    const struct robots *robots = &politeness->robots;
    return robots_verdict(robots, now_ms) == ROBOTS_REFUSED && robots->next_ms > now_ms &&
           !robots->asked_by_ms;
}

bool politeness_is_hopeless(
    const struct politeness *politeness, unsigned retries, enum failure *reason, uint64_t *http_status)
{
    const struct breaker *breaker = &politeness->breaker;
    const struct robots *robots = &politeness->robots;
    unsigned patience = (retries + 1) * (politeness->was_answered ? PATIENCE_WITH_A_SERVICE_THAT_WAS_UP : 1);
    bool breaker_is = breaker->state != BREAKER_CLOSED && breaker->probes >= patience;
    bool robots_is = robots->obey && robots->verdict == ROBOTS_UNKNOWN && robots->failures > retries;
    *reason = breaker_is ? breaker->reason : robots->reason;
    *http_status = breaker_is ? breaker->http_status : robots->http_status;
    return breaker_is || robots_is;
}

/* ---- restarts ---- */

bool politeness_take_change(struct politeness *politeness)
{
    bool changed = politeness->changed;
    politeness->changed = false;
    if (changed)
        politeness->saved_rate = pace_rate(&politeness->pace);
    return changed;
}

static double wall_of(int64_t then_ms, int64_t now_ms, int64_t wall_ms)
{
    return (double)(wall_ms + (then_ms - now_ms));
}

void politeness_save(
    const struct politeness *politeness, struct politeness_record *record, int64_t now_ms, int64_t wall_ms)
{
    const struct pace *pace = &politeness->pace;
    const struct breaker *breaker = &politeness->breaker;
    const struct robots *robots = &politeness->robots;
    bool closed = !gate_is_open(&politeness->gate, now_ms), open = breaker->state != BREAKER_CLOSED;
    *record = (struct politeness_record){
        .rate_per_s = pace_is_lowered(pace) ? pace->rate_per_s : 0,
        .knee_per_s = pace->knee_per_s,
        .start_per_s = pace->start_per_s,
        .span_ms = (double)pace->span_ms,
        .grown_ms = (double)pace->grown_ms,
        .latency_base_ms = pace->latency.base_ms,
        .latency_factor = pace->latency.factor,
        .gate_until_ms = closed ? wall_of(politeness->gate.until_ms, now_ms, wall_ms) : 0,
        .gate_wait_ms = (double)politeness->gate.wait_ms,
        .own_pauses = politeness->gate.own_pauses,
        .breaker_failures = breaker->failures,
        .breaker_probes = breaker->probes,
        .breaker_until_ms = open ? wall_of(breaker->until_ms, now_ms, wall_ms) : 0,
        .robots_verdict = robots->verdict,
        .robots_fetched_ms = robots->verdict ? wall_of(robots->fetched_ms, now_ms, wall_ms) : 0,
        .robots_subject = (double)politeness->options.robots_subject,
        .crawl_delay_ms = (double)robots->crawl_delay_ms,
    };
}

/* How much is left of a wait of at most `most_ms`, whatever the wall clock did meanwhile. */
static int64_t left_ms(double until_ms, double most_ms, int64_t wall_ms)
{
    double left = until_ms - (double)wall_ms;
    return (int64_t)(left < most_ms ? left : most_ms);
}

static void restore_gate(
    struct politeness *politeness, const struct politeness_record *record, int64_t now_ms, int64_t wall_ms)
{
    struct gate *gate = &politeness->gate;
    int64_t left = left_ms(record->gate_until_ms, record->gate_wait_ms, wall_ms);
    gate->own_pauses = (unsigned)record->own_pauses;
    if (record->gate_until_ms <= 0 || left <= 0)
        return;
    gate->until_ms = now_ms + left;
    gate->wait_ms = left;
    bucket_drain(&politeness->bucket, gate->until_ms);
    holds_set(politeness->holds, HOLD_RETRY_AFTER, gate->until_ms, now_ms,
        "the service asked to wait before we were restarted; %.1f s are left", (double)left / 1000);
}

void politeness_drain(struct politeness *politeness, int64_t now_ms)
{
    bucket_drain(&politeness->bucket, now_ms);
}

void politeness_restore(
    struct politeness *politeness, const struct politeness_record *record, int64_t now_ms, int64_t wall_ms)
{
    politeness_drain(politeness, now_ms);
    if (!record) {
        pace_forget(&politeness->pace);
        follow_pace(politeness, now_ms);
        return;
    }
    pace_restore(&politeness->pace, record);
    restore_gate(politeness, record, now_ms, wall_ms);
    breaker_restore(&politeness->breaker, (unsigned)record->breaker_failures,
        (unsigned)record->breaker_probes,
        record->breaker_until_ms > 0
            ? left_ms(record->breaker_until_ms, (double)politeness->options.breaker_pause_ms, wall_ms)
            : 0,
        now_ms);
    if (record->robots_subject == (double)politeness->options.robots_subject)
        robots_restore(&politeness->robots, (enum robots_verdict)record->robots_verdict,
            wall_ms - (int64_t)record->robots_fetched_ms, (uint64_t)record->crawl_delay_ms, now_ms);
    politeness->pace.least_gap_ms = (double)robots_crawl_delay_ms(&politeness->robots);
    politeness->saved_rate = pace_rate(&politeness->pace);
    follow_pace(politeness, now_ms);
    show_breaker(politeness, now_ms);
    show_robots(politeness, now_ms);
}
