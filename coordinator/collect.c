#include "coordinator/collect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/memory.h"
#include "common/wire.h"
#include "coordinator/accept.h"
#include "coordinator/ack_queue.h"
#include "coordinator/arrival.h"
#include "coordinator/board_news.h"

/* Then the other sources of the loop have their turn. As many as dispatch.c takes messages: results that come
 * more slowly out of their queue than jobs are handed out would pile up there. */
#define RESULTS_PER_ROUND 256
#define BYTES_PER_ROUND   ((size_t)2 * 1024 * 1024)

/* While the disk has enough to do results gather beyond `commit_results`: the slower it is, the larger the
 * commits, and nobody waits for it. How many come meanwhile is bounded by the leases that are out
 * (DISPATCH_LEASES_EACH); so many bytes at most. */
#define GATHER_BYTES ((size_t)16 * 1024 * 1024)

struct collect {
    void *socket;
    struct plan *plan;
    struct store *store;
    struct dispatch *dispatch;
    const struct refresh_policy *policy;
    struct politeness *politeness;
    struct collect_options options;
    struct ack_queue acks;
    int64_t gathering_since_ms;     /* if any of them is not submitted */
    bool hurried;                   /* a worker that leaves waits for one of them */
    void (*prepare)(void *context); /* NULL: nothing to prepare */
    void *prepare_context;
    uint64_t committed;  /* generation */
    struct events *told; /* borrowed; NULL until collect_tell_events */
    struct collect_counters counters;
};

struct collect *collect_open(void *socket, struct plan *plan, struct store *store, struct dispatch *dispatch,
    const struct refresh_policy *policy, struct politeness *politeness, const struct collect_options *options)
{
    struct collect *collect = memory_zalloc(1, sizeof *collect);
    *collect = (struct collect){.socket = socket,
        .plan = plan,
        .store = store,
        .dispatch = dispatch,
        .policy = policy,
        .politeness = politeness,
        .options = *options};
    return collect;
}

void collect_tell_events(struct collect *collect, struct events *events)
{
    collect->told = events;
}

void collect_set_options(struct collect *collect, const struct collect_options *options)
{
    collect->options = *options;
}

void collect_close(struct collect **pointer)
{
    struct collect *collect = *pointer;
    if (!collect)
        return;
    collect_settle(collect);
    ack_queue_free(&collect->acks);
    free(collect);
    *pointer = NULL;
}

/* ---- acknowledging ---- */

void collect_on_commit(struct collect *collect, void (*prepare)(void *context), void *context)
{
    collect->prepare = prepare;
    collect->prepare_context = context;
}

void collect_flush(struct collect *collect)
{
    if (collect->prepare)
        collect->prepare(collect->prepare_context);
    FAULT_POINT(COLLECT_BEFORE_SUBMIT);
    uint64_t generation = store_submit(collect->store);
    if (generation == STORE_NOT_TAKEN)
        return; /* asked again when the store is well */
    FAULT_POINT(COLLECT_AFTER_SUBMIT);
    ack_queue_submitted(&collect->acks, generation);
    collect->hurried = false;
    /* A verdict that wrote nothing may wait for a commit that has happened already, of which no event will
     * tell. */
    collect_committed(collect);
}

static void say(void *context, const char *worker, const struct message_ack *ack)
{
    struct collect *collect = context;
    dispatch_acknowledge(collect->dispatch, worker, ack);
}

void collect_committed(void *context)
{
    struct collect *collect = context;
    collect->committed = store_committed(collect->store);
    ack_queue_committed(&collect->acks, collect->committed, say, collect);
}

bool collect_settle(struct collect *collect)
{
    collect_flush(collect);
    bool settled = store_commit(collect->store);
    collect_committed(collect);
    return settled;
}

static void acknowledge_after_commit(
    struct collect *collect, const struct message_result *result, enum verdict verdict)
{
    if (collect->acks.unsubmitted == 0)
        collect->gathering_since_ms = clock_monotonic_ms();
    ack_queue_add(&collect->acks, result->worker, result->lease, verdict);
}

/* ---- applying ---- */

/* A result that is not applied may still say that the service has had enough; that it is well, only one that
 * is applied can say. Once, and of a lease that was given: or anybody with a worker's key could close the
 * gate for everybody, for as long as he likes, by saying it again and again. */
