#include "coordinator/histogram.h"

#define SHIFT     3 /* 2^3 buckets to a power of two */
#define PER_POWER (1u << SHIFT)

/* Values below PER_POWER have a bucket each; above, the bucket follows from the highest bit and the three
 * below it. */
static unsigned bucket_of(uint64_t value)
{
    if (value < PER_POWER)
        return (unsigned)value;
    unsigned power = 63u - (unsigned)__builtin_clzll(value);
    unsigned bucket =
        (power - SHIFT + 1) * PER_POWER + (unsigned)((value >> (power - SHIFT)) & (PER_POWER - 1));
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The greatest value of a bucket. */
static uint64_t end_of(unsigned bucket)
{
    if (bucket < PER_POWER)
        return bucket;
    unsigned shift = bucket / PER_POWER - 1;
    return ((uint64_t)(PER_POWER + bucket % PER_POWER + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
    if (times == 0)
        return;
    histogram->counts[bucket_of(value)] += times;
    histogram->count += times;
    histogram->sum += value * times;
    if (value > histogram->greatest)
        histogram->greatest = value;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
    double wanted = (double)histogram->count * percent / 100;
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS && histogram->count; bucket++) {
        seen += histogram->counts[bucket];
        if (histogram->counts[bucket] == 0 || (double)seen < wanted)
            continue;
        uint64_t end = end_of(bucket);
        return bucket == HISTOGRAM_BUCKETS - 1 || end > histogram->greatest ? histogram->greatest : end;
    }
    return histogram->greatest;
}

uint64_t histogram_at_most(const struct histogram *histogram, uint64_t value)
{
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS - 1 && end_of(bucket) <= value; bucket++)
        seen += histogram->counts[bucket];
    return value >= histogram->greatest ? histogram->count : seen;
}
