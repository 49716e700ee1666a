#include "coordinator/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/dispatch_hello.h"
#include "coordinator/dispatch_jobs.h"
#include "coordinator/dispatch_strikes.h"
#include "coordinator/dispatch_workers.h"

#define MESSAGES_PER_ROUND 256 /* then the other sources of the loop have their turn */

struct dispatch *dispatch_open(void *socket, const struct catalogue *catalogue, struct plan *plan,
    struct store *store, const struct refresh_policy *policy, const struct holds *holds,
    struct politeness *politeness, const struct dispatch_options *options, int64_t now_ms)
{
    struct dispatch *dispatch = memory_zalloc(1, sizeof *dispatch);
    dispatch->socket = socket;
    dispatch->catalogue = catalogue;
    dispatch->plan = plan;
    dispatch->store = store;
    dispatch->policy = policy;
    dispatch->holds = holds;
    dispatch->options = *options;
    dispatch->politeness = politeness;
    dispatch->opened_ms = dispatch->next_sweep_ms = dispatch->ticked_ms = now_ms;
    lease_table_open(&dispatch->leases, store_epoch(store));
    if (gethostname(dispatch->host, sizeof dispatch->host - 1) < 0)
        dispatch->host[0] = 0;
    return dispatch;
}

void dispatch_close(struct dispatch **pointer)
{
    struct dispatch *dispatch = *pointer;
    if (!dispatch)
        return;
    roster_free(&dispatch->roster);
    lease_table_free(&dispatch->leases);
    free(dispatch);
    *pointer = NULL;
}

/* ---- messages ---- */

static void on_more(struct dispatch *dispatch, struct worker *worker, const struct message_page *more)
{
    if (worker->lease == LEASE_NONE || dispatch->leases.leases[worker->lease].id != more->lease) {
        dispatch_welcome(dispatch, worker); /* the lease has expired meanwhile: that says so */
        return;
    }
    if (worker->ready || worker->ready_later || worker->wanted_page)
        return;
    dispatch_set_requesting(dispatch, worker, false);
    worker->wanted_page = (uint32_t)more->page;
    dispatch_renew(dispatch, worker, clock_monotonic_ms());
    queue_append(&dispatch->askers, worker);
}

static void on_heartbeat(
    struct dispatch *dispatch, struct worker *worker, const struct message_heartbeat *beat)
{
    worker->rss_kb = beat->rss_kb;
    worker->page = beat->page;
    if (worker->lease == LEASE_NONE || dispatch->leases.leases[worker->lease].id != beat->lease)
        return;
    dispatch_renew(dispatch, worker, clock_monotonic_ms());
}

static void on_rules(struct dispatch *dispatch, struct worker *worker, const struct message_rules *rules)
{
    if (!worker->asked_robots)
        return; /* of a time before it reconnected */
    worker->asked_robots = false;
    dispatch_set_requesting(dispatch, worker, false);
    politeness_robots_told(dispatch->politeness, rules, (uint64_t)random(), clock_monotonic_ms());
}

/* Identities are chosen by peers; the key is proven. */
static struct worker *find_worker(const struct dispatch *dispatch, struct origin origin)
{
    struct worker *worker = roster_find(&dispatch->roster, origin.identity);
    return worker && strcmp(worker->key, origin.key) == 0 ? worker : NULL;
}

static void on_message(struct dispatch *dispatch, struct origin origin, const struct message *message)
{
    struct worker *worker = find_worker(dispatch, origin);
    if (message->type == MESSAGE_HELLO) {
        dispatch_hello(dispatch, origin, &message->hello);
        return;
    }
    if (!worker) {
        /* It was given up, or spoke to our predecessor. It says HELLO again when it is told nothing. */
        log_debug("%s from a worker that has not said hello", message_type_string(message->type));
        return;
    }
    worker->last_heard_ms = clock_monotonic_ms();
    switch (message->type) {
    case MESSAGE_READY:
        dispatch_ready(dispatch, worker);
        break;
    case MESSAGE_MORE:
        on_more(dispatch, worker, &message->page);
        break;
    case MESSAGE_HEARTBEAT:
        on_heartbeat(dispatch, worker, &message->heartbeat);
        break;
    case MESSAGE_RULES:
        on_rules(dispatch, worker, &message->rules);
        break;
    case MESSAGE_BYE:
        log_debug("worker %s leaves: %s", worker->name, bye_string(message->bye.reason));
        worker->leaving = worker->said_bye = true;
        worker->bye_reason = message->bye.reason;
        dispatch->counters.byes[message->bye.reason]++;
        dispatch_unqueue(dispatch, worker);
        dispatch->awaited |= worker->owed > 0;
        dispatch_drop_if_done(dispatch, worker);
        break;
    default:
        dispatch->counters.bad_frames++;
        log_warn("worker %s sent %s, which only the coordinator sends", worker->name,
            message_type_string(message->type));
        dispatch_strike(dispatch, worker, "a message that only the coordinator sends");
    }
}

