#ifndef R3E_COORDINATOR_DISPATCH_H
#define R3E_COORDINATOR_DISPATCH_H
/* The jobs socket: answers HELLO, hands out jobs to those who are READY, grants further pages, keeps leases
 * alive.
 *
 * Every request to the upstream is counted here before it is made: a JOB includes the first page's, MORE asks
 * for each further one, ROBOTS is one for robots.txt. It takes the leave of politeness.h and a place among
 * `max_in_flight`; whoever cannot have both waits in a queue, pages of jobs under way before new jobs; so
 * does everybody while there is a reason to hold back (holds.h). One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/access.h"
#include "coordinator/events.h"
#include "coordinator/holds.h"
#include "coordinator/lease.h"
#include "coordinator/plan.h"
#include "coordinator/politeness.h"
#include "coordinator/refresh.h"
#include "coordinator/roster.h"
#include "coordinator/rubbish.h"
#include "coordinator/store.h"

/* Leases that one worker may hold: a board in hand, one whose result is on its way, and one that it gave up
 * when its connection broke. Who has more to bring gets no job, so results cannot pile up on the way however
 * fast the workers are, and nobody gathers boards by saying READY. */
#define DISPATCH_LEASES_EACH 3u

struct dispatch_options {
    struct message_welcome welcome; /* what all workers are told; name and limits are filled in for each */
    char local_results[PROTOCOL_NAME_SIZE]; /* the results socket for those that came over an ipc socket */
    int64_t heartbeat_ms;
    int64_t lease_ms;
    unsigned max_in_flight;
    unsigned max_per_key; /* workers with one key */
};

struct dispatch_counters {
    uint64_t jobs;         /* JOBs sent */
    uint64_t requests;     /* requests granted */
    uint64_t workers_lost; /* fell silent or died while they held a lease */
    uint64_t leases_expired;
    uint64_t bad_frames;
    uint64_t refused;    /* HELLOs refused */
    uint64_t byes[BYES]; /* workers that left in good order, by their reason */
};

struct dispatch;

/* All pointers are borrowed for its life. `socket` is a bound ROUTER. */
struct dispatch *dispatch_open(void *socket, const struct catalogue *catalogue, struct plan *plan,
    struct store *store, const struct refresh_policy *policy, const struct holds *holds,
    struct politeness *politeness, const struct dispatch_options *options, int64_t now_ms);
void dispatch_close(struct dispatch **pointer);

/* From now on these hold. Where workers are to be told something else than before, those that are connected
 * are asked to retire. */
void dispatch_set_options(struct dispatch *dispatch, const struct dispatch_options *options);

/* After plan_rebuild: `moved` says where each place is now. What is leased and gone from the plan is fetched
 * to its end. */
void dispatch_move(struct dispatch *dispatch, const uint32_t *moved);

/* Loop handler of the jobs socket. */
void dispatch_readable(void *context);

/* Hands out what can be handed out, and sweeps now and then. Returns how many milliseconds it may sleep. */
int64_t dispatch_tick(struct dispatch *dispatch, int64_t now_ms);

/* A process on this host ended. What it held goes to another, at once. With `by_itself` it counts as an
 * attempt and as a death (quarantine.h) unless the worker had said BYE (somebody stopped it) or we are
 * stopping ourselves. */
void dispatch_process_ended(struct dispatch *dispatch, pid_t pid, bool by_itself);

/* True if what the key's peers send is not to be looked at: they were put aside. */
bool dispatch_is_aside(const struct dispatch *dispatch, const char *key);

const struct rubbish *dispatch_rubbish(const struct dispatch *dispatch);

/* What the owner is told of workers on this host, by their pids. */
struct dispatch_events {
    void (*joined)(void *context, pid_t pid);
    void (*left)(void *context, pid_t pid);
    void (*worked)(void *context); /* one of them had a result: its kind is healthy */
    void *context;
};
void dispatch_on_local(struct dispatch *dispatch, const struct dispatch_events *events);

/* Where to tell what becomes of workers; borrowed. */
void dispatch_tell_events(struct dispatch *dispatch, struct events *events);

/* Where to note who is turned away because there is no room for it; borrowed. */
void dispatch_tell_access(struct dispatch *dispatch, struct access *access);

/* The lease of a board if it is leased now, else NULL. Valid until the next call. */
const struct lease *dispatch_lease(const struct dispatch *dispatch, uint32_t plan_place);

/* The lease that a worker holds, or NULL. Valid until the next call. */
const struct lease *dispatch_lease_of(const struct dispatch *dispatch, const struct worker *worker);

/* Milliseconds since the oldest lease of now began; 0: there is none. */
int64_t dispatch_oldest_lease_ms(const struct dispatch *dispatch, int64_t now_ms);

const struct roster *dispatch_roster(const struct dispatch *dispatch);
const struct dispatch_counters *dispatch_counters(const struct dispatch *dispatch);
unsigned dispatch_in_flight(const struct dispatch *dispatch);
unsigned dispatch_leased(const struct dispatch *dispatch);

/* Requests per second that are allowed; 0: no limit. */
double dispatch_rate(const struct dispatch *dispatch);

/* Leases begun and ended so far, and those there are now, in no particular order. */
uint64_t dispatch_lease_changes(const struct dispatch *dispatch);
void dispatch_each_lease(const struct dispatch *dispatch,
    void (*visit)(void *context, uint32_t track_id, uint32_t class_id), void *context);
uint64_t dispatch_retried(const struct dispatch *dispatch);

#endif
