#include "exporter/bin_order.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/person_id.h"

struct bin_order bin_order_make(uint32_t bin_count)
{
    if (!bin_count || bin_count > BIN_ORDER_BINS_MAX)
        log_bug("bin_order: %u bins", bin_count);
    return (struct bin_order){
        .bin_count = bin_count,
        .divisions = memory_zalloc(bin_count, sizeof(uint64_t)),
    };
}

void bin_order_free(struct bin_order *order)
{
    free(order->divisions);
    free(order->bins);
    free(order->keys);
    free(order->persons);
    free(order->starts);
    free(order->ranks);
    *order = (struct bin_order){0};
}

uint64_t bin_order_key(struct text name)
{
    char lowered[sizeof(uint64_t)];
    uint32_t length = name.length < sizeof lowered ? name.length : (uint32_t)sizeof lowered;
    for (uint32_t i = 0; i < length; i++)
        lowered[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] | 0x20) : name.data[i];
    return text_prefix((struct text){lowered, length});
}

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void bin_order_divide(struct bin_order *order, uint64_t *keys, uint32_t count)
{
    if (!count)
        return;
    order->is_divided = true;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (uint32_t i = 1; i < order->bin_count; i++)
        order->divisions[i - 1] = keys[(uint64_t)i * count / order->bin_count];
}

/* How many divisions are below the key, or with `or_equal` not above it; that `low` of them are is known. */
static uint32_t divisions_below(const struct bin_order *order, uint64_t key, bool or_equal, uint32_t low)
{
    uint32_t high = order->bin_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t division = order->divisions[middle];
        if (division < key || (or_equal && division == key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint16_t choose(const struct bin_order *order, uint64_t key)
{
    uint32_t first = 0, last = order->bin_count - 1;
    if (order->is_divided) {
        first = divisions_below(order, key, false, 0);
        last = divisions_below(order, key, true, first);
    }
    return (uint16_t)(first + order->count % (last - first + 1));
}

void bin_order_add(struct bin_order *order, struct text name)
{
    if (order->count == order->capacity) {
        order->capacity = order->capacity ? order->capacity * 2 : 256;
        order->bins = memory_resize(order->bins, order->capacity, sizeof *order->bins);
        order->keys = memory_resize(order->keys, order->capacity, sizeof *order->keys);
    }
    uint64_t key = bin_order_key(name);
    order->keys[order->count] = key;
    order->bins[order->count] = choose(order, key);
    order->count++;
}

static int compare_persons(const void *left, const void *right, void *context)
{
    const struct bin_order *order = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (order->keys[a] != order->keys[b])
        return order->keys[a] < order->keys[b] ? -1 : 1;
    return (a > b) - (a < b);
}

void bin_order_list(struct bin_order *order)
{
    uint32_t bin_count = order->bin_count;
    order->starts = memory_zalloc((size_t)bin_count + 1, sizeof *order->starts);
    order->persons = memory_zalloc(order->count, sizeof *order->persons);
    order->ranks = memory_zalloc(order->count, sizeof *order->ranks);
    for (uint32_t number = 0; number < order->count; number++)
        order->starts[order->bins[number] + 1]++;
    for (uint32_t bin = 0; bin < bin_count; bin++)
        order->starts[bin + 1] += order->starts[bin];
    /* Filled from where each bin begins, the starts end up one bin further on. */
    for (uint32_t number = 0; number < order->count; number++)
        order->persons[order->starts[order->bins[number]]++] = number;
    for (uint32_t bin = bin_count; bin > 0; bin--)
        order->starts[bin] = order->starts[bin - 1];
    order->starts[0] = 0;
    for (uint32_t bin = 0; bin < bin_count; bin++) {
        uint32_t first = order->starts[bin], count = order->starts[bin + 1] - first;
        if (count)
            qsort_r(order->persons + first, count, sizeof *order->persons, compare_persons, order);
    }
    for (uint32_t rank = 0; rank < order->count; rank++)
        order->ranks[order->persons[rank]] = rank;
}
