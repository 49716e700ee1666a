#include "coordinator/arrival.h"

#include <string.h>

#include "coordinator/result_check.h"

/* Of a board that nobody holds, and that is wanted. */
static enum claim judge_late(const struct dispatch *dispatch, const struct message_result *result)
{
    if (dispatch_was_leased(dispatch, result->lease, (uint32_t)result->track_id, (uint32_t)result->class_id))
        return CLAIM_LATE;
    return dispatch_is_of_earlier(dispatch, result->lease) ? CLAIM_SUPERSEDED : CLAIM_FORGED;
}

enum claim arrival_claim(
    const struct arrival *arrival, const struct dispatch *dispatch, struct plan *plan, int64_t now_ms)
{
    const struct plan_entry *entry = plan_entry(plan, arrival->place);
    const struct lease *lease = dispatch_lease(dispatch, arrival->place);
    if (lease && lease->id == arrival->result.lease)
        return dispatch_is_holder(lease, arrival->result.worker, arrival->key) ? CLAIM_CURRENT : CLAIM_FORGED;
    if (arrival->known && arrival->record.lease == arrival->result.lease)
        return CLAIM_DUPLICATE;
    bool wanted =
        entry->state == PLAN_WAITING && (entry->due_ms <= now_ms || entry->retrying || entry->quarantined);
    if (wanted && arrival->result.outcome != OUTCOME_FAILED &&
        (!arrival->known || arrival->result.lease > arrival->record.lease))
        return judge_late(dispatch, &arrival->result);
    return CLAIM_SUPERSEDED;
}

static bool is_what_the_store_has(const struct arrival *arrival)
{
    return arrival->known && record_board_is_fetched(&arrival->record) && !arrival->record.content_lost &&
           memcmp(arrival->record.content_hash, arrival->hash, sizeof arrival->hash) == 0;
}

const char *arrival_fault(struct arrival *arrival, enum claim claim, const struct dispatch *dispatch)
{
    const struct message_result *result = &arrival->result;
    if (claim == CLAIM_FORGED)
        return "its lease was not given to this worker for this board";
    const char *fault = result_check(result, arrival->rows, arrival->detail, arrival->hash);
    if (!fault)
        fault = result_check_counts(
            result, claim == CLAIM_CURRENT ? dispatch_lease(dispatch, arrival->place) : NULL);
    if (!fault && result->outcome == OUTCOME_UNCHANGED && !is_what_the_store_has(arrival))
        fault = "it says unchanged, but the store holds something else";
    return fault;
}
