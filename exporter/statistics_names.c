#include "exporter/statistics_names.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "exporter/statistics_radix.h"

/* Up to so many are compared with each other rather than sorted by eight more bytes. */
#define FEW 24u

static int compare_texts(struct text left, struct text right)
{
    uint32_t shared = left.length < right.length ? left.length : right.length;
    int order = shared ? memcmp(left.data, right.data, shared) : 0;
    return order ? order : (left.length > right.length) - (left.length < right.length);
}

static int compare_persons(const void *left, const void *right, void *context)
{
    const struct statistics_source *source = context;
    uint32_t a = ((const struct statistics_radix_item *)left)->place;
    uint32_t b = ((const struct statistics_radix_item *)right)->place;
    struct statistics_person first, second;
    source->person(source->context, a, &first);
    source->person(source->context, b, &second);
    int order = compare_texts(first.name, second.name);
    if (!order)
        order = compare_texts(first.key, second.key);
    return order ? order : (a > b) - (a < b);
}

/* Eight bytes of a name as a number that sorts as they do, zeroes behind its end. */
static uint64_t bytes_at(struct text name, uint32_t at)
{
    uint64_t bytes = 0;
    for (uint32_t i = at; i < at + sizeof bytes; i++)
        bytes = bytes << 8 | (i < name.length ? (uint8_t)name.data[i] : 0);
    return bytes;
}

/* Sets the keys to the bytes at `at`; false if all names end before. */
static bool read_bytes(
    struct statistics_source *source, struct statistics_radix_item *items, uint32_t count, uint32_t at)
{
    bool more = false;
    for (uint32_t i = 0; i < count; i++) {
        struct statistics_person about;
        source->person(source->context, items[i].place, &about);
        items[i].key = bytes_at(about.name, at);
        more |= about.name.length > at;
    }
    return more;
}

/* Sorts persons whose names are the same before `at`, as far as zeroes behind an end can tell. */
static void sort(struct statistics_source *source, struct statistics_radix_item *items,
    struct statistics_radix_item *spare, uint32_t count, uint32_t at)
{
    if (count <= FEW || !read_bytes(source, items, count, at)) {
        qsort_r(items, count, sizeof *items, compare_persons, source);
        return;
    }
    statistics_radix_sort(items, spare, count);
    for (uint32_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && items[end].key == items[first].key; end++)
            ;
        if (end - first > 1)
            sort(source, items + first, spare, end - first, at + (uint32_t)sizeof items->key);
    }
}

uint32_t *statistics_names_rank(const struct statistics_source *source)
{
    struct statistics_source context = *source;
    uint32_t count = source->person_count;
    struct statistics_radix_item *items = memory_zalloc(count, sizeof *items);
    struct statistics_radix_item *spare = memory_zalloc(count, sizeof *spare);
    for (uint32_t person = 0; person < count; person++)
        items[person].place = person;
    if (count)
        sort(&context, items, spare, count, 0);
    uint32_t *ranks = memory_zalloc(count, sizeof *ranks);
    for (uint32_t rank = 0; rank < count; rank++)
        ranks[items[rank].place] = rank;
    free(items);
    free(spare);
    return ranks;
}
