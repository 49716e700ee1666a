#ifndef R3E_COORDINATOR_PUBLISH_DUE_H
#define R3E_COORDINATOR_PUBLISH_DUE_H
/* When what was fetched is published. Pure: publisher asks it, and it knows no clock.
 *
 * At once where nothing is left to fetch, else every so often. Boards that come due one by one, as they do a
 * day after a crawl at a slow rate, are a crawl that is never quite over: were each of them published at
 * once, every one would cost a rewritten index. So it is the same to it whether a board is due or about to
 * be. */
#include <stdbool.h>
#include <stdint.h>

/* Nothing is left to fetch if no board is due sooner than this. */
#define PUBLISH_QUIET_MS INT64_C(60000)
/* Hurried runs begin at most so often. */
#define PUBLISH_HURRIED_EVERY_MS INT64_C(60000)
/* After a failure: the first pause, doubled with each further one up to the last. */
#define PUBLISH_RETRY_FIRST_MS INT64_C(2000)
#define PUBLISH_RETRY_LAST_MS  INT64_C(600000)

struct publish_situation {
    bool once;              /* the process ends when everything is fetched and published */
    bool asked;             /* somebody asked for a run */
    bool hurried;           /* somebody waits for what is being fetched */
    bool begun;             /* a run was started by this process … */
    int64_t begun_at_ms;    /* … the last one then; or, without one, the process */
    bool found_boards;      /* the store had some when the process came */
    bool busy;              /* boards are due, being fetched or waiting to be tried again */
    int64_t next_due_ms;    /* of the board that is due next; INT64_MAX: none */
    bool news;              /* boards were stored since the last run began */
    bool failed;            /* the last run did … */
    int64_t failed_at_ms;   /* … then, */
    unsigned failed_in_row; /* and so many with it */
    int64_t every_ms;       /* refresh.index_every_min */
};

/* How many milliseconds a run has to wait, given that there is something to publish; 0: not at all. All times
 * are of the monotonic clock. */
int64_t publish_wait_ms(const struct publish_situation *now, int64_t now_ms);

#endif
