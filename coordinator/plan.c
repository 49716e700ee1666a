#include "coordinator/plan.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"

/* A binary heap by (due_ms, place). */
struct heap {
    uint32_t *places;
    uint32_t count;
};

struct plan {
    struct plan_entry *entries; /* track-major */
    struct heap heaps[2];       /* waiting entries: those that are not urgent, those that are */
    const struct catalogue *catalogue;
    uint32_t count;
    uint32_t retrying, failed, missing, urgent, wanted, quarantined;
};

static bool before(const struct plan *plan, uint32_t left, uint32_t right)
{
    const struct plan_entry *a = &plan->entries[left], *b = &plan->entries[right];
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : left < right;
}

static void put(struct plan *plan, struct heap *heap, uint32_t at, uint32_t place)
{
    heap->places[at] = place;
    plan->entries[place].heap_at = at;
}

static void sift_up(struct plan *plan, struct heap *heap, uint32_t at)
{
    uint32_t place = heap->places[at];
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!before(plan, place, heap->places[parent]))
            break;
        put(plan, heap, at, heap->places[parent]);
        at = parent;
    }
    put(plan, heap, at, place);
}

static void sift_down(struct plan *plan, struct heap *heap, uint32_t at)
{
    uint32_t place = heap->places[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(plan, heap->places[child + 1], heap->places[child]))
            child++;
        if (!before(plan, heap->places[child], place))
            break;
        put(plan, heap, at, heap->places[child]);
        at = child;
    }
    put(plan, heap, at, place);
}

static struct heap *heap_of(struct plan *plan, uint32_t place)
{
    return &plan->heaps[plan->entries[place].urgent];
}

static void heap_push(struct plan *plan, uint32_t place)
{
    struct heap *heap = heap_of(plan, place);
    put(plan, heap, heap->count++, place);
    sift_up(plan, heap, plan->entries[place].heap_at);
}

static void heap_remove(struct plan *plan, uint32_t place)
{
    struct heap *heap = heap_of(plan, place);
    uint32_t at = plan->entries[place].heap_at;
    uint32_t last = heap->places[--heap->count];
    plan->entries[place].heap_at = PLAN_NONE;
    if (last == place)
        return;
    put(plan, heap, at, last);
    sift_up(plan, heap, at);
    sift_down(plan, heap, plan->entries[last].heap_at);
}

static int64_t heap_due_ms(const struct plan *plan, const struct heap *heap)
{
    return heap->count ? plan->entries[heap->places[0]].due_ms : INT64_MAX;
}

/* Of the catalogue's combinations, all of them missing and in no heap yet. */
static void make_entries(struct plan *plan)
{
    const struct catalogue *catalogue = plan->catalogue;
    uint32_t class_count = catalogue->classes.count;
    plan->count = catalogue->tracks.count * class_count; /* CATALOGUE_ITEMS_MAX squared fits */
    plan->missing = plan->count;
    plan->entries = memory_zalloc(plan->count, sizeof *plan->entries);
    for (int i = 0; i < 2; i++)
        plan->heaps[i] = (struct heap){.places = memory_zalloc(plan->count, sizeof *plan->heaps[i].places)};
    for (uint32_t place = 0; place < plan->count; place++)
        plan->entries[place] =
            (struct plan_entry){.track_id = catalogue->tracks.items[place / class_count].id,
                .class_id = catalogue->classes.items[place % class_count].id,
                .due_ms = PLAN_MISSING,
                .heap_at = PLAN_NONE,
                .lease = PLAN_NONE,
                .missing = 1};
}

static void free_entries(struct plan *plan)
{
    free(plan->entries);
    for (int i = 0; i < 2; i++)
        free(plan->heaps[i].places);
}

struct plan *plan_open(const struct catalogue *catalogue)
{
    struct plan *plan = memory_zalloc(1, sizeof *plan);
    plan->catalogue = catalogue;
    make_entries(plan);
    for (uint32_t place = 0; place < plan->count; place++)
        heap_push(plan, place);
    return plan;
}

void plan_close(struct plan **pointer)
{
    struct plan *plan = *pointer;
    if (!plan)
        return;
    free_entries(plan);
    free(plan);
    *pointer = NULL;
}

static void count_again(struct plan *plan)
{
    plan->retrying = plan->failed = plan->missing = plan->urgent = plan->wanted = plan->quarantined = 0;
    for (uint32_t place = 0; place < plan->count; place++) {
        const struct plan_entry *entry = &plan->entries[place];
        plan->retrying += entry->retrying;
        plan->failed += entry->failed;
        plan->missing += entry->missing;
        plan->urgent += entry->urgent;
        plan->wanted += entry->wanted;
        plan->quarantined += entry->quarantined;
    }
}

