#ifndef R3E_EXPORTER_BIN_ORDER_H
#define R3E_EXPORTER_BIN_ORDER_H
/* Which bin a person's rows go to, so that bins that follow each other hold names that follow each other:
 * what is made of them bin by bin lies in the file nearly as the index lists it, and is read again in large
 * pieces.
 *
 * Bins are divided by the first eight bytes of a name, ASCII in lower case, at the quantiles of a sample. A
 * person stays in the bin of the first name seen of him. Where a division falls on names that begin alike, as
 * they may all do, the bins on both sides share them by the persons' numbers, so none grows much beyond the
 * others. Memory: 18 bytes for each person. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"

#define BIN_ORDER_BINS_MAX 4096u

struct bin_order {
    uint32_t bin_count;
    bool is_divided;
    uint64_t *divisions; /* bin_count - 1 of them, ascending: a bin's names are not below the one before it */
    uint16_t *bins;      /* by number of the person … */
    uint64_t *keys;      /* … as this: what the name begins with */
    uint32_t count, capacity;
    /* After bin_order_list: */
    uint32_t *persons; /* numbers, bin by bin, in the order of what their names begin with */
    uint32_t *starts;  /* by bin: where in `persons` it begins; behind the last one the end */
    uint32_t *ranks;   /* by number: the place in `persons` */
};

/* All names go to all bins alike until they are divided. */
struct bin_order bin_order_make(uint32_t bin_count);

void bin_order_free(struct bin_order *order);

/* What a name begins with, as a number that sorts as it does. */
uint64_t bin_order_key(struct text name);

/* Divides the bins by a sample of keys, which are sorted. Before any person is added. */
void bin_order_divide(struct bin_order *order, uint64_t *keys, uint32_t count);

/* Adds the person whose number is `order->count`. */
void bin_order_add(struct bin_order *order, struct text name);

/* Lists the persons of all bins; none can be added afterwards. */
void bin_order_list(struct bin_order *order);

#endif