static void hear_failure(struct collect *collect, const struct message_result *result)
{
    int64_t now_ms = clock_monotonic_ms();
    if (result->outcome != OUTCOME_FAILED || result->failure == FAILURE_NONE ||
        !dispatch_take_lost(
            collect->dispatch, result->lease, (uint32_t)result->track_id, (uint32_t)result->class_id))
        return;
    struct answer answer = answer_of_result(result, result->failure, now_ms - (int64_t)result->latency_ms, 0);
    answer.lease = 0;
    politeness_answered(collect->politeness, &answer, (uint64_t)random(), now_ms);
}

static bool is_suspicious(const struct arrival *arrival)
{
    return arrival->known && arrival->result.outcome == OUTCOME_CHANGED &&
           refresh_is_suspicious(arrival->record.entry_count, arrival->result.entries);
}

/* The lease that holds the board is over. */
static void hear_answer(struct collect *collect, const struct arrival *arrival, enum failure failure)
{
    int64_t now_ms = clock_monotonic_ms();
    const struct lease *lease = dispatch_lease(collect->dispatch, arrival->place);
    struct answer answer = answer_of_result(&arrival->result, failure, lease->granted_ms, lease->requests);
    /* A service in trouble may give empty answers: what is not believed yet makes nothing faster. */
    if (answer.kind == ANSWER_VALID && is_suspicious(arrival))
        answer.kind = ANSWER_NEUTRAL;
    politeness_answered(collect->politeness, &answer, (uint64_t)random(), now_ms);
    dispatch_lease_done(collect->dispatch, arrival->place);
}

static bool note_failure(struct collect *collect, const struct arrival *arrival, enum failure failure)
{
    const struct message_result *result = &arrival->result;
    int64_t now_ms = clock_monotonic_ms();
    struct refresh_failure what = {.failure = failure,
        .http_status = result->http_status,
        .refusal = answer_is_refusal(failure, result->http_status, result->retry_after_ms),
        .not_before_ms = politeness_gate_ms(collect->politeness, now_ms),
        .wall_ms = clock_wall_ms()};
    bool again =
        refresh_failed(collect->policy, collect->plan, arrival->place, &what, now_ms, (uint64_t)random());
    collect->counters.failed++;
    collect->counters.failures[failure]++;
    collect->counters.gave_up += !again;
    return again;
}

static void apply_failed(struct collect *collect, struct arrival *arrival)
{
    const struct message_result *result = &arrival->result;
    bool again = note_failure(collect, arrival, result->failure);
    board_news_failed(collect->told, result, again, clock_wall_ms());
    if (!arrival->known)
        return;
    accept_failure(&arrival->record, result->failure, result->http_status, result->lease, clock_wall_ms());
    store_put_record(
        collect->store, (uint32_t)result->track_id, (uint32_t)result->class_id, &arrival->record);
}

static enum verdict apply_answer(struct collect *collect, struct arrival *arrival)
{
    const struct message_result *result = &arrival->result;
    uint32_t track_id = (uint32_t)result->track_id, class_id = (uint32_t)result->class_id;
    struct text none = {0};
    struct accept_answer answer = {.changed = result->outcome == OUTCOME_CHANGED,
        .entries = (uint32_t)result->entries,
        .lease = result->lease,
        .generation = store_next_generation(collect->store),
        .wall_ms = clock_wall_ms()};
    memcpy(answer.hash, arrival->hash, sizeof answer.hash);
    uint32_t before = arrival->record.entry_count;
    bool newcomer = !arrival->known || !record_board_is_fetched(&arrival->record);
    enum accept_decision decision = accept_answer(collect->policy, &arrival->record, &answer);
    if (decision == ACCEPT_REPLACE) {
        store_put_board(collect->store, track_id, class_id, &arrival->record,
            result->entries ? arrival->rows : none, arrival->detail);
        collect->counters.stored++;
        collect->counters.entries += result->entries;
        collect->counters.boards_grown += newcomer;
        collect->counters.entries_grown += (int64_t)result->entries - before;
        board_news_stored(collect->told, result, newcomer, before, answer.wall_ms);
    } else {
        store_put_record(collect->store, track_id, class_id, &arrival->record);
    }
    collect->counters.unchanged += decision == ACCEPT_KEEP;
    collect->counters.kept_aside += decision == ACCEPT_ASIDE;
    int64_t now_ms = clock_monotonic_ms();
    if (decision != ACCEPT_ASIDE) {
        refresh_succeeded(collect->policy, collect->plan, arrival->place, now_ms, answer.wall_ms);
        return VERDICT_STORED;
    }
    board_news_aside(collect->told, result, before, arrival->record.empty_streak,
        collect->policy->confirm_shrink, answer.wall_ms);
    refresh_kept_aside(collect->plan, arrival->place,
        accept_due_in_ms(collect->policy, &arrival->record, answer.wall_ms), now_ms, answer.wall_ms);
    return VERDICT_NOTED;
}

