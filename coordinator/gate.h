#ifndef R3E_COORDINATOR_GATE_H
#define R3E_COORDINATOR_GATE_H
/* The gate that a refusal closes for everybody (FAULTS B17, B18, B20).
 *
 * For what Retry-After says plus a random tenth at most, which only ever adds; at most for a day. Where the
 * service does not say how long: half a second, doubled for each further time without a valid answer in
 * between, up to five minutes. Refusals come in volleys, as several requests are under way: those of requests
 * that were sent before the first of them arrived are one refusal. Pure: monotonic milliseconds given by the
 * caller. */
#include <stdbool.h>
#include <stdint.h>

#define GATE_WAIT_MOST_MS ((int64_t)24 * 3600 * 1000)

struct gate {
    int64_t until_ms;    /* closed until then */
    int64_t wait_ms;     /* for so long */
    unsigned own_pauses; /* of those whose length the service did not say, since the last valid answer */
    bool refused;        /* there was a refusal … */
    int64_t refused_ms;  /* … and this is when the last volley began to arrive */
};

bool gate_is_open(const struct gate *gate, int64_t now_ms);

/* True if a refusal of a request sent at `sent_ms` is not of the last volley. */
bool gate_is_new(const struct gate *gate, int64_t sent_ms);

/* Closes it for as long as asked. False: it is closed for longer already. */
bool gate_close(struct gate *gate, uint64_t retry_after_ms, uint64_t random, int64_t now_ms);

/* Closes it for as long as seems good. */
bool gate_pause(struct gate *gate, uint64_t random, int64_t now_ms);

/* The first refusal of a volley has arrived. */
void gate_refused(struct gate *gate, int64_t now_ms);

/* A valid answer. */
void gate_answered(struct gate *gate);

#endif