static void on_frames(struct dispatch *dispatch, const struct wire_message *frames)
{
    struct message message;
    char problem[PROTOCOL_PROBLEM_SIZE] = "a message has one frame";
    struct origin origin = {.identity = {wire_frame(frames, 0), (uint32_t)wire_frame_size(frames, 0)},
        .key = wire_user(frames),
        .address = wire_address(frames),
        .ipc = wire_is_ipc(frames)};
    if (!frames->excess && frames->count == 2 &&
        protocol_decode(wire_frame(frames, 1), wire_frame_size(frames, 1), &message, problem)) {
        on_message(dispatch, origin, &message);
        return;
    }
    /* Logged at powers of two: a broken peer must not fill the log. */
    uint64_t count = ++dispatch->counters.bad_frames;
    if ((count & (count - 1)) == 0)
        log_warn(
            "message %llu on the jobs socket that cannot be used: %s", (unsigned long long)count, problem);
    struct worker *worker = find_worker(dispatch, origin);
    if (!worker)
        dispatch_strike_key(dispatch, origin.key, problem);
    if ((!worker || !dispatch_strike(dispatch, worker, problem)) && frames->count == 2)
        dispatch_refuse(dispatch, origin.identity, problem);
}

void dispatch_readable(void *context)
{
    struct dispatch *dispatch = context;
    struct wire_message frames;
    for (int i = 0; i < MESSAGES_PER_ROUND && wire_receive(dispatch->socket, &frames) > 0; i++) {
        on_frames(dispatch, &frames);
        wire_message_free(&frames);
    }
}

/* ---- time ---- */

static int64_t most(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

int64_t dispatch_tick(struct dispatch *dispatch, int64_t now_ms)
{
    if (now_ms - dispatch->ticked_ms > dispatch->options.heartbeat_ms)
        dispatch_forgive_stall(dispatch, now_ms - dispatch->ticked_ms);
    dispatch->ticked_ms = now_ms;
    if (now_ms >= dispatch->next_sweep_ms) {
        dispatch_sweep_workers(dispatch, now_ms);
        dispatch_sweep_leases(dispatch, now_ms);
        dispatch->next_sweep_ms = now_ms + dispatch->options.heartbeat_ms / 4 + 1;
    }
    dispatch_hand_out(dispatch, now_ms);
    int64_t sleep_ms = dispatch->next_sweep_ms - now_ms;
    if (!dispatch->askers && !dispatch->credits)
        return sleep_ms;
    if (dispatch->in_flight >= dispatch->options.max_in_flight)
        return sleep_ms; /* a message will wake us */
    int64_t wait_ms = most(politeness_wait_ms(dispatch->politeness, now_ms),
        holds_wait_ms(dispatch->holds, dispatch->askers ? HOLD_REQUESTS : HOLD_JOBS, now_ms));
    if (!dispatch->askers) {
        int64_t due_ms = plan_next_due_ms(dispatch->plan);
        if (due_ms > now_ms)
            wait_ms = most(wait_ms, due_ms - now_ms);
    }
    return wait_ms < sleep_ms ? wait_ms : sleep_ms;
}

void dispatch_process_ended(struct dispatch *dispatch, pid_t pid, bool by_itself)
{
    struct worker *worker = roster_find_pid(&dispatch->roster, dispatch->host, pid);
    if (!worker || !worker->local)
        return;
    bool death = by_itself && dispatch_is_death(dispatch, worker);
    if (death && worker->lease != LEASE_NONE)
        log_warn("worker %s (pid %d) died while it held a board; another gets it", worker->name, (int)pid);
    dispatch_drop(dispatch, worker, death);
}

void dispatch_move(struct dispatch *dispatch, const uint32_t *moved)
{
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        struct lease *lease = &dispatch->leases.leases[place];
        if (lease->id && lease->plan_place != PLAN_NONE)
            lease->plan_place = moved[lease->plan_place];
    }
    dispatch->leases.changes++;
}

