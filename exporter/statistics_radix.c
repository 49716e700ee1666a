#include "exporter/statistics_radix.h"

#include <string.h>

#define DIGITS 8 /* bytes of a key */

static unsigned digit_of(uint64_t key, unsigned digit)
{
    return key >> digit * 8 & 255;
}

/* `next` holds how often each value occurs. */
static void sort_by_digit(const struct statistics_radix_item *from, struct statistics_radix_item *to,
    uint32_t count, unsigned digit, uint32_t next[static 256])
{
    uint32_t sum = 0;
    for (unsigned value = 0; value < 256; value++) {
        uint32_t here = next[value];
        next[value] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++)
        to[next[digit_of(from[i].key, digit)]++] = from[i];
}

void statistics_radix_sort(
    struct statistics_radix_item *items, struct statistics_radix_item *spare, uint32_t count)
{
    uint32_t histogram[DIGITS][256];
    struct statistics_radix_item *from = items, *to = spare;
    memset(histogram, 0, sizeof histogram);
    for (uint32_t i = 0; i < count; i++) {
        for (unsigned digit = 0; digit < DIGITS; digit++)
            histogram[digit][digit_of(items[i].key, digit)]++;
    }
    for (unsigned digit = 0; digit < DIGITS && count; digit++) {
        if (histogram[digit][digit_of(items[0].key, digit)] == count)
            continue;
        sort_by_digit(from, to, count, digit, histogram[digit]);
        struct statistics_radix_item *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items && count)
        memcpy(items, from, count * sizeof *items);
}
