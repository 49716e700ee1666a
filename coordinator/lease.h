#ifndef R3E_COORDINATOR_LEASE_H
#define R3E_COORDINATOR_LEASE_H
/* Jobs handed out: which worker holds which combination, and until when.
 *
 * A lease's id is a fencing token: epoch (starts of the coordinator, kept in the store) << 32 | sequence. It
 * grows for ever, so of two results for one board the one with the greater id is the later, whatever the
 * clocks say. All times are monotonic milliseconds. */
#include <stdbool.h>
#include <stdint.h>

#define LEASE_NONE      UINT32_MAX
#define LEASE_EPOCH_MAX (UINT32_C(1) << 20) /* ids stay below 2^53, what a JSON number carries */

struct worker;

struct lease {
    uint64_t id; /* 0: this place is free */
    uint32_t plan_place;
    struct worker *worker; /* NULL once the worker is gone */
    int64_t begun_ms;
    int64_t granted_ms; /* its last request */
    uint32_t requests;  /* granted so far */
    int64_t expires_ms;
    uint32_t next_free;
};

struct lease_table {
    struct lease *leases; /* owned */
    uint32_t count;       /* places in use */
    uint32_t capacity;
    uint32_t first_free;
    uint64_t next_id;
    uint64_t changes; /* leases begun and ended */
};

void lease_table_open(struct lease_table *table, uint32_t epoch);
void lease_table_free(struct lease_table *table);

/* A new lease; returns its place, valid until lease_end. Pointers into the table move when it grows. */
uint32_t lease_begin(struct lease_table *table, uint32_t plan_place, struct worker *worker, int64_t now_ms,
    int64_t duration_ms);

void lease_renew(struct lease_table *table, uint32_t place, int64_t now_ms, int64_t duration_ms);

void lease_end(struct lease_table *table, uint32_t place);

/* A lease that expired at `now_ms`, searched from `from` on; LEASE_NONE if there is none. */
uint32_t lease_find_expired(const struct lease_table *table, uint32_t from, int64_t now_ms);

#endif
