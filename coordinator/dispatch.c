#include "coordinator/dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/memory.h"
#include "common/version.h"
#include "common/wire.h"
#include "coordinator/quarantine.h"
#include "coordinator/queue.h"

#define MESSAGES_PER_ROUND 256 /* then the other sources of the loop have their turn */
#define SILENT_BEATS       3   /* Majordomo and Paranoid Pirate (ZeroMQ guide, chapter 4) use the same */

struct dispatch {
    void *socket;
    const struct catalogue *catalogue;
    struct plan *plan;
    struct store *store;
    const struct refresh_policy *policy;
    const struct holds *holds;
    struct dispatch_options options;
    struct roster roster;
    struct lease_table leases;
    struct politeness *politeness;
    struct worker *credits; /* queue of those who are READY */
    struct worker *askers;  /* queue of those who want a further page */
    unsigned in_flight;
    int64_t next_sweep_ms;
    uint64_t retried;
    struct dispatch_counters counters;
    char host[PROTOCOL_NAME_SIZE];
    struct dispatch_events events; /* all NULL until dispatch_on_local */
};

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
    dispatch->next_sweep_ms = now_ms;
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

/* ---- workers come and go ---- */

static struct text identity_of(const struct worker *worker)
{
    return (struct text){worker->identity, worker->identity_length};
}

static void set_requesting(struct dispatch *dispatch, struct worker *worker, bool requesting)
{
    dispatch->in_flight = dispatch->in_flight - worker->requesting + requesting;
    worker->requesting = requesting;
}

static void unqueue(struct dispatch *dispatch, struct worker *worker)
{
    if (worker->ready)
        queue_remove(&dispatch->credits, worker);
    if (worker->wanted_page)
        queue_remove(&dispatch->askers, worker);
    worker->ready = false;
    worker->wanted_page = 0;
}

/* The worker's lease is over. One that did not wait for the page it asked for waits no longer. */
static void release_lease(struct dispatch *dispatch, struct worker *worker)
{
    if (worker->wanted_page)
        unqueue(dispatch, worker);
    worker->lease = LEASE_NONE;
    set_requesting(dispatch, worker, false);
}

/* A worker that was asked to leave did not die of what it held. */
static bool is_death(const struct dispatch *dispatch, const struct worker *worker)
{
    return !(worker && worker->said_bye) && !holds_get(dispatch->holds, HOLD_STOPPING, clock_monotonic_ms());
}

/* What a lost lease means for the plan. `counts`: as an attempt, and as a death of its worker. */
static void take_back(struct dispatch *dispatch, uint32_t lease_place, enum failure failure, bool counts)
{
    uint32_t place = dispatch->leases.leases[lease_place].plan_place;
    struct worker *worker = dispatch->leases.leases[lease_place].worker;
    FAULT_TRACE("lease_lost", "lease=%" PRIu64 " failure=%s", dispatch->leases.leases[lease_place].id,
        failure_string(failure));
    if (worker && worker->lease == lease_place)
        release_lease(dispatch, worker);
    politeness_lost(dispatch->politeness, dispatch->leases.leases[lease_place].id, clock_monotonic_ms());
    lease_end(&dispatch->leases, lease_place);
    if (place == PLAN_NONE)
        return; /* gone from the catalogue */
    plan_entry(dispatch->plan, place)->lease = LEASE_NONE;
    if (!counts) {
        plan_return(dispatch->plan, place);
        return;
    }
    struct refresh_failure lost = {.failure = failure, .wall_ms = clock_wall_ms()};
    int64_t now_ms = clock_monotonic_ms();
    bool again = refresh_failed(dispatch->policy, dispatch->plan, place, &lost, now_ms, (uint64_t)random());
    if (!quarantine_note_death(dispatch->store, dispatch->plan, place, now_ms, lost.wall_ms))
        dispatch->retried += again;
}

/* The worker does not answer about robots.txt any more. */
static void forget_robots(struct dispatch *dispatch, struct worker *worker)
{
    if (worker->asked_robots)
        politeness_robots_lost(dispatch->politeness, clock_monotonic_ms());
    worker->asked_robots = false;
}

