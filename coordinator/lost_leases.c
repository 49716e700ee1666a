#include "coordinator/lost_leases.h"

void lost_leases_note(struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    lost->ring[lost->next].id = id;
    lost->ring[lost->next].track_id = track_id;
    lost->ring[lost->next].class_id = class_id;
    lost->next = (lost->next + 1) % LOST_LEASES_MOST;
}

/* LOST_LEASES_MOST if it is not there. */
static unsigned find(const struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    unsigned i = 0;
    while (i < LOST_LEASES_MOST && !(lost->ring[i].id == id && lost->ring[i].track_id == track_id &&
                                       lost->ring[i].class_id == class_id))
        i++;
    return id ? i : LOST_LEASES_MOST;
}

bool lost_leases_has(const struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    return find(lost, id, track_id, class_id) < LOST_LEASES_MOST;
}

bool lost_leases_take(struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    unsigned place = find(lost, id, track_id, class_id);
    if (place == LOST_LEASES_MOST)
        return false;
    lost->ring[place].id = 0;
    return true;
}
