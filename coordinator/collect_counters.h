#ifndef R3E_COORDINATOR_COLLECT_COUNTERS_H
#define R3E_COORDINATOR_COLLECT_COUNTERS_H
/* What came in since the start of the process, in numbers. */
#include <stdint.h>

#include "common/protocol.h"
#include "coordinator/histogram.h"

#define COLLECT_STATUS_CODES 600

struct collect_counters {
    uint64_t results;    /* received, of any kind */
    uint64_t stored;     /* boards written with new content */
    uint64_t unchanged;  /* valid answers that said what the store had */
    uint64_t failed;     /* failed attempts */
    uint64_t gave_up;    /* … after which the board waits for the next refresh */
    uint64_t kept_aside; /* empty or shrunken answers not believed yet */
    uint64_t duplicates, superseded, invalid;
    uint64_t requests;           /* upstream requests the workers made */
    uint64_t bytes;              /* bodies they received */
    uint64_t entries;            /* rows of the boards stored */
    uint64_t boards_grown;       /* boards that the store did not have before */
    int64_t entries_grown;       /* entries that it has more than before */
    uint64_t failures[FAILURES]; /* by reason */
    uint64_t
        answers[COLLECT_STATUS_CODES]; /* results by the HTTP status of their last answer; 0: none came */
    struct histogram latency;          /* of the slowest request of each that had an answer, ms */
};

/* Counts what a result says of requests and answers, whatever becomes of it. */
void collect_counters_answer(struct collect_counters *counters, const struct message_result *result);

#endif