static void drop_worker(struct dispatch *dispatch, struct worker *worker, bool counts)
{
    unqueue(dispatch, worker);
    forget_robots(dispatch, worker);
    set_requesting(dispatch, worker, false);
    dispatch->counters.workers_lost += counts && worker->lease != LEASE_NONE;
    /* It may hold an earlier lease too, whose result was on its way. */
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++)
        if (dispatch->leases.leases[place].id && dispatch->leases.leases[place].worker == worker)
            take_back(dispatch, place, FAILURE_WORKER_DIED, counts);
    if (worker->local && dispatch->events.left)
        dispatch->events.left(dispatch->events.context, worker->pid);
    roster_leave(&dispatch->roster, worker);
}

/* False: the worker cannot be reached and was dropped. */
static bool tell(struct dispatch *dispatch, struct worker *worker, const struct message *message)
{
    struct text identity = identity_of(worker);
    if (wire_send(dispatch->socket, &identity, message, NULL, 0)) {
        worker->last_told_ms = clock_monotonic_ms();
        return true;
    }
    log_debug("worker %s (%s pid %d) cannot be reached: %s", worker->name, worker->host, (int)worker->pid,
        zmq_strerror(errno));
    return false;
}

static uint64_t spread(uint64_t limit)
{
    uint64_t fifth = limit / 5;
    return limit - (fifth ? (uint64_t)random() % (fifth + 1) : 0);
}

static void welcome(struct dispatch *dispatch, struct worker *worker)
{
    struct message message = {.type = MESSAGE_WELCOME, .welcome = dispatch->options.welcome};
    memcpy(message.welcome.worker, worker->name, sizeof message.welcome.worker);
    message.welcome.max_jobs = spread(message.welcome.max_jobs);
    message.welcome.max_age_ms = spread(message.welcome.max_age_ms);
    tell(dispatch, worker, &message);
}

static void refuse(struct dispatch *dispatch, struct text identity, const char *reason)
{
    struct message message = {.type = MESSAGE_REFUSE};
    size_t length = strlen(reason);
    size_t most = sizeof message.refuse.reason - 1;
    memcpy(message.refuse.reason, reason, length < most ? length : most);
    dispatch->counters.refused++;
    wire_send(dispatch->socket, &identity, &message, NULL, 0);
}

static void on_hello(struct dispatch *dispatch, struct text identity, const struct message_hello *hello)
{
    if (strcmp(hello->version, R3E_VERSION) != 0) {
        log_warn("worker on %s (pid %d) is of version %s and was refused; install %s there", hello->host,
            (int)hello->pid, hello->version, R3E_VERSION);
        refuse(dispatch, identity, "the coordinator is of version " R3E_VERSION "; install the same here");
        return;
    }
    struct worker *worker = roster_join(&dispatch->roster, identity, hello, clock_monotonic_ms());
    if (!worker) {
        refuse(dispatch, identity, "too many workers are connected");
        return;
    }
    worker->local = strcmp(worker->host, dispatch->host) == 0;
    if (worker->local && dispatch->events.joined)
        dispatch->events.joined(dispatch->events.context, worker->pid);
    unqueue(dispatch, worker);
    forget_robots(dispatch, worker);
    log_debug("worker %s joined: %s pid %d", worker->name, worker->host, (int)worker->pid);
    welcome(dispatch, worker);
}

/* ---- jobs ---- */

static void count_request(struct dispatch *dispatch, uint64_t lease, int64_t now_ms)
{
    dispatch->counters.requests++;
    politeness_sent(dispatch->politeness, lease, now_ms);
}

