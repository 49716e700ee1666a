#ifndef R3E_WORKER_JOB_H
#define R3E_WORKER_JOB_H
/* One job at a time: fetches the pages of a board, each with a grant of its own, and makes the result.
 *
 *     start ─► request ─► page ─► (more? ask ─► granted ─► request …) ─► result
 *
 * JOB carries the grant for the first request. Every further one (the next page, a redirect within the same
 * host, the session's page, the second look at a board that changed meanwhile) is asked for; the number in
 * MORE is the running number of the request. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "common/protocol.h"
#include "worker/fetch.h"

struct job;

struct job_events {
    /* A grant is wanted. */
    void (*ask)(void *context, uint64_t lease, uint64_t page);
    /* No further request will be asked for: what is left is work of our own, during which the next job may be
     * on its way. `page_bytes`: of the last page. `done` follows from within the same call of the loop. Not
     * called for every job. */
    void (*fetched)(void *context, size_t page_bytes);
    /* The job is over. `result->worker` is left empty. `rows` and `detail` are the payload of a changed
     * board, else empty; they are the job's, until the next one. A new job may be started from here. */
    void (*done)(void *context, const struct message_result *result, struct text rows, struct text detail);
    void *context;
};

/* Opens its own connection for `welcome`'s service. */
struct job *job_open(
    struct loop *loop, const struct message_welcome *welcome, const struct job_events *events);
void job_close(struct job **pointer);

/* Begins. There must be none in hand. */
void job_start(struct job *job, const struct message_job *message);

/* A grant came; one that was not asked for is ignored. */
void job_granted(struct job *job, uint64_t lease, uint64_t page);

/* What it asked for may not have arrived: the event `ask` comes again. It must be waiting for a grant. */
void job_ask_again(struct job *job);

/* Drops the job in hand, if any: no event follows. */
void job_abandon(struct job *job);

/* The lease in hand; 0: none. */
uint64_t job_lease(const struct job *job);

/* It waits for a grant. */
bool job_is_asking(const struct job *job);

/* The page of the board it is at, from 0. */
uint64_t job_page(const struct job *job);

/* As fetch_tick. */
int64_t job_tick(struct job *job, int64_t now_ms);

#endif
