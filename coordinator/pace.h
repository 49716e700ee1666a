#ifndef R3E_COORDINATOR_PACE_H
#define R3E_COORDINATOR_PACE_H
/* How many requests per second the service seems to bear: at most the configured rate, less when it refuses
 * (429) or becomes slow. Only valid answers raise it again.
 *
 * Refusals. A refusal lowers the rate at once; those of requests that were sent before say nothing new, so a
 * volley of them counts once, as one lost window does in TCP. A limiter that refuses was used up at both of
 * two refusals, so what it let pass between them, divided by the time, is its rate or a little less: near
 * that is the *knee*. The rate goes on just below it and follows a cubic curve (CUBIC, RFC 9438): fast
 * towards the knee, flat around it, faster again far beyond it, where the service may have become more
 * generous. Each refusal that confirms the knee doubles the time the curve takes. The first refusal has none
 * before it: the rate is halved. The curve's clock runs only while valid answers come.
 *
 * Latency. The mean of each 32 answers is compared with the lowest such mean, which may rise by its double in
 * a day. From twice that and from 250 ms on the rate is divided by the excess (Scrapy's AutoThrottle and
 * Heritrix do likewise), down to a tenth; it comes back by a twentieth of the whole for each 32 answers.
 *
 * Without a configured rate nothing is limited until one of both happens; then the rate in use
 * is what is lowered. Pure: all times are monotonic milliseconds given by the caller. */
#include <stdbool.h>
#include <stdint.h>

struct politeness_record;

#define PACE_RATE_LEAST 0.02  /* per second; refusals alone do not lower it further */
#define PACE_RATE_MOST  10000 /* the configuration's; beyond it there is no limit again */
#define PACE_SECONDS    4 /* in which something was sent: the rate in use is the most in one of the last */

struct pace_latency {
    double base_ms; /* the lowest mean; 0: none yet */
    double mean_ms; /* the last one */
    double factor;  /* what the rate is multiplied by, 0.1 to 1 */
    double sum_ms;
    unsigned count;
    bool tainted;     /* failures are in this sum: it cannot raise the rate */
    int64_t since_ms; /* of the last mean */
};

struct pace {
    double ceiling_per_s; /* configured; 0: none */
    double rate_per_s;    /* without the latency's factor; 0: no limit */
    double knee_per_s;    /* 0: never refused */
    double start_per_s;   /* where the curve began */
    int64_t span_ms;      /* the curve is at the knee after this long */
    int64_t grown_ms;     /* the curve's clock */
    bool lowered;         /* `lowered_ms` and `passed` count */
    int64_t lowered_ms;   /* the last refusal that counted */
    uint64_t passed;      /* valid answers since … */
    uint64_t sent_since;  /* … and requests sent */
    int64_t answered_ms;  /* the last answer */
    double least_gap_ms;  /* between two requests, asked for by robots.txt; 0: none */
    struct pace_latency latency;
    bool sending;        /* something was sent */
    int64_t sent_second; /* the last second in which something was */
    unsigned sent_at;    /* its place in … */
    uint32_t sent[PACE_SECONDS];
};

struct pace pace_make(double ceiling_per_s, int64_t now_ms);

/* Another configured rate: one that was lowered stays, as far as it allows. */
void pace_set_ceiling(struct pace *pace, double ceiling_per_s);

/* Requests per second that are allowed; 0: no limit. */
double pace_rate(const struct pace *pace);

/* A request was sent. */
void pace_sent(struct pace *pace, int64_t now_ms);

/* A valid answer that took `requests` requests, the slowest of them `latency_ms`. */
void pace_valid(struct pace *pace, uint32_t requests, double latency_ms, int64_t now_ms);

/* An answer that says nothing good; 0: no answer, so no latency. Never raises the rate. */
void pace_failed(struct pace *pace, double latency_ms, int64_t now_ms);

/* The service refused a request that was sent at `sent_ms`. True: the rate was lowered; false: this refusal
 * belongs to the last one, or there were too few requests for it to mean anything. */
bool pace_refused(struct pace *pace, int64_t sent_ms, int64_t now_ms);

/* It is below what is configured because of refusals. */
bool pace_is_lowered(const struct pace *pace);

/* Goes on where an earlier process was, as far as the configuration allows. */
void pace_restore(struct pace *pace, const struct politeness_record *record);

/* Nothing is known of what was learnt before: half of the configured rate. */
void pace_forget(struct pace *pace);

#endif
