#ifndef R3E_COORDINATOR_LOST_LEASES_H
#define R3E_COORDINATOR_LOST_LEASES_H
/* The leases that were lost lately: expired, or their workers fell silent. The result of one that comes late
 * is still good; one of a lease that was never given is a forgery. Bounded: the oldest are forgotten, and
 * their boards then fetched once more. Pure. */
#include <stdbool.h>
#include <stdint.h>

#define LOST_LEASES_MOST 1024

struct lost_leases {
    struct {
        uint64_t id; /* 0: free */
        uint32_t track_id, class_id;
    } ring[LOST_LEASES_MOST];
    unsigned next;
};

void lost_leases_note(struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id);

bool lost_leases_has(const struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id);

/* The same, and forgets it. */
bool lost_leases_take(struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id);

#endif