static void give_job(struct dispatch *dispatch, struct worker *worker, uint32_t place, int64_t now_ms)
{
    struct plan_entry *entry = plan_entry(dispatch->plan, place);
    struct record_board record;
    const char *name = catalogue_find_track(dispatch->catalogue, entry->track_id)->name;
    FAULT_POINT(DISPATCH_BEFORE_LEASE);
    entry->lease = lease_begin(&dispatch->leases, place, worker, now_ms, dispatch->options.lease_ms);
    worker->lease = entry->lease;
    set_requesting(dispatch, worker, true);
    struct message message = {.type = MESSAGE_JOB,
        .job = {.lease = dispatch->leases.leases[entry->lease].id,
            .attempt = entry->attempt,
            .track_id = entry->track_id,
            .class_id = entry->class_id,
            .issued_at_ms = (uint64_t)clock_wall_ms(),
            .lease_ms = (uint64_t)dispatch->options.lease_ms}};
    _Static_assert(CATALOGUE_NAME_MAX < PROTOCOL_NAME_SIZE, "a track's name fits a job");
    memcpy(message.job.track_name, name, strlen(name) + 1);
    if (store_get_board(dispatch->store, entry->track_id, entry->class_id, &record) &&
        record_board_is_fetched(&record) && !record.content_lost)
        protocol_hash_to_hex(record.content_hash, message.job.content_hash);
    FAULT_POINT(DISPATCH_AFTER_LEASE);
    FAULT_TRACE("job", "lease=%" PRIu64 " track=%u class=%u attempt=%u worker=%s", message.job.lease,
        entry->track_id, entry->class_id, (unsigned)entry->attempt, worker->name);
    if (tell(dispatch, worker, &message)) {
        FAULT_POINT(DISPATCH_AFTER_SEND);
        dispatch->counters.jobs++;
        count_request(dispatch, message.job.lease, now_ms);
        return;
    }
    drop_worker(dispatch, worker, false);
}

static void grant_page(struct dispatch *dispatch, struct worker *worker, int64_t now_ms)
{
    struct lease *lease = &dispatch->leases.leases[worker->lease];
    struct message message = {
        .type = MESSAGE_GRANT, .page = {.lease = lease->id, .page = worker->wanted_page}};
    unqueue(dispatch, worker);
    set_requesting(dispatch, worker, true);
    FAULT_POINT(DISPATCH_BEFORE_GRANT);
    FAULT_TRACE("grant", "lease=%" PRIu64 " page=%" PRIu64, message.page.lease, message.page.page);
    if (!tell(dispatch, worker, &message)) {
        drop_worker(dispatch, worker, is_death(dispatch, worker));
        return;
    }
    lease->granted_ms = now_ms;
    lease->requests++;
    count_request(dispatch, message.page.lease, now_ms);
    FAULT_POINT(DISPATCH_AFTER_GRANT);
}

/* Whoever is ready fetches robots.txt, if it is time for that. */
static void ask_robots(struct dispatch *dispatch, int64_t now_ms)
{
    struct message message = {.type = MESSAGE_ROBOTS};
    struct worker *worker = dispatch->credits;
    if (!worker || dispatch->in_flight >= dispatch->options.max_in_flight ||
        !politeness_wants_robots(dispatch->politeness, now_ms))
        return;
    unqueue(dispatch, worker);
    if (!tell(dispatch, worker, &message)) {
        drop_worker(dispatch, worker, false);
        return;
    }
    set_requesting(dispatch, worker, true);
    worker->asked_robots = true;
    dispatch->counters.requests++;
    politeness_robots_asked(dispatch->politeness,
        PROTOCOL_ROBOTS_REQUESTS_MAX * (int64_t)dispatch->options.welcome.timeout_ms, now_ms);
}

/* The first who waits for a page and may have it now, or NULL. */
static struct worker *next_asker(const struct dispatch *dispatch, int64_t now_ms)
{
    struct worker *worker = dispatch->askers;
    while (
        worker && !politeness_allows(dispatch->politeness, dispatch->leases.leases[worker->lease].id, now_ms))
        worker = worker->queue_next;
    return worker;
}

static void hand_out(struct dispatch *dispatch, int64_t now_ms)
{
    ask_robots(dispatch, now_ms);
    if (holds_wait_ms(dispatch->holds, HOLD_REQUESTS, now_ms) > 0)
        return;
    while (dispatch->in_flight < dispatch->options.max_in_flight) {
        struct worker *worker = next_asker(dispatch, now_ms);
        if (worker) {
            grant_page(dispatch, worker, now_ms);
            continue;
        }
        worker = dispatch->credits;
        if (!worker || dispatch->askers || holds_wait_ms(dispatch->holds, HOLD_JOBS, now_ms) > 0 ||
            plan_next_due_ms(dispatch->plan) > now_ms || !politeness_allows(dispatch->politeness, 0, now_ms))
            return;
        unqueue(dispatch, worker);
        give_job(dispatch, worker, plan_take(dispatch->plan, now_ms), now_ms);
    }
}

