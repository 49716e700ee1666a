#include "coordinator/plan.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"

struct plan {
    struct plan_entry *entries; /* track-major */
    uint32_t *heap;             /* places of waiting entries, binary heap by (due_ms, place) */
    uint32_t heap_count;
    const struct catalogue *catalogue;
    uint32_t count;
    uint32_t retrying, failed, missing;
};

static bool before(const struct plan *plan, uint32_t left, uint32_t right)
{
    const struct plan_entry *a = &plan->entries[left], *b = &plan->entries[right];
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : left < right;
}

static void put(struct plan *plan, uint32_t at, uint32_t place)
{
    plan->heap[at] = place;
    plan->entries[place].heap_at = at;
}

static void sift_up(struct plan *plan, uint32_t at)
{
    uint32_t place = plan->heap[at];
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!before(plan, place, plan->heap[parent]))
            break;
        put(plan, at, plan->heap[parent]);
        at = parent;
    }
    put(plan, at, place);
}

static void sift_down(struct plan *plan, uint32_t at)
{
    uint32_t place = plan->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= plan->heap_count)
            break;
        if (child + 1 < plan->heap_count && before(plan, plan->heap[child + 1], plan->heap[child]))
            child++;
        if (!before(plan, plan->heap[child], place))
            break;
        put(plan, at, plan->heap[child]);
        at = child;
    }
    put(plan, at, place);
}

static void heap_push(struct plan *plan, uint32_t place)
{
    put(plan, plan->heap_count++, place);
    sift_up(plan, plan->entries[place].heap_at);
}

static void heap_remove(struct plan *plan, uint32_t place)
{
    uint32_t at = plan->entries[place].heap_at;
    uint32_t last = plan->heap[--plan->heap_count];
    plan->entries[place].heap_at = PLAN_NONE;
    if (last == place)
        return;
    put(plan, at, last);
    sift_up(plan, at);
    sift_down(plan, plan->entries[last].heap_at);
}

struct plan *plan_open(const struct catalogue *catalogue)
{
    struct plan *plan = memory_zalloc(1, sizeof *plan);
    uint32_t class_count = catalogue->classes.count;
    plan->catalogue = catalogue;
    plan->count = catalogue->tracks.count * class_count; /* CATALOGUE_ITEMS_MAX squared fits */
    plan->missing = plan->count;
    plan->entries = memory_zalloc(plan->count, sizeof *plan->entries);
    plan->heap = memory_zalloc(plan->count, sizeof *plan->heap);
    for (uint32_t place = 0; place < plan->count; place++) {
        plan->entries[place] =
            (struct plan_entry){.track_id = catalogue->tracks.items[place / class_count].id,
                .class_id = catalogue->classes.items[place % class_count].id,
                .due_ms = PLAN_MISSING,
                .lease = PLAN_NONE,
                .missing = 1};
        heap_push(plan, place);
    }
    return plan;
}

void plan_close(struct plan **pointer)
{
    struct plan *plan = *pointer;
    if (!plan)
        return;
    free(plan->entries);
    free(plan->heap);
    free(plan);
    *pointer = NULL;
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

void plan_known(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_WAITING);
    heap_remove(plan, place);
    entry->due_ms = due_ms;
    set_flag(&entry->missing, &plan->missing, false);
    heap_push(plan, place);
}

void plan_claim(struct plan *plan, uint32_t place)
{
    struct plan_entry *entry = expect(plan, place, PLAN_WAITING);
    heap_remove(plan, place);
    entry->state = PLAN_LEASED;
    set_flag(&entry->retrying, &plan->retrying, false);
}

uint32_t plan_take(struct plan *plan, int64_t now_ms)
{
    if (plan->heap_count == 0 || plan->entries[plan->heap[0]].due_ms > now_ms)
        return PLAN_NONE;
    uint32_t place = plan->heap[0];
    plan_claim(plan, place);
    plan->entries[place].attempt++;
    return place;
}

int64_t plan_next_due_ms(const struct plan *plan)
{
    return plan->heap_count ? plan->entries[plan->heap[0]].due_ms : INT64_MAX;
}

static void wait_again(struct plan *plan, uint32_t place, int64_t due_ms)
{
    struct plan_entry *entry = expect(plan, place, PLAN_LEASED);
    entry->state = PLAN_WAITING;
    entry->lease = PLAN_NONE;
    entry->due_ms = due_ms;
    heap_push(plan, place);
}

void plan_succeed(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_again(plan, place, due_ms);
    struct plan_entry *entry = &plan->entries[place];
    entry->attempt = 0;
    set_flag(&entry->failed, &plan->failed, false);
    set_flag(&entry->missing, &plan->missing, false);
}

void plan_retry(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_again(plan, place, due_ms);
    set_flag(&plan->entries[place].retrying, &plan->retrying, true);
}

void plan_give_up(struct plan *plan, uint32_t place, int64_t due_ms)
{
    wait_again(plan, place, due_ms);
    struct plan_entry *entry = &plan->entries[place];
    entry->attempt = 0;
    set_flag(&entry->failed, &plan->failed, true);
}

void plan_return(struct plan *plan, uint32_t place)
{
    struct plan_entry *entry = expect(plan, place, PLAN_LEASED);
    entry->attempt--;
    wait_again(plan, place, entry->due_ms);
    set_flag(&entry->retrying, &plan->retrying, entry->attempt > 0);
}

struct plan_counts plan_count_states(const struct plan *plan, int64_t now_ms)
{
    struct plan_counts counts = {
        .total = plan->count,
        .leased = plan->count - plan->heap_count,
        .retrying = plan->retrying,
        .failed = plan->failed,
        .missing = plan->missing,
    };
    for (uint32_t i = 0; i < plan->heap_count; i++)
        counts.due += plan->entries[plan->heap[i]].due_ms <= now_ms;
    return counts;
}

bool plan_busy(const struct plan *plan, int64_t before_ms)
{
    return plan->heap_count < plan->count || plan->retrying > 0 || plan_next_due_ms(plan) < before_ms;
}