static bool is_same_welcome(const struct message_welcome *left, const struct message_welcome *right)
{
    struct buffer a = buffer_make(PROTOCOL_FRAME_MAX), b = buffer_make(PROTOCOL_FRAME_MAX);
    protocol_encode(&(struct message){.type = MESSAGE_WELCOME, .welcome = *left}, &a);
    protocol_encode(&(struct message){.type = MESSAGE_WELCOME, .welcome = *right}, &b);
    bool same = a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
    buffer_free(&a);
    buffer_free(&b);
    return same;
}

void dispatch_set_options(struct dispatch *dispatch, const struct dispatch_options *options)
{
    bool same = is_same_welcome(&dispatch->options.welcome, &options->welcome);
    dispatch->options = *options;
    if (!same && dispatch->roster.count) {
        log_info(
            "reload: %u workers are asked to retire, so that they are told anew", dispatch->roster.count);
        dispatch_retire_all(dispatch);
    }
}

const struct rubbish *dispatch_rubbish(const struct dispatch *dispatch)
{
    return &dispatch->rubbish;
}

void dispatch_on_local(struct dispatch *dispatch, const struct dispatch_events *events)
{
    dispatch->events = *events;
}

void dispatch_tell_events(struct dispatch *dispatch, struct events *events)
{
    dispatch->told = events;
}

static bool is_aside(const void *dispatch, const char *public_key)
{
    return dispatch_is_aside(dispatch, public_key);
}

void dispatch_tell_access(struct dispatch *dispatch, struct access *access)
{
    dispatch->access = access;
    access_ask_aside(access, is_aside, dispatch);
}

const struct lease *dispatch_lease(const struct dispatch *dispatch, uint32_t plan_place)
{
    uint32_t place = plan_entry(dispatch->plan, plan_place)->lease;
    return place == LEASE_NONE ? NULL : &dispatch->leases.leases[place];
}

const struct lease *dispatch_lease_of(const struct dispatch *dispatch, const struct worker *worker)
{
    return worker->lease == LEASE_NONE ? NULL : &dispatch->leases.leases[worker->lease];
}

int64_t dispatch_oldest_lease_ms(const struct dispatch *dispatch, int64_t now_ms)
{
    int64_t oldest_ms = now_ms;
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        const struct lease *lease = &dispatch->leases.leases[place];
        if (lease->id && lease->begun_ms < oldest_ms)
            oldest_ms = lease->begun_ms;
    }
    return now_ms - oldest_ms;
}

const struct roster *dispatch_roster(const struct dispatch *dispatch)
{
    return &dispatch->roster;
}

const struct dispatch_counters *dispatch_counters(const struct dispatch *dispatch)
{
    return &dispatch->counters;
}

unsigned dispatch_in_flight(const struct dispatch *dispatch)
{
    return dispatch->in_flight;
}

unsigned dispatch_leased(const struct dispatch *dispatch)
{
    return dispatch->leases.count;
}

double dispatch_rate(const struct dispatch *dispatch)
{
    return politeness_rate(dispatch->politeness);
}

uint64_t dispatch_lease_changes(const struct dispatch *dispatch)
{
    return dispatch->leases.changes;
}

void dispatch_each_lease(const struct dispatch *dispatch,
    void (*visit)(void *context, uint32_t track_id, uint32_t class_id), void *context)
{
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        const struct lease *lease = &dispatch->leases.leases[place];
        if (!lease->id || lease->plan_place == PLAN_NONE)
            continue;
        const struct plan_entry *entry = plan_entry(dispatch->plan, lease->plan_place);
        visit(context, entry->track_id, entry->class_id);
    }
}

uint64_t dispatch_retried(const struct dispatch *dispatch)
{
    return dispatch->retried;
}