/* ---- messages ---- */

static void on_ready(struct dispatch *dispatch, struct worker *worker)
{
    forget_robots(dispatch, worker); /* it is not at it any more */
    set_requesting(dispatch, worker, false);
    /* Its last result may still be on its way through the other socket: the lease stays until then. */
    if (!worker->ready && !worker->leaving && !worker->wanted_page) {
        worker->ready = true;
        queue_append(&dispatch->credits, worker);
    }
}

static void on_more(struct dispatch *dispatch, struct worker *worker, const struct message_page *more)
{
    if (worker->lease == LEASE_NONE || dispatch->leases.leases[worker->lease].id != more->lease ||
        worker->ready || worker->wanted_page)
        return; /* of a lease that has expired meanwhile */
    set_requesting(dispatch, worker, false);
    worker->wanted_page = (uint32_t)more->page;
    queue_append(&dispatch->askers, worker);
}

static void on_heartbeat(
    struct dispatch *dispatch, struct worker *worker, const struct message_heartbeat *beat)
{
    worker->rss_kb = beat->rss_kb;
    worker->page = beat->page;
    if (worker->lease != LEASE_NONE && dispatch->leases.leases[worker->lease].id == beat->lease)
        lease_renew(&dispatch->leases, worker->lease, clock_monotonic_ms(), dispatch->options.lease_ms);
}

static void on_rules(struct dispatch *dispatch, struct worker *worker, const struct message_rules *rules)
{
    if (!worker->asked_robots)
        return; /* of a time before it reconnected */
    worker->asked_robots = false;
    set_requesting(dispatch, worker, false);
    politeness_robots_told(dispatch->politeness, rules, (uint64_t)random(), clock_monotonic_ms());
}

static void on_message(struct dispatch *dispatch, struct text identity, const struct message *message)
{
    struct worker *worker = roster_find(&dispatch->roster, identity);
    if (message->type == MESSAGE_HELLO) {
        on_hello(dispatch, identity, &message->hello);
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
        on_ready(dispatch, worker);
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
        unqueue(dispatch, worker);
        break;
    default:
        dispatch->counters.bad_frames++;
        log_warn("worker %s sent %s, which only the coordinator sends", worker->name,
            message_type_string(message->type));
    }
}

static void on_frames(struct dispatch *dispatch, const struct wire_message *frames)
{
    struct message message;
    char problem[PROTOCOL_PROBLEM_SIZE] = "a message has one frame";
    struct text identity = {wire_frame(frames, 0), (uint32_t)wire_frame_size(frames, 0)};
    if (!frames->excess && frames->count == 2 &&
        protocol_decode(wire_frame(frames, 1), wire_frame_size(frames, 1), &message, problem)) {
        on_message(dispatch, identity, &message);
        return;
    }
    /* Logged at powers of two: a broken peer must not fill the log. */
    uint64_t count = ++dispatch->counters.bad_frames;
    if ((count & (count - 1)) == 0)
        log_warn(
            "message %llu on the jobs socket that cannot be used: %s", (unsigned long long)count, problem);
    if (frames->count == 2)
        refuse(dispatch, identity, problem);
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

static void sweep_workers(struct dispatch *dispatch, int64_t now_ms)
{
    struct message beat = {.type = MESSAGE_HEARTBEAT};
    struct worker *next;
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = next) {
        next = worker->hh.next;
        if (now_ms - worker->last_heard_ms > SILENT_BEATS * dispatch->options.heartbeat_ms) {
            if (worker->lease != LEASE_NONE)
                log_warn("worker %s (%s pid %d) has been silent for %lld ms; its board goes to another",
                    worker->name, worker->host, (int)worker->pid,
                    (long long)(now_ms - worker->last_heard_ms));
            drop_worker(dispatch, worker, is_death(dispatch, worker));
        } else if (now_ms - worker->last_told_ms >= dispatch->options.heartbeat_ms) {
            if (!tell(dispatch, worker, &beat))
                drop_worker(dispatch, worker, is_death(dispatch, worker));
        }
    }
}

