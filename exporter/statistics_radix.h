#ifndef R3E_EXPORTER_STATISTICS_RADIX_H
#define R3E_EXPORTER_STATISTICS_RADIX_H
/* Sorts numbers by 64-bit keys: least significant byte first, one stable counting pass for each byte (Knuth,
 * The Art of Computer Programming, volume 3, 5.2.5). */
#include <stdint.h>

struct statistics_radix_item {
    uint64_t key;
    uint32_t place; /* the number */
};

/* Sorts `items` ascending by key; what has the same key stays in its order. `spare` has room for as many.
 * Bytes that are the same in all keys cost no pass. */
void statistics_radix_sort(
    struct statistics_radix_item *items, struct statistics_radix_item *spare, uint32_t count);

#endif
