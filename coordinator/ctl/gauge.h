#ifndef R3E_COORDINATOR_CTL_GAUGE_H
#define R3E_COORDINATOR_CTL_GAUGE_H
/* Bars and sparklines of characters, with or without Unicode's block elements. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

/* Appends a bar of `cells` cells (brackets included where there are any), `done` of `all` of it full; never
 * quite full before it is done. */
void gauge_bar(uint64_t done, uint64_t all, unsigned cells, bool utf8, struct buffer *out);

/* The last values of something, oldest first. */
#define GAUGE_VALUES 240

struct gauge_history {
    double values[GAUGE_VALUES];
    unsigned count;
};

void gauge_add(struct gauge_history *history, double value);

/* Appends the last `cells` values as one character each, scaled to the greatest of those shown; blanks on the
 * left where there are fewer. Anything above 0 differs from 0. */
void gauge_spark(const struct gauge_history *history, unsigned cells, bool utf8, struct buffer *out);

#endif
