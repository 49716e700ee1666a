#ifndef R3E_COORDINATOR_HISTOGRAM_H
#define R3E_COORDINATOR_HISTOGRAM_H
/* How long things take, in fixed space: counts in buckets that grow with the value, eight to each power of
 * two as HdrHistogram does (hdrhistogram.org), so that a percentile is right within an eighth whatever the
 * range. Values are milliseconds by custom; nothing here minds. Pure. */
#include <stdint.h>

#define HISTOGRAM_BUCKETS 249 /* the last one takes all from 2^33 on: three months in milliseconds */

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count, sum, greatest;
};

/* Counts `value` `times` times. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times);

/* The value that `percent` % of those counted do not exceed, 0 if there are none: the upper end of its
 * bucket, but never more than the greatest. `percent` from 0 to 100. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

/* How many of those counted are at most `value`, rounded to whole buckets downwards. */
uint64_t histogram_at_most(const struct histogram *histogram, uint64_t value);

#endif
