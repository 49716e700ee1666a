#include "coordinator/accept.h"

#include <string.h>

#define DISTANCE_MOST_MS  ((int64_t)6 * 3600 * 1000)
#define STATISTICS_FORGET (UINT64_C(1) << 20) /* checks at which the change statistics are halved */
#define SIMILAR_LEAST     2u
#define SIMILAR_PART      10u

static uint32_t difference(uint32_t left, uint32_t right)
{
    return left > right ? left - right : right - left;
}

/* ---- answers kept aside ---- */

static void forget_candidate(struct record_board *record)
{
    record->empty_streak = 0;
    record->candidate_entries = 0;
    memset(record->candidate_hash, 0, sizeof record->candidate_hash);
    record->candidate_since_ms = record->candidate_last_ms = 0;
}

static bool agrees(const struct record_board *record, uint32_t entries)
{
    uint32_t before = record->candidate_entries;
    if (!record->empty_streak || (before == 0) != (entries == 0))
        return false;
    uint32_t greater = before > entries ? before : entries;
    uint32_t apart = difference(before, entries);
    return apart <= SIMILAR_LEAST || apart <= greater / SIMILAR_PART;
}

int64_t accept_distance_ms(const struct refresh_policy *policy, uint32_t count)
{
    int64_t distance_ms = policy->backoff_ms * 4;
    for (uint32_t i = 0; i < count && distance_ms < DISTANCE_MOST_MS; i++)
        distance_ms *= 4;
    return distance_ms < DISTANCE_MOST_MS ? distance_ms : DISTANCE_MOST_MS;
}

/* A clock that was set back makes an answer look earlier than the one before; it counts all the same. */
static bool is_separate(
    const struct refresh_policy *policy, const struct record_board *record, int64_t wall_ms)
{
    int64_t passed_ms = wall_ms - record->candidate_last_ms;
    return passed_ms < 0 || passed_ms >= accept_distance_ms(policy, record->empty_streak) / 2;
}

/* True if the answer must not replace the board yet. */
static bool keep_aside(
    const struct refresh_policy *policy, struct record_board *record, const struct accept_answer *answer)
{
    if (!record_board_is_fetched(record) || !refresh_is_suspicious(record->entry_count, answer->entries))
        return false;
    bool first = !agrees(record, answer->entries);
    if (!first && !is_separate(policy, record, answer->wall_ms))
        return true;
    if (first) {
        record->empty_streak = 0;
        record->candidate_since_ms = answer->wall_ms;
    }
    if (record->empty_streak + 1 >= policy->confirm_shrink)
        return false;
    record->empty_streak++;
    record->candidate_entries = answer->entries;
    memcpy(record->candidate_hash, answer->hash, sizeof record->candidate_hash);
    record->candidate_last_ms = answer->wall_ms;
    return true;
}

/* ---- answers that count ---- */

static void note_check(struct record_board *record, uint64_t rows_changed, int64_t wall_ms)
{
    if (record_board_is_fetched(record) && wall_ms > record->fetched_at_ms)
        record->watched_s += (uint64_t)(wall_ms - record->fetched_at_ms) / 1000;
    record->checks++;
    record->rows_changed += rows_changed;
    if (record->checks >= STATISTICS_FORGET) {
        record->checks /= 2;
        record->rows_changed /= 2;
        record->watched_s /= 2;
    }
    record->fetched_at_ms = wall_ms;
    record->failure_streak = record->worker_deaths = 0;
    record->quarantined_until_ms = 0;
    record->gone_since_ms = 0;
    forget_candidate(record);
}

static void replace(struct record_board *record, const struct accept_answer *answer)
{
    uint64_t moved = difference(record->entry_count, answer->entries);
    note_check(record, moved ? moved : 1, answer->wall_ms);
    record->changed_at_ms = answer->wall_ms;
    record->generation = answer->generation;
    record->entry_count = answer->entries;
    record->content_lost = false;
    memcpy(record->content_hash, answer->hash, sizeof record->content_hash);
}

enum accept_decision accept_answer(
    const struct refresh_policy *policy, struct record_board *record, const struct accept_answer *answer)
{
    record->lease = answer->lease;
    if (!answer->changed) {
        note_check(record, 0, answer->wall_ms);
        return ACCEPT_KEEP;
    }
    if (keep_aside(policy, record, answer))
        return ACCEPT_ASIDE;
    replace(record, answer);
    return ACCEPT_REPLACE;
}

void accept_failure(
    struct record_board *record, enum failure failure, uint64_t http_status, uint64_t lease, int64_t wall_ms)
{
    record->failure_streak++;
    record->lease = lease;
    bool gone = failure == FAILURE_HTTP_STATUS && (http_status == 404 || http_status == 410);
    if (gone && record_board_is_fetched(record) && !record->gone_since_ms)
        record->gone_since_ms = wall_ms;
}

/* ---- when next ---- */

static int64_t left_of(int64_t span_ms, int64_t since_ms, int64_t wall_ms)
{
    int64_t age_ms = wall_ms - since_ms;
    int64_t left_ms = span_ms - (age_ms > 0 ? age_ms : 0);
    return left_ms > 0 ? left_ms : 0;
}

int64_t accept_due_in_ms(
    const struct refresh_policy *policy, const struct record_board *record, int64_t wall_ms)
{
    if (!record_board_is_fetched(record) || record->content_lost)
        return 0;
    int64_t left_ms = left_of(policy->max_age_ms, record->fetched_at_ms, wall_ms);
    if (!record->empty_streak)
        return left_ms;
    int64_t again_ms =
        left_of(accept_distance_ms(policy, record->empty_streak), record->candidate_last_ms, wall_ms);
    return again_ms < policy->max_age_ms ? again_ms : policy->max_age_ms;
}