static enum verdict apply(struct collect *collect, struct arrival *arrival)
{
    if (arrival->result.outcome != OUTCOME_FAILED)
        return apply_answer(collect, arrival);
    apply_failed(collect, arrival);
    return VERDICT_NOTED;
}

/* ---- arriving ---- */

/* Only the worker that holds the lease can lose it by what it sends. */
static void refuse(struct collect *collect, const struct arrival *arrival, const char *fault)
{
    const struct message_result *result = &arrival->result;
    collect->counters.invalid++;
    log_warn("worker %s sent a result for %u-%u that cannot be used: %s", result->worker,
        (unsigned)result->track_id, (unsigned)result->class_id, fault);
    if (arrival->place != PLAN_NONE) {
        const struct lease *lease = dispatch_lease(collect->dispatch, arrival->place);
        if (lease && lease->id == result->lease && dispatch_is_holder(lease, result->worker, arrival->key)) {
            hear_answer(collect, arrival, FAILURE_INVALID_RESULT);
            note_failure(collect, arrival, FAILURE_INVALID_RESULT);
        }
    }
    struct message_ack ack = {.leases = {1, {result->lease}}, .verdict = VERDICT_INVALID};
    dispatch_acknowledge(collect->dispatch, result->worker, &ack);
    dispatch_blame(collect->dispatch, result->worker, arrival->key, fault);
}

static void put_by(struct collect *collect, const struct arrival *arrival, enum claim claim)
{
    collect->counters.duplicates += claim == CLAIM_DUPLICATE;
    collect->counters.superseded += claim == CLAIM_SUPERSEDED;
    if (claim == CLAIM_SUPERSEDED)
        hear_failure(collect, &arrival->result);
    /* A duplicate may be one whose first arrival still waits for its commit. */
    acknowledge_after_commit(
        collect, &arrival->result, claim == CLAIM_DUPLICATE ? VERDICT_DUPLICATE : VERDICT_SUPERSEDED);
}

static void take(struct collect *collect, struct arrival *arrival, enum claim claim)
{
    const struct message_result *result = &arrival->result;
    if (claim == CLAIM_CURRENT)
        hear_answer(collect, arrival, result->failure);
    else
        plan_claim(collect->plan, arrival->place);
    FAULT_POINT(COLLECT_BEFORE_PUT);
    enum verdict verdict = apply(collect, arrival);
    FAULT_TRACE("applied",
        "lease=%" PRIu64 " track=%" PRIu64 " class=%" PRIu64 " outcome=%s verdict=%s entries=%" PRIu64
        " hash=%s generation=%" PRIu64,
        result->lease, result->track_id, result->class_id, outcome_string(result->outcome),
        verdict_string(verdict), result->entries, result->content_hash,
        store_next_generation(collect->store));
    FAULT_POINT(COLLECT_AFTER_PUT);
    acknowledge_after_commit(collect, result, verdict);
    dispatch_praise(collect->dispatch, result->worker);
}

static void on_result(struct collect *collect, struct arrival *arrival)
{
    const struct message_result *result = &arrival->result;
    collect_counters_answer(&collect->counters, result);
    dispatch_note_result(collect->dispatch, result, clock_wall_ms());
    arrival->place = plan_find(collect->plan, (uint32_t)result->track_id, (uint32_t)result->class_id);
    if (arrival->place == PLAN_NONE) {
        if (!dispatch_stray_done(collect->dispatch, result->lease)) {
            refuse(collect, arrival, "the catalogue has no such combination");
            return;
        }
        collect->counters.superseded++;
        acknowledge_after_commit(collect, result, VERDICT_SUPERSEDED);
        return;
    }
    arrival->known = store_get_board(
        collect->store, (uint32_t)result->track_id, (uint32_t)result->class_id, &arrival->record);
    enum claim claim = arrival_claim(arrival, collect->dispatch, collect->plan, clock_monotonic_ms());
    if (claim == CLAIM_DUPLICATE || claim == CLAIM_SUPERSEDED) {
        put_by(collect, arrival, claim);
        return;
    }
    const char *fault = arrival_fault(arrival, claim, collect->dispatch);
    if (fault)
        refuse(collect, arrival, fault);
    else
        take(collect, arrival, claim);
}

