#ifndef R3E_COORDINATOR_CRAWL_TIMES_H
#define R3E_COORDINATOR_CRAWL_TIMES_H
/* When the last complete full refresh began and ended, when the index was last published, and what a restart
 * has to know of refreshes; kept in the store. */
#include <stdint.h>

#include "coordinator/store.h"

/* Wall-clock times in milliseconds; 0: never. refresh_run.c changes all but `indexed_ms`. */
struct crawl_times {
    int64_t started_ms, ended_ms;      /* of the last complete full refresh */
    int64_t indexed_ms;                /* the last successful export */
    int64_t full_since_ms;             /* the full refresh under way; 0: none */
    int64_t daily_day, daily_day_back; /* `day` and `day_back` of schedule.h */
};

/* Reads them; all zero if the store has none or something broken. */
void crawl_times_load(struct crawl_times *times, struct store *store);

/* Writes them into the open transaction. */
void crawl_times_save(const struct crawl_times *times, struct store *store);

#endif
