#include "coordinator/quarantine.h"

#include "common/log.h"
#include "common/protocol.h"

bool quarantine_count_death(struct store *store, uint32_t track_id, uint32_t class_id, int64_t wall_ms)
{
    struct record_board record;
    if (!store_get_board(store, track_id, class_id, &record))
        record = (struct record_board){0};
    if (record.quarantined_until_ms) {
        /* It has served its time. */
        record.quarantined_until_ms = 0;
        record.worker_deaths = 0;
    }
    record.worker_deaths++;
    bool quarantined = record.worker_deaths >= QUARANTINE_DEATHS;
    if (quarantined) {
        record.quarantined_until_ms = wall_ms + QUARANTINE_MS;
        log_error("board %u-%u: quarantined for a day, %u workers died while they held it; r3ectl release "
                  "%u-%u ends that sooner",
            track_id, class_id, record.worker_deaths, track_id, class_id);
    }
    store_put_record(store, track_id, class_id, &record);
    return quarantined;
}

bool quarantine_note_death(
    struct store *store, struct plan *plan, uint32_t place, int64_t now_ms, int64_t wall_ms)
{
    const struct plan_entry *entry = plan_entry(plan, place);
    if (!quarantine_count_death(store, entry->track_id, entry->class_id, wall_ms))
        return false;
    plan_quarantine(plan, place, now_ms + QUARANTINE_MS);
    return true;
}

bool quarantine_learn(
    struct plan *plan, uint32_t place, const struct record_board *record, int64_t now_ms, int64_t wall_ms)
{
    struct plan_entry *entry = plan_entry(plan, place);
    int64_t left_ms = record->quarantined_until_ms - wall_ms;
    bool quarantined = record->quarantined_until_ms && left_ms > 0;
    if (!quarantined && !record->worker_deaths)
        return false;
    entry->last_failure = FAILURE_WORKER_DIED;
    entry->last_http_status = 0;
    entry->failed_at_ms = quarantined ? record->quarantined_until_ms - QUARANTINE_MS : wall_ms;
    if (quarantined)
        plan_quarantine(plan, place, now_ms + (left_ms < QUARANTINE_MS ? left_ms : QUARANTINE_MS));
    else
        plan_try_at(plan, place, now_ms + ((int64_t)plan_retrying(plan) + 1) * QUARANTINE_SPACE_MS);
    return quarantined;
}

bool quarantine_release(struct store *store, struct plan *plan, uint32_t place, int64_t now_ms)
{
    const struct plan_entry *entry = plan_entry(plan, place);
    struct record_board record;
    if (!entry->quarantined)
        return false;
    plan_release(plan, place, now_ms);
    if (store_get_board(store, entry->track_id, entry->class_id, &record)) {
        record.quarantined_until_ms = 0;
        record.worker_deaths = 0;
        store_put_record(store, entry->track_id, entry->class_id, &record);
    }
    log_info("board %u-%u: released from quarantine", entry->track_id, entry->class_id);
    return true;
}
