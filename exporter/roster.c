#include "exporter/roster.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "exporter/person_id.h"
#include "exporter/string_pool.h"

void roster_free(struct roster *roster)
{
    free(roster->items);
    *roster = (struct roster){0};
}

static struct text key_of(const struct roster_draft *draft)
{
    return (struct text){draft->key->bytes, draft->key->length};
}

static int compare_drafts(const void *left, const void *right)
{
    const struct roster_draft *a = left, *b = right;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    int order = text_compare(key_of(a), key_of(b));
    if (order)
        return order;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return (a->which > b->which) - (a->which < b->which);
}

void roster_sort(struct roster_draft *drafts, uint32_t count)
{
    if (count)
        qsort(drafts, count, sizeof *drafts, compare_drafts);
}

/* ---- merging ---- */

struct merging {
    const struct roster_past *past;
    struct roster *out;
    const struct roster_draft *last_draft; /* what the last item of `out` was made of … */
    uint32_t last_old; /* … this draft, or else this old item; STRING_NONE: nothing yet */
};

static bool old_key(const struct merging *merging, uint32_t old, struct text *key)
{
    const struct roster_past *past = merging->past;
    return past->key(past->context, &past->roster->items[old], key);
}

/* Whether the last item of `out` has this key. */
static bool is_last_key(const struct merging *merging, uint64_t prefix, struct text key, bool *same)
{
    struct text last;
    *same = false;
    if (!merging->out->count || merging->out->items[merging->out->count - 1].prefix != prefix)
        return true;
    if (merging->last_draft)
        last = key_of(merging->last_draft);
    else if (!old_key(merging, merging->last_old, &last))
        return false;
    *same = text_compare(last, key) == 0;
    return true;
}

static bool put_draft(struct merging *merging, const struct roster_draft *draft)
{
    bool same;
    if (!is_last_key(merging, draft->prefix, key_of(draft), &same))
        return false;
    merging->out->items[merging->out->count++] =
        (struct roster_item){draft->prefix, draft->person, draft->which << 1 | same};
    merging->last_draft = draft;
    return true;
}

static bool put_old(struct merging *merging, uint32_t old)
{
    const struct roster_item *item = &merging->past->roster->items[old];
    uint32_t person = merging->past->new_person[item->person];
    struct text key;
    if (person == STRING_NONE)
        return true;
    bool same = !roster_is_first(item);
    bool neighbours = !merging->last_draft && merging->last_old + 1 == old;
    bool may_differ = merging->out->count && !neighbours &&
                      merging->out->items[merging->out->count - 1].prefix == item->prefix;
    if (!neighbours)
        same = false;
    if (may_differ && (!old_key(merging, old, &key) || !is_last_key(merging, item->prefix, key, &same)))
        return false;
    merging->out->items[merging->out->count++] =
        (struct roster_item){item->prefix, person, roster_which(item) << 1 | same};
    merging->last_draft = NULL;
    merging->last_old = old;
    return true;
}

/* Whether the old item comes before the draft; `*before` undefined on false. */
static bool comes_before(
    const struct merging *merging, uint32_t old, const struct roster_draft *draft, bool *before)
{
    const struct roster_item *item = &merging->past->roster->items[old];
    struct text key;
    *before = item->prefix < draft->prefix;
    if (item->prefix != draft->prefix)
        return true;
    if (!old_key(merging, old, &key))
        return false;
    int order = text_compare(key, key_of(draft));
    *before = order ? order < 0 : item->person < merging->past->first_not_less[draft->person];
    return true;
}

/* The first old item, from `from` on, that does not come before the draft. */
static bool find_place(
    const struct merging *merging, uint32_t from, const struct roster_draft *draft, uint32_t *place)
{
    uint32_t low = from, high = merging->past->roster->count;
    while (low < high) {
        bool before;
        uint32_t middle = low + (high - low) / 2;
        if (!comes_before(merging, middle, draft, &before))
            return false;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return true;
}

bool roster_merge(
    struct roster *roster, const struct roster_draft *drafts, uint32_t count, const struct roster_past *past)
{
    static const struct roster nothing = {0};
    struct roster_past none = *past;
    if (!none.roster)
        none.roster = &nothing;
    uint32_t old_count = none.roster->count, old = 0, place;
    *roster = (struct roster){.items = memory_zalloc((size_t)old_count + count, sizeof *roster->items)};
    struct merging merging = {.past = &none, .out = roster, .last_old = STRING_NONE};
    for (uint32_t i = 0; i < count; i++) {
        if (!find_place(&merging, old, &drafts[i], &place))
            return false;
        for (; old < place; old++) {
            if (!put_old(&merging, old))
                return false;
        }
        if (!put_draft(&merging, &drafts[i]))
            return false;
    }
    for (; old < old_count; old++) {
        if (!put_old(&merging, old))
            return false;
    }
    return true;
}

/* ---- groups ---- */

void roster_groups_add(struct roster_groups *groups, const struct roster *roster, uint32_t from, uint32_t to)
{
    uint32_t more = 0;
    for (uint32_t i = from; i < to; i++)
        more += roster_is_first(&roster->items[i]);
    groups->starts = memory_resize(groups->starts, (size_t)groups->count + more, sizeof *groups->starts);
    for (uint32_t i = from; i < to; i++) {
        if (roster_is_first(&roster->items[i]))
            groups->starts[groups->count++] = i;
    }
}

uint32_t roster_group_end(const struct roster *roster, uint32_t start)
{
    uint32_t end = start + 1;
    while (end < roster->count && !roster_is_first(&roster->items[end]))
        end++;
    return end;
}

void roster_groups_free(struct roster_groups *groups)
{
    free(groups->starts);
    *groups = (struct roster_groups){0};
}

uint32_t roster_count_below_two(const struct roster *roster, unsigned first_byte, unsigned second_byte)
{
    uint32_t low = 0, high = roster->count;
    uint64_t start = first_byte << 8 | second_byte;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (roster->items[middle].prefix >> 48 < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t roster_count_below(const struct roster *roster, unsigned first_byte)
{
    return roster_count_below_two(roster, first_byte, 0);
}
