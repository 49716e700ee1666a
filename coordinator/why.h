#ifndef R3E_COORDINATOR_WHY_H
#define R3E_COORDINATOR_WHY_H
/* Why a board is not being fetched just now, and until when: one sentence for people, and the same in JSON
 * (gearmand's and Heritrix's users ask for nothing more often). Pure: all it needs is given. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/control_message.h"
#include "coordinator/holds.h"
#include "coordinator/plan.h"

/* X(name, what programs call it), in the order in which they are looked at. */
#define WHY_KINDS(X)                                                                                         \
    X(WHY_UNKNOWN, "unknown")         /* the catalogue has no such combination */                            \
    X(WHY_LEASED, "leased")           /* it is being fetched */                                              \
    X(WHY_QUARANTINED, "quarantined") /* quarantine.h */                                                     \
    X(WHY_RETRYING, "retrying")       /* waits for its next attempt */                                       \
    X(WHY_NOT_DUE, "not_due")         /* fetched or given up, and not old enough */                          \
    X(WHY_HELD, "held")               /* due, but holds.h has a reason */                                    \
    X(WHY_NO_WORKER, "no_worker")     /* due, but nobody is there to fetch it */                             \
    X(WHY_QUEUED, "queued")           /* due, and others come first */

#define X(name, string) name,
enum why_kind { WHY_KINDS(X) WHY_KIND_COUNT };
#undef X

struct why_facts {
    uint32_t track_id, class_id;
    const char *track_name, *class_name; /* "" if the catalogue has none */
    const struct plan_entry *entry;      /* NULL: the catalogue has no such combination */
    const struct holds *holds;
    struct {
        const char *name, *host; /* NULL: it is gone, the lease is about to expire */
        long pid;
        int64_t since_ms; /* monotonic */
        uint64_t page;    /* by its last heartbeat, from 0 */
    } worker;             /* if leased */
    uint32_t ahead;       /* boards that come first */
    unsigned workers;     /* connected */
    double rate_per_s;    /* requests allowed; 0: no limit */
    int64_t now_ms, wall_ms;
};

/* Writes the sentence to `text` and appends one JSON object to `details`. */
enum why_kind why_explain(
    const struct why_facts *facts, char text[static CONTROL_TEXT_SIZE], struct buffer *details);

#endif