static void on_frames(struct collect *collect, const struct wire_message *frames)
{
    struct message message;
    struct arrival arrival = {.key = wire_user(frames)};
    char problem[PROTOCOL_PROBLEM_SIZE] = "a result has one frame, or three";
    if (dispatch_is_aside(collect->dispatch, arrival.key)) {
        collect->counters.invalid++;
        return;
    }
    bool ok = !frames->excess && (frames->count == 1 || frames->count == 3) &&
              protocol_decode(wire_frame(frames, 0), wire_frame_size(frames, 0), &message, problem);
    if (!ok || message.type != MESSAGE_RESULT) {
        uint64_t count = ++collect->counters.invalid;
        if ((count & (count - 1)) == 0)
            log_warn("message %llu on the results socket that cannot be used: %s", (unsigned long long)count,
                ok ? "it is not a result" : problem);
        dispatch_blame(collect->dispatch, "", arrival.key, ok ? "not a result" : problem);
        return;
    }
    arrival.result = message.result;
    /* Nobody is told what another has made of its lease. */
    if (!dispatch_may_name(collect->dispatch, arrival.result.worker, arrival.key))
        arrival.result.worker[0] = '\0';
    if (frames->count == 3) {
        arrival.rows = (struct text){wire_frame(frames, 1), (uint32_t)wire_frame_size(frames, 1)};
        arrival.detail = (struct text){wire_frame(frames, 2), (uint32_t)wire_frame_size(frames, 2)};
    }
    on_result(collect, &arrival);
    if (arrival.result.ready)
        dispatch_result_ready(collect->dispatch, arrival.result.worker);
}

void collect_content_lost(struct collect *collect, uint32_t track_id, uint32_t class_id, uint64_t generation)
{
    struct record_board record;
    uint32_t place = plan_find(collect->plan, track_id, class_id);
    bool known = store_get_board(collect->store, track_id, class_id, &record);
    if (place == PLAN_NONE || (known && (record.content_lost || record.generation > generation)))
        return;
    log_warn("board %u-%u: what the store has of it is broken; it is fetched again", track_id, class_id);
    if (known) {
        record.content_lost = true;
        store_put_record(collect->store, track_id, class_id, &record);
    }
    plan_lost(collect->plan, place);
}

/* False: it would be waited for the disk, and there is room to gather more meanwhile. */
static bool may_flush(const struct collect *collect)
{
    return store_open_bytes(collect->store) >= GATHER_BYTES || store_has_room(collect->store);
}

void collect_readable(void *context)
{
    struct collect *collect = context;
    struct wire_message frames;
    if (collect->acks.unsubmitted >= collect->options.commit_results && may_flush(collect))
        collect_flush(collect);
    size_t bytes = 0;
    for (int i = 0;
         i < RESULTS_PER_ROUND && bytes < BYTES_PER_ROUND && wire_receive(collect->socket, &frames) > 0;
         i++) {
        FAULT_POINT(COLLECT_RECEIVED);
        bytes += wire_size(&frames);
        on_frames(collect, &frames);
        wire_message_free(&frames);
    }
}

int64_t collect_tick(struct collect *collect, int64_t now_ms)
{
    if (collect->acks.unsubmitted == 0)
        return LOOP_SLEEP_FOREVER;
    /* Here and not with the last result, so that whoever asked for a job has got it before we wait for the
     * disk. */
    int64_t left_ms = collect->gathering_since_ms + collect->options.commit_ms - now_ms;
    collect->hurried |= dispatch_take_awaited(collect->dispatch);
    if (left_ms > 0 && collect->acks.unsubmitted < collect->options.commit_results && !collect->hurried)
        return left_ms;
    if (may_flush(collect))
        collect_flush(collect);
    return LOOP_SLEEP_FOREVER; /* the store's event wakes us */
}

uint64_t collect_generation(const struct collect *collect)
{
    return collect->committed;
}

const struct collect_counters *collect_counters(const struct collect *collect)
{
    return &collect->counters;
}
