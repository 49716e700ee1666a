#ifndef R3E_COORDINATOR_DISPATCH_RESULTS_H
#define R3E_COORDINATOR_DISPATCH_RESULTS_H
/* What a result means for the worker that sent it and for the lease it was for: asked and said by those who
 * take results in (collect.h, arrival.h). */
#include "coordinator/dispatch.h"

/* A result came in: its worker's request is no longer in flight, its lease ends. The plan entry stays LEASED;
 * the caller decides at once what follows from the result. */
void dispatch_lease_done(struct dispatch *dispatch, uint32_t plan_place);

/* The worker of that name has said with a result that it is ready: as a READY, but
 * heard only when no lease is in its hands. To be called when the result's own lease has ended. */
void dispatch_result_ready(struct dispatch *dispatch, const char *name);

/* A result came in of a combination that the plan does not have. True if it was handed out when the plan had
 * it; its lease ends. */
bool dispatch_stray_done(struct dispatch *dispatch, uint64_t lease);

/* A result cannot be used. Counted against the worker it names if that is the one who sent it (`key`: what
 * the connection has proven, "" for none; no lease is another's to answer for). */
void dispatch_blame(struct dispatch *dispatch, const char *name, const char *key, const char *reason);

/* False if the worker of that name has another key: the sender has no right to the name. */
bool dispatch_may_name(const struct dispatch *dispatch, const char *name, const char *key);

/* A result was applied. */
void dispatch_praise(struct dispatch *dispatch, const char *name);

/* True if that is the worker which holds the lease, with that key. */
bool dispatch_is_holder(const struct lease *lease, const char *name, const char *key);

/* Whether a lease of that id was handed out for that place and lost since: expired, or its worker fell
 * silent. Of those of an earlier start of the coordinator nothing is known: true for DISPATCH_LATE_MS after
 * this start, when workers bring what they had in hand, and false from then on. */
#define DISPATCH_LATE_MS ((int64_t)10 * 60 * 1000)
bool dispatch_was_leased(const struct dispatch *dispatch, uint64_t id, uint32_t track_id, uint32_t class_id);

/* True of an id that an earlier start of the coordinator may have given. */
bool dispatch_is_of_earlier(const struct dispatch *dispatch, uint64_t id);

/* As dispatch_was_leased but of this start alone, and only the first time that it is asked. */
bool dispatch_take_lost(struct dispatch *dispatch, uint64_t id, uint32_t track_id, uint32_t class_id);

/* Tells the worker of that name, if it is still there, what became of its results. */
void dispatch_acknowledge(struct dispatch *dispatch, const char *name, const struct message_ack *ack);

/* True once if a worker is only waiting for an acknowledgement to leave: a commit is better not put off. */
bool dispatch_take_awaited(struct dispatch *dispatch);

/* A result came from the worker of that name, if it is still there: it is counted, and owed one
 * acknowledgement. */
void dispatch_note_result(struct dispatch *dispatch, const struct message_result *result, int64_t wall_ms);

#endif
