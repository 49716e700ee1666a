#include "coordinator/lost_leases.h"

void lost_leases_note(struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    lost->ring[lost->next].id = id;
    lost->ring[lost->next].track_id = track_id;
    lost->ring[lost->next].class_id = class_id;
    lost->next = (lost->next + 1) % LOST_LEASES_MOST;
}

bool lost_leases_has(const struct lost_leases *lost, uint64_t id, uint32_t track_id, uint32_t class_id)
{
    for (unsigned i = 0; id && i < LOST_LEASES_MOST; i++)
        if (lost->ring[i].id == id && lost->ring[i].track_id == track_id &&
            lost->ring[i].class_id == class_id)
            return true;
    return false;
}
