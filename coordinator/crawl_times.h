#ifndef R3E_COORDINATOR_CRAWL_TIMES_H
#define R3E_COORDINATOR_CRAWL_TIMES_H
/* When the last complete refresh began and ended, and when the index was last published; kept in the store.
 */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/store.h"

/* Wall-clock times in milliseconds; 0: never. */
struct crawl_times {
    int64_t started_ms, ended_ms; /* of the last complete full refresh */
    int64_t indexed_ms;           /* the last successful export */
    int64_t begun_ms;             /* the refresh under way; 0: none */
};

/* Reads them; all zero if the store has none or something broken. */
void crawl_times_load(struct crawl_times *times, struct store *store);

/* Writes them into the open transaction. */
void crawl_times_save(const struct crawl_times *times, struct store *store);

/* Notes that a refresh is or is not under way; true if one has just ended, so that the times are to be saved.
 */
bool crawl_times_note(struct crawl_times *times, bool busy);

#endif
