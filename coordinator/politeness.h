#ifndef R3E_COORDINATOR_POLITENESS_H
#define R3E_COORDINATOR_POLITENESS_H
/* Whether a request may be sent now, for all workers on all hosts together: the one place that knows.
 *
 *     bucket    the rate, evenly          pace     what the rate is just now (429, latency, robots.txt's
 * delay) gate      closed after a refusal    breaker  stops the crawl when the service is down robots    what
 * robots.txt says
 *
 * Each part's header says what it does. Only a valid answer makes anything faster. The caller reports the end
 * of each lease: valid ones only if they are what was asked for, failures always. What holds the crawl back
 * stands in `holds` in words. The state survives a restart (politeness_save, politeness_restore). One thread;
 * times are monotonic milliseconds given by the caller, wall-clock ones only where the name says so. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/answer.h"
#include "coordinator/holds.h"
#include "coordinator/politeness_record.h"
#include "coordinator/robots.h"

#define POLITENESS_WAIT_MOST_MS                                                                              \
    ((int64_t)24 * 3600 * 1000) /* FAULTS B18: clamped, whatever the service says */

struct politeness_options {
    double rate_per_s; /* 0: no limit */
    double burst;
    bool robots;
    uint64_t robots_subject;  /* what a verdict on robots.txt is about; another number makes it void */
    bool respect_retry_after; /* false: as if it were not there */
    unsigned breaker_failures;
    int64_t breaker_pause_ms; /* also before robots.txt is tried again for the first time */
};

struct politeness;

/* `holds` is borrowed; HOLD_RETRY_AFTER, HOLD_BREAKER and HOLD_ROBOTS are set and cleared here. */
struct politeness *politeness_open(
    const struct politeness_options *options, struct holds *holds, int64_t now_ms);
void politeness_close(struct politeness **pointer);

/* Another configuration from now on. What was learnt stays, as far as it allows; robots.txt is looked at
 * again. */
void politeness_set_options(
    struct politeness *politeness, const struct politeness_options *options, int64_t now_ms);

/* ---- requests ---- */

/* True if a request of that lease may be sent now; 0: of a job not yet handed out. What `holds` says besides
 * is the caller's to ask. */
bool politeness_allows(struct politeness *politeness, uint64_t lease, int64_t now_ms);

/* It was sent. */
void politeness_sent(struct politeness *politeness, uint64_t lease, int64_t now_ms);

/* How long nothing will be allowed. */
int64_t politeness_wait_ms(struct politeness *politeness, int64_t now_ms);

/* The end of a lease, as its result says. `random` is any random number. */
void politeness_answered(
    struct politeness *politeness, const struct answer *answer, uint64_t random, int64_t now_ms);

/* The lease ended without a result. */
void politeness_lost(struct politeness *politeness, uint64_t lease, int64_t now_ms);

/* When a board that was refused (answer_is_refusal) may be asked for again: the gate opens. */
int64_t politeness_gate_ms(const struct politeness *politeness, int64_t now_ms);

/* ---- robots.txt ---- */

/* True if a worker is to be asked for robots.txt now, and may be. */
bool politeness_wants_robots(struct politeness *politeness, int64_t now_ms);

/* It was asked; its requests besides the first are charged when it answers. */
void politeness_robots_asked(struct politeness *politeness, int64_t patience_ms, int64_t now_ms);
void politeness_robots_lost(struct politeness *politeness, int64_t now_ms);
void politeness_robots_told(
    struct politeness *politeness, const struct message_rules *rules, uint64_t random, int64_t now_ms);

/* ---- what others want to know ---- */

/* Requests per second that are allowed now, holds aside; 0: no limit. */
double politeness_rate(const struct politeness *politeness);

/* The mean of the last answers' latency; 0: none yet. */
double politeness_latency_ms(const struct politeness *politeness);

/* robots.txt refuses us, and this process has looked at it. */
bool politeness_is_refused(const struct politeness *politeness, int64_t now_ms);

/* True if the service was tried more than `retries` times since it failed (by the breaker's probes, or for
 * robots.txt), in vain each time; `reason` and `http_status` are of the last one. Where it has given this
 * process a valid answer before, three times as many probes are needed: when one board in three misbehaves,
 * rows of failures and of failed probes happen by chance. */
bool politeness_is_hopeless(
    const struct politeness *politeness, unsigned retries, enum failure *reason, uint64_t *http_status);

/* ---- restarts ---- */

/* True if there is something new worth saving; asks once. */
bool politeness_take_change(struct politeness *politeness);

void politeness_save(
    const struct politeness *politeness, struct politeness_record *record, int64_t now_ms, int64_t wall_ms);

/* Begins without saved-up requests: else each restart would give away a burst. */
void politeness_drain(struct politeness *politeness, int64_t now_ms);

/* Goes on where an earlier process was; drained. NULL: what it left cannot be read, so the rate is halved. */
void politeness_restore(
    struct politeness *politeness, const struct politeness_record *record, int64_t now_ms, int64_t wall_ms);

#endif
