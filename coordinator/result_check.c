#include "coordinator/result_check.h"

#include <string.h>

#include "common/board.h"

#define CLOCK_SLACK_MS 1000

static bool is_gzip_member(struct text bytes)
{
    static const uint8_t magic[] = {0x1f, 0x8b, 0x08};
    return bytes.length >= 18 && memcmp(bytes.data, magic, sizeof magic) == 0;
}

const char *result_check(const struct message_result *result, struct text rows, struct text detail,
    uint8_t hash[static RECORD_HASH_SIZE])
{
    const char *problem = NULL;
    uint32_t row_count;
    bool failed = result->outcome == OUTCOME_FAILED;
    if (failed != (result->failure != FAILURE_NONE))
        return "outcome and failure contradict each other";
    if (!failed && !protocol_hash_from_hex(result->content_hash, hash))
        return "the content hash is not one";
    if (result->outcome != OUTCOME_CHANGED)
        return rows.length || detail.length ? "payload without a changed board" : NULL;
    if (!board_validate(rows.data, rows.length, &row_count, &problem))
        return problem;
    if (row_count != result->entries)
        return "the rows are not as many as announced";
    return is_gzip_member(detail) ? NULL : "the detail is not a gzip member";
}

const char *result_check_counts(const struct message_result *result, const struct lease *lease)
{
    if (result->outcome != OUTCOME_FAILED && (result->pages == 0 || result->bytes == 0))
        return "an answer without a page, or without a byte";
    if (result->pages > result->requests)
        return "more pages than requests";
    if (lease && result->requests > lease->requests)
        return "more requests than were granted";
    if (result->latency_ms > result->duration_ms + CLOCK_SLACK_MS)
        return "a request that took longer than the whole job";
    return result->rejected > BOARD_ROWS_MAX ? "more rejected rows than a board can have" : NULL;
}
