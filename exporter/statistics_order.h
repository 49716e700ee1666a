#ifndef R3E_EXPORTER_STATISTICS_ORDER_H
#define R3E_EXPORTER_STATISTICS_ORDER_H
/* Who is listed in which file, and in what order (FORMATS): the figures descending, then name, key and
 * person. Sorted by numbers alone with a stable radix sort, from the rank of the name up to the first
 * figure. */
#include <stdint.h>

#include "exporter/statistics_scores.h"

/* How a list is ordered: S and sort_by of the files. */
#define STATISTICS_SORTS(SORT)                                                                               \
    SORT(POLE, "pole")                                                                                       \
    SORT(BESTED, "bested")                                                                                   \
    SORT(PODIUM, "podium")                                                                                   \
    SORT(AVG_BESTED, "avg_bested")                                                                           \
    SORT(ENTRIES, "entries")

enum statistics_sort {
#define SORT(name, text) STATISTICS_SORT_##name,
    STATISTICS_SORTS(SORT)
#undef SORT
        STATISTICS_SORT_COUNT
};

const char *statistics_sort_name(enum statistics_sort sort);

/* Which persons a file lists. */
enum statistics_choice {
    STATISTICS_ALL,     /* overall */
    STATISTICS_TOP,     /* overall_top */
    STATISTICS_CATEGORY /* a class or superclass */
};

/* Room to sort in; one thread at a time, for any number of lists. All zeroes is an empty one. */
struct statistics_order {
    uint32_t *places; /* the result: places in the list's scores */
    uint32_t count;
    uint32_t *by_name; /* all places of the list */
    struct statistics_radix_item *items, *spare;
    uint32_t capacity;
};

void statistics_order_free(struct statistics_order *order);

/* Begins with a list; `ranks` are those of statistics_names.h. */
void statistics_order_begin(
    struct statistics_order *order, const struct statistics_list *list, const uint32_t *ranks);

/* Puts the places of those listed into `order->places`, valid until the next call on `order`. */
void statistics_order_make(struct statistics_order *order, const struct statistics_list *list,
    enum statistics_sort sort, enum statistics_choice choice);

/* Leaves of what statistics_order_make made by the same sort those whom a narrower choice lists too. */
void statistics_order_narrow(struct statistics_order *order, const struct statistics_list *list,
    enum statistics_sort sort, enum statistics_choice choice);

#endif