uint32_t *plan_rebuild(struct plan *plan)
{
    struct plan old = *plan;
    uint32_t *moved = memory_zalloc(old.count, sizeof *moved);
    make_entries(plan);
    for (uint32_t place = 0; place < old.count; place++) {
        moved[place] = plan_find(plan, old.entries[place].track_id, old.entries[place].class_id);
        if (moved[place] != PLAN_NONE)
            plan->entries[moved[place]] = old.entries[place];
    }
    for (uint32_t place = 0; place < plan->count; place++)
        if (plan->entries[place].state == PLAN_WAITING)
            heap_push(plan, place);
    count_again(plan);
    free_entries(&old);
    return moved;
}

uint32_t plan_count(const struct plan *plan)
{
    return plan->count;
}

uint32_t plan_missing(const struct plan *plan)
{
    return plan->missing;
}

uint32_t plan_find(const struct plan *plan, uint32_t track_id, uint32_t class_id)
{
    const struct catalogue *catalogue = plan->catalogue;
    const struct catalogue_item *track = catalogue_find_track(catalogue, track_id);
    const struct catalogue_item *class = catalogue_find_class(catalogue, class_id);
    if (!track || !class)
        return PLAN_NONE;
    return (uint32_t)(track - catalogue->tracks.items) * catalogue->classes.count +
           (uint32_t)(class - catalogue->classes.items);
}

bool plan_find_track(const struct plan *plan, uint32_t track_id, uint32_t *first, uint32_t *count)
{
    const struct catalogue *catalogue = plan->catalogue;
    const struct catalogue_item *track = catalogue_find_track(catalogue, track_id);
    if (!track)
        return false;
    *first = (uint32_t)(track - catalogue->tracks.items) * catalogue->classes.count;
    *count = catalogue->classes.count;
    return true;
}

struct plan_entry *plan_entry(struct plan *plan, uint32_t place)
{
    return &plan->entries[place];
}

static struct plan_entry *expect(struct plan *plan, uint32_t place, enum plan_state state)
{
    struct plan_entry *entry = &plan->entries[place];
    if (entry->state != state)
        log_bug("plan: %u-%u is in state %u instead of %u", entry->track_id, entry->class_id, entry->state,
            (unsigned)state);
    return entry;
}

static void set_flag(uint8_t *flag, uint32_t *count, bool value)
{
    *count = *count - *flag + value;
    *flag = value;
}

void plan_reschedule(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_WAITING);
    if (entry->due_ms == due_ms)
        return;
    struct heap *heap = heap_of(plan, place);
    entry->due_ms = due_ms;
    sift_up(plan, heap, entry->heap_at);
    sift_down(plan, heap, entry->heap_at);
}

void plan_known(struct plan *plan, uint32_t place, int64_t due_ms)
{
    plan_reschedule(plan, place, due_ms);
    set_flag(&plan->entries[place].missing, &plan->missing, false);
}

void plan_urge(struct plan *plan, uint32_t place, int64_t now_ms)
{
    struct plan_entry *entry = &plan->entries[place];
    bool waiting = entry->state == PLAN_WAITING;
    if (entry->quarantined && entry->due_ms > now_ms)
        return;
    if (entry->urgent && (!waiting || (entry->due_ms <= now_ms && !entry->retrying)))
        return; /* cheap, as a list may name one thing thousands of times */
    if (waiting) {
        heap_remove(plan, place);
        if (entry->due_ms > now_ms)
            entry->due_ms = now_ms;
        entry->attempt = 0;
        set_flag(&entry->retrying, &plan->retrying, false);
    }
    set_flag(&entry->urgent, &plan->urgent, true);
    if (waiting)
        heap_push(plan, place);
}

void plan_want(struct plan *plan, uint32_t place)
{
    set_flag(&plan->entries[place].wanted, &plan->wanted, true);
}

uint32_t plan_urgent(const struct plan *plan)
{
    return plan->urgent;
}

uint32_t plan_wanted(const struct plan *plan)
{
    return plan->wanted;
}

void plan_lost(struct plan *plan, uint32_t place)
{
    struct plan_entry *entry = &plan->entries[place];
    set_flag(&entry->missing, &plan->missing, true);
    if (entry->state != PLAN_WAITING)
        return;
    heap_remove(plan, place);
    entry->checked_at_ms = entry->again_at_ms = 0;
    entry->due_ms = PLAN_MISSING;
    heap_push(plan, place);
}

void plan_claim(struct plan *plan, uint32_t place)
{
    struct plan_entry *entry = expect(plan, place, PLAN_WAITING);
    heap_remove(plan, place);
    entry->state = PLAN_LEASED;
    set_flag(&entry->retrying, &plan->retrying, false);
    set_flag(&entry->quarantined, &plan->quarantined, false);
}

void plan_try_at(struct plan *plan, uint32_t place, int64_t due_ms)
{
    plan_reschedule(plan, place, due_ms);
    set_flag(&plan->entries[place].retrying, &plan->retrying, true);
}

uint32_t plan_retrying(const struct plan *plan)
{
    return plan->retrying;
}

void plan_quarantine(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_WAITING);
    heap_remove(plan, place);
    entry->due_ms = due_ms;
    entry->attempt = 0;
    set_flag(&entry->retrying, &plan->retrying, false);
    set_flag(&entry->urgent, &plan->urgent, false);
    set_flag(&entry->wanted, &plan->wanted, false);
    set_flag(&entry->failed, &plan->failed, true);
    set_flag(&entry->quarantined, &plan->quarantined, true);
    heap_push(plan, place);
}

