#ifndef R3E_COORDINATOR_BOARD_NEWS_H
#define R3E_COORDINATOR_BOARD_NEWS_H
/* What became of a board, in words: for the log and for those who watch (events.h). */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/events.h"

/* Stored with new content; it had `before` entries, or is a `newcomer`. Not logged: there are thousands.
 * `events` may be NULL, here and below. */
void board_news_stored(struct events *events, const struct message_result *result, bool newcomer,
    uint32_t before, int64_t wall_ms);

/* An answer was put aside; it is number `streak` of the `wanted` that have to agree. */
void board_news_aside(struct events *events, const struct message_result *result, uint32_t before,
    uint32_t streak, uint32_t wanted, int64_t wall_ms);

/* An attempt failed; `again`: there will be another in this refresh. */
void board_news_failed(
    struct events *events, const struct message_result *result, bool again, int64_t wall_ms);

#endif
