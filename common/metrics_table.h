#ifndef R3E_COMMON_METRICS_TABLE_H
#define R3E_COMMON_METRICS_TABLE_H
/* Which field of a summary becomes which metric; metrics.c does it. */
#include <stddef.h>

#include "common/metrics_writer.h"

/* How a field is read. */
enum metrics_kind {
    METRICS_NUMBER,
    METRICS_TIME,    /* RFC 3339 to seconds since 1970 */
    METRICS_ONE_OF,  /* a string that is one of `values`: a sample for each, 1 for the one that is */
    METRICS_COUNTS,  /* an object of numbers: a sample for each of `values` and for each other member */
    METRICS_BUCKETS, /* an object `count`, `sum_ms`, `at_most_ms`: a histogram in seconds */
    METRICS_TEXT,    /* a string in a label of an info metric */
};

struct metrics_row {
    const char *field; /* members of an object with a dot: "refresh.left" */
    enum metrics_kind kind;
    enum metrics_type type;
    const char *name;
    double scale; /* the field times this is in base units */
    double null;  /* what null stands for */
    const char *label;
    const char *const *values; /* ended by NULL; "none" gets no sample */
    const char *help;
};

extern const struct metrics_row metrics_rows[];
extern const size_t metrics_row_count;

#endif