void plan_release(struct plan *plan, uint32_t place, int64_t due_ms)
{
    plan_reschedule(plan, place, due_ms);
    set_flag(&plan->entries[place].quarantined, &plan->quarantined, false);
}

uint32_t plan_ahead(const struct plan *plan, uint32_t place)
{
    const struct heap *heap = &plan->heaps[plan->entries[place].urgent];
    /* Urgent ones that are not due yet (retries) are in nobody's way, but not worth telling apart. */
    uint32_t ahead = plan->entries[place].urgent ? 0 : plan->heaps[1].count;
    for (uint32_t i = 0; i < heap->count; i++)
        ahead += before(plan, heap->places[i], place);
    return ahead;
}

uint32_t plan_take(struct plan *plan, int64_t now_ms)
{
    const struct heap *normal = &plan->heaps[0], *urgent = &plan->heaps[1];
    const struct heap *heap = heap_due_ms(plan, urgent) <= now_ms ? urgent : normal;
    if (heap->count == 0 || heap_due_ms(plan, heap) > now_ms)
        return PLAN_NONE;
    uint32_t place = heap->places[0];
    plan_claim(plan, place);
    plan->entries[place].attempt++;
    return place;
}

int64_t plan_next_due_ms(const struct plan *plan)
{
    int64_t normal = heap_due_ms(plan, &plan->heaps[0]), urgent = heap_due_ms(plan, &plan->heaps[1]);
    return normal < urgent ? normal : urgent;
}

static void wait_again(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_LEASED);
    entry->state = PLAN_WAITING;
    entry->lease = PLAN_NONE;
    entry->due_ms = due_ms;
    heap_push(plan, place);
}

/* Its refresh is over, whichever asked for it. */
static void wait_done(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = &plan->entries[place];
    set_flag(&entry->urgent, &plan->urgent, false);
    set_flag(&entry->wanted, &plan->wanted, false);
    entry->attempt = 0;
    entry->refusals = 0;
    wait_again(plan, place, due_ms);
}

void plan_succeed(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_done(plan, place, due_ms);
    struct plan_entry *entry = &plan->entries[place];
    set_flag(&entry->failed, &plan->failed, false);
    set_flag(&entry->missing, &plan->missing, false);
}

void plan_retry(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_again(plan, place, due_ms);
    set_flag(&plan->entries[place].retrying, &plan->retrying, true);
}

void plan_postpone(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_LEASED);
    entry->attempt -= entry->attempt > 0;
    if (entry->refusals < UINT8_MAX)
        entry->refusals++;
    plan_retry(plan, place, due_ms);
}

void plan_give_up(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_done(plan, place, due_ms);
    struct plan_entry *entry = &plan->entries[place];
    set_flag(&entry->failed, &plan->failed, true);
}

uint32_t plan_give_up_rest(
    struct plan *plan, int64_t before_ms, int64_t due_ms, const struct plan_failure *reason)
{
    uint32_t given_up = 0;
    for (uint32_t place = 0; place < plan->count; place++) {
        struct plan_entry *entry = &plan->entries[place];
        bool due = entry->retrying || entry->urgent || entry->wanted || entry->due_ms < before_ms;
        if (entry->state != PLAN_WAITING || !due)
            continue;
        if (!entry->retrying) {
            entry->last_failure = reason->failure;
            entry->last_http_status = reason->http_status;
            entry->failed_at_ms = reason->wall_ms;
        }
        entry->checked_at_ms = reason->wall_ms;
        plan_claim(plan, place);
        plan_give_up(plan, place, due_ms);
        given_up++;
    }
    return given_up;
}

void plan_return(struct plan *plan, uint32_t place)
{
    struct plan_entry *entry = expect(plan, place, PLAN_LEASED);
    entry->attempt--;
    wait_again(plan, place, entry->due_ms);
    set_flag(&entry->retrying, &plan->retrying, entry->attempt > 0);
}

static uint32_t waiting(const struct plan *plan)
{
    return plan->heaps[0].count + plan->heaps[1].count;
}

struct plan_counts plan_count_states(const struct plan *plan, int64_t now_ms)
{
    struct plan_counts counts = {
        .total = plan->count,
        .leased = plan->count - waiting(plan),
        .retrying = plan->retrying,
        .failed = plan->failed,
        .missing = plan->missing,
        .quarantined = plan->quarantined,
    };
    for (uint32_t place = 0; place < plan->count; place++)
        counts.due += plan->entries[place].state == PLAN_WAITING && plan->entries[place].due_ms <= now_ms;
    return counts;
}

bool plan_busy(const struct plan *plan, int64_t before_ms)
{
    return waiting(plan) < plan->count || plan->retrying > 0 || plan->urgent > 0 || plan->wanted > 0 ||
           plan_next_due_ms(plan) < before_ms;
}
