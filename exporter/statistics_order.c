#include "exporter/statistics_order.h"

#include <stdlib.h>

#include "common/memory.h"
#include "exporter/statistics_radix.h"

const char *statistics_sort_name(enum statistics_sort sort)
{
    static const char *const names[] = {
#define SORT(name, text) text,
        STATISTICS_SORTS(SORT)
#undef SORT
    };
    return names[sort];
}

/* ---- who ---- */

static const struct choice {
    uint32_t limit;
    uint32_t entries;                         /* at least … */
    uint32_t average_entries, average_bested; /* … and in the list by average */
} choices[] = {
    [STATISTICS_ALL] = {.limit = UINT32_MAX},
    [STATISTICS_TOP] = {.limit = 500, .average_entries = 5, .average_bested = 100},
    [STATISTICS_CATEGORY] = {.limit = 1000,
        .entries = STATISTICS_CATEGORY_ENTRIES,
        .average_entries = STATISTICS_CATEGORY_ENTRIES,
        .average_bested = 10},
};

static bool is_listed(
    const struct statistics_score *score, enum statistics_sort sort, const struct choice *choice)
{
    switch (sort) {
    case STATISTICS_SORT_POLE:
        return score->poles && score->entries >= choice->entries;
    case STATISTICS_SORT_BESTED:
        return score->bested && score->entries >= choice->entries;
    case STATISTICS_SORT_PODIUM:
        return score->podiums && score->entries >= choice->entries;
    case STATISTICS_SORT_AVG_BESTED:
        return score->average != STATISTICS_NO_AVERAGE && score->entries >= choice->average_entries &&
               score->bested >= choice->average_bested;
    case STATISTICS_SORT_ENTRIES:
    case STATISTICS_SORT_COUNT:
        break;
    }
    return score->entries >= choice->entries;
}

/* ---- in what order ---- */

enum figure { END, POLES, BESTED, PODIUMS, AVERAGE, ENTRIES };

#define FIGURES_MAX 3

static const struct sorting {
    enum figure figures[FIGURES_MAX]; /* the first decides */
} sortings[] = {
    [STATISTICS_SORT_POLE] = {{POLES, BESTED, END}},
    [STATISTICS_SORT_BESTED] = {{BESTED, POLES, END}},
    [STATISTICS_SORT_PODIUM] = {{PODIUMS, POLES, END}},
    [STATISTICS_SORT_AVG_BESTED] = {{AVERAGE, ENTRIES, BESTED}},
    [STATISTICS_SORT_ENTRIES] = {{ENTRIES, AVERAGE, BESTED}},
};

/* A number that is smaller the greater the figure is. */
static uint64_t key_of(const struct statistics_score *score, enum figure figure)
{
    switch (figure) {
    case POLES:
        return ~(uint64_t)score->poles;
    case BESTED:
        return ~score->bested;
    case PODIUMS:
        return ~(uint64_t)score->podiums;
    case ENTRIES:
        return ~(uint64_t)score->entries;
    case AVERAGE:
        return ~((uint64_t)statistics_score_average(score) ^ (uint64_t)1 << 63);
    case END:
        break;
    }
    return 0;
}

/* ---- together ---- */

static void make_room(struct statistics_order *order, uint32_t count)
{
    if (count <= order->capacity)
        return;
    statistics_order_free(order);
    order->capacity = count;
    order->places = memory_zalloc(count, sizeof *order->places);
    order->by_name = memory_zalloc(count, sizeof *order->by_name);
    order->items = memory_zalloc(count, sizeof *order->items);
    order->spare = memory_zalloc(count, sizeof *order->spare);
}

void statistics_order_free(struct statistics_order *order)
{
    free(order->places);
    free(order->by_name);
    free(order->items);
    free(order->spare);
    *order = (struct statistics_order){0};
}

void statistics_order_begin(
    struct statistics_order *order, const struct statistics_list *list, const uint32_t *ranks)
{
    make_room(order, list->count);
    order->count = list->count;
    for (uint32_t place = 0; place < list->count; place++)
        order->items[place] = (struct statistics_radix_item){ranks[list->scores[place].person], place};
    statistics_radix_sort(order->items, order->spare, order->count);
    for (uint32_t i = 0; i < order->count; i++)
        order->by_name[i] = order->items[i].place;
}

static void sort_by_figure(
    struct statistics_order *order, const struct statistics_list *list, enum figure figure)
{
    for (uint32_t i = 0; i < order->count && figure != END; i++)
        order->items[i].key = key_of(&list->scores[order->items[i].place], figure);
    if (figure != END)
        statistics_radix_sort(order->items, order->spare, order->count);
}

static void cut(struct statistics_order *order, const struct choice *choice)
{
    if (order->count > choice->limit)
        order->count = choice->limit;
}

void statistics_order_make(struct statistics_order *order, const struct statistics_list *list,
    enum statistics_sort sort, enum statistics_choice choice)
{
    order->count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_listed(&list->scores[order->by_name[i]], sort, &choices[choice]))
            order->items[order->count++].place = order->by_name[i];
    }
    for (unsigned at = FIGURES_MAX; at-- > 0;)
        sort_by_figure(order, list, sortings[sort].figures[at]);
    for (uint32_t i = 0; i < order->count; i++)
        order->places[i] = order->items[i].place;
    cut(order, &choices[choice]);
}

void statistics_order_narrow(struct statistics_order *order, const struct statistics_list *list,
    enum statistics_sort sort, enum statistics_choice choice)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < order->count && kept < choices[choice].limit; i++) {
        if (is_listed(&list->scores[order->places[i]], sort, &choices[choice]))
            order->places[kept++] = order->places[i];
    }
    order->count = kept;
}
