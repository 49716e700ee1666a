#ifndef R3E_COORDINATOR_REFRESH_H
#define R3E_COORDINATOR_REFRESH_H
/* What follows from a fetch: when the board is fetched next. Pure decisions on the plan; times are given. */
#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"
#include "coordinator/plan.h"

#define REFRESH_REFUSALS 3

struct refresh_policy {
    int64_t max_age_ms;      /* a good answer holds this long */
    uint32_t retries;        /* further attempts within one refresh */
    int64_t backoff_ms;      /* before the first of them; doubles for each further one */
    int64_t backoff_most_ms; /* and never passes this, before the random addition */
    uint32_t confirm_shrink; /* separate answers that must agree before a board may shrink sharply */
};

/* True if trying again soon may help. Permanent: what the service says of the request itself (400, 401, 403,
 * 404, 405, 410, 414), a redirect elsewhere, an answer over our limits. */
bool refresh_is_transient(enum failure failure, uint64_t http_status);

/* The pause before attempt `attempt` + 1: backoff · 2^(attempt − 1), at most backoff_most, plus a random
 * addition of up to a half of it. It only ever adds, so that no server-given time is undercut; `random` is
 * any random number. */
int64_t refresh_backoff_ms(const struct refresh_policy *policy, uint32_t attempt, uint64_t random);

/* LEASED → WAITING after a valid answer; its age counts from `wall_ms` on. */
void refresh_succeeded(
    const struct refresh_policy *policy, struct plan *plan, uint32_t place, int64_t now_ms, int64_t wall_ms);

/* LEASED → WAITING after an answer that is not believed yet (accept.h): done within this refresh, and fetched
 * again in `wait_ms`. */
void refresh_kept_aside(struct plan *plan, uint32_t place, int64_t wait_ms, int64_t now_ms, int64_t wall_ms);

struct refresh_failure {
    enum failure failure;
    uint64_t http_status;
    bool refusal;          /* answer_is_refusal: the service wants fewer requests, whatever they ask for */
    int64_t not_before_ms; /* monotonic: the service asked not to come back earlier; 0: it did not */
    int64_t wall_ms;       /* for people; if it is given up, its age counts from here on */
};

/* LEASED → WAITING after a failed attempt. True: it will be tried again within this refresh. A worker that
 * died says nothing about the service, so such an attempt is repeated without a pause. A refusal says nothing
 * about the board, so the first REFRESH_REFUSALS of them cost it no attempt; more may be about it after all,
 * and a crawl must come to an end. */
bool refresh_failed(const struct refresh_policy *policy, struct plan *plan, uint32_t place,
    const struct refresh_failure *failure, int64_t now_ms, uint64_t random);

/* True if an answer with `entries` rows may not yet replace a board of `known` rows: it is empty, or lost
 * more than a third (FAULTS B22). */
bool refresh_is_suspicious(uint32_t known, uint64_t entries);

#endif