static void sweep_leases(struct dispatch *dispatch, int64_t now_ms)
{
    uint32_t place = 0;
    while ((place = lease_find_expired(&dispatch->leases, place, now_ms)) != LEASE_NONE) {
        dispatch->counters.leases_expired++;
        take_back(dispatch, place, FAILURE_LEASE_EXPIRED,
            is_death(dispatch, dispatch->leases.leases[place].worker));
    }
}

static int64_t most(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

int64_t dispatch_tick(struct dispatch *dispatch, int64_t now_ms)
{
    if (now_ms >= dispatch->next_sweep_ms) {
        sweep_workers(dispatch, now_ms);
        sweep_leases(dispatch, now_ms);
        dispatch->next_sweep_ms = now_ms + dispatch->options.heartbeat_ms / 4 + 1;
    }
    hand_out(dispatch, now_ms);
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
    struct worker *worker = roster_find_process(&dispatch->roster, dispatch->host, pid);
    if (!worker)
        return;
    bool death = by_itself && is_death(dispatch, worker);
    if (death && worker->lease != LEASE_NONE)
        log_warn("worker %s (pid %d) died while it held a board; another gets it", worker->name, (int)pid);
    drop_worker(dispatch, worker, death);
}

/* ---- results ---- */

const struct lease *dispatch_lease(const struct dispatch *dispatch, uint32_t plan_place)
{
    uint32_t place = plan_entry(dispatch->plan, plan_place)->lease;
    return place == LEASE_NONE ? NULL : &dispatch->leases.leases[place];
}

/* Its result has come. */
static void end_lease(struct dispatch *dispatch, uint32_t lease_place)
{
    struct worker *worker = dispatch->leases.leases[lease_place].worker;
    FAULT_TRACE("lease_done", "lease=%" PRIu64, dispatch->leases.leases[lease_place].id);
    if (worker && worker->lease == lease_place) {
        release_lease(dispatch, worker);
        worker->jobs++;
        if (dispatch->events.worked && worker->local)
            dispatch->events.worked(dispatch->events.context);
    }
    lease_end(&dispatch->leases, lease_place);
}

void dispatch_lease_done(struct dispatch *dispatch, uint32_t plan_place)
{
    struct plan_entry *entry = plan_entry(dispatch->plan, plan_place);
    end_lease(dispatch, entry->lease);
    entry->lease = LEASE_NONE;
}

bool dispatch_stray_done(struct dispatch *dispatch, uint64_t id)
{
    for (uint32_t place = 0; place < dispatch->leases.capacity; place++) {
        const struct lease *lease = &dispatch->leases.leases[place];
        if (id && lease->id == id && lease->plan_place == PLAN_NONE) {
            politeness_lost(dispatch->politeness, id, clock_monotonic_ms());
            end_lease(dispatch, place);
            return true;
        }
    }
    return false;
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

static void retire_all(struct dispatch *dispatch)
{
    struct message message = {.type = MESSAGE_RETIRE, .retire = {.reason = "the configuration has changed"}};
    for (struct worker *worker = dispatch->roster.by_identity; worker; worker = worker->hh.next) {
        unqueue(dispatch, worker);
        worker->leaving = true;
        tell(dispatch, worker, &message);
    }
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
        retire_all(dispatch);
    }
}

void dispatch_acknowledge(struct dispatch *dispatch, const char *name, const struct message_ack *ack)
{
    struct worker *worker = roster_find_name(&dispatch->roster, name);
    struct message message = {.type = MESSAGE_ACK, .ack = *ack};
    FAULT_POINT(COLLECT_BEFORE_ACK);
    for (uint32_t i = 0; i < ack->leases.count; i++)
        FAULT_TRACE("ack", "lease=%" PRIu64 " verdict=%s", ack->leases.ids[i], verdict_string(ack->verdict));
    if (worker)
        tell(dispatch, worker, &message);
    FAULT_POINT(COLLECT_AFTER_ACK);
}

void dispatch_on_local(struct dispatch *dispatch, const struct dispatch_events *events)
{
    dispatch->events = *events;
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
