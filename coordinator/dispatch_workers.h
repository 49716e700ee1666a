#ifndef R3E_COORDINATOR_DISPATCH_WORKERS_H
#define R3E_COORDINATOR_DISPATCH_WORKERS_H
/* The workers' side of dispatch: they come, are told things, hold leases, fall silent and go. Keeps who waits
 * in which queue, and how many requests are in flight. */
#include "coordinator/dispatch_state.h"

/* REFUSE, for a reason that people read. */
void dispatch_refuse(struct dispatch *dispatch, struct text identity, const char *reason);

/* False: the worker cannot be reached; the caller decides what follows. */
bool dispatch_tell(struct dispatch *dispatch, struct worker *worker, const struct message *message);

/* Whether a request of the worker is in flight. */
void dispatch_set_requesting(struct dispatch *dispatch, struct worker *worker, bool requesting);

/* We ourselves stood still for so long (the host was suspended, the disk hung): what workers said meanwhile
 * is not read yet. Nobody is silent and no lease expires for that. */
void dispatch_forgive_stall(struct dispatch *dispatch, int64_t stall_ms);

/* Forgets a worker that said BYE, holds nothing and is owed nothing: nobody hears of it again, and with
 * workers that live for one job those who have gone would soon be most of the roster. True if it did. */
bool dispatch_drop_if_done(struct dispatch *dispatch, struct worker *worker);

/* It has said that it is ready: whatever it did before is over. */
void dispatch_ready(struct dispatch *dispatch, struct worker *worker);

/* It wants a job: into the queue, or later if it holds as many leases as it may. */
void dispatch_credit(struct dispatch *dispatch, struct worker *worker);

/* Takes it out of the queue it waits in, if any; it wants none any more. */
void dispatch_unqueue(struct dispatch *dispatch, struct worker *worker);

/* The worker does not answer about robots.txt any more. */
void dispatch_forget_robots(struct dispatch *dispatch, struct worker *worker);

/* A worker that was asked to leave, or leaves because we stop, did not die of what it held. NULL: one that is
 * gone already. */
bool dispatch_is_death(const struct dispatch *dispatch, const struct worker *worker);

/* A lease is lost: its board goes back to the plan. `counts`: as an attempt, and as a death of its worker. */
void dispatch_take_back(struct dispatch *dispatch, uint32_t lease_place, enum failure failure, bool counts);

/* Forgets and frees the worker. What it held goes back to the plan; `counts`: as an attempt, and as a death.
 */
void dispatch_drop(struct dispatch *dispatch, struct worker *worker, bool counts);

/* The worker has said that it is at what it holds: its lease lasts anew, so that one who falls silent is
 * given up before its lease is over, and told of as such. Not for ever by words alone: since the last grant
 * there was time for the request, and for what follows from its answer. */
void dispatch_renew(struct dispatch *dispatch, const struct worker *worker, int64_t now_ms);

/* The result of a lease has come: its worker has done a job. */
void dispatch_end_lease(struct dispatch *dispatch, uint32_t lease_place);

/* Drops those that were silent for too long, tells the others that we are there; takes expired leases back.
 */
void dispatch_sweep_workers(struct dispatch *dispatch, int64_t now_ms);
void dispatch_sweep_leases(struct dispatch *dispatch, int64_t now_ms);

/* All finish what they hold and leave. */
void dispatch_retire_all(struct dispatch *dispatch);

#endif
