#ifndef R3E_COMMON_METRICS_WRITER_H
#define R3E_COMMON_METRICS_WRITER_H
/* Writes metrics as text into a buffer, in one of two formats:
 *
 * METRICS_OPENMETRICS: OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 * METRICS_PROMETHEUS: Prometheus' text format 0.0.4, for what is older. They differ in how the family of a
 * counter is named, in info metrics, in units, and in the last line.
 *
 * A family is begun once and followed by its samples: the formats forbid anything between them. Whether
 * everything fitted shows in the buffer. */
#include "common/buffer.h"

enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };

enum metrics_type {
    METRICS_COUNTER, /* its samples end in `_total` */
    METRICS_GAUGE,
    METRICS_INFO, /* always 1, the labels tell; its sample ends in `_info` */
    METRICS_HISTOGRAM,
};

struct metrics_writer {
    struct buffer *out; /* borrowed */
    enum metrics_format format;
    const char *family; /* the one begun last */
    enum metrics_type type;
};

/* A label; the value may be any bytes: what cannot stand in a label is escaped or replaced. */
struct metrics_label {
    const char *name;
    const char *value;
};

struct metrics_writer metrics_writer_make(struct buffer *out, enum metrics_format format);

/* Begins a family. `name` is a literal without `_total` or `_info`, its unit, a base unit, last; `help` one
 * line of ASCII without backslashes. */
void metrics_family(
    struct metrics_writer *writer, const char *name, enum metrics_type type, const char *help);

/* One sample of the family. NaN says that the value is not known, an infinity that there is no limit. */
void metrics_sample(
    struct metrics_writer *writer, const struct metrics_label *labels, size_t label_count, double value);

struct metrics_bucket {
    double at_most;
    double count; /* of all that are at most that */
};

/* The samples of a histogram. The buckets are in rising order, the one of +Inf is added. */
void metrics_histogram(struct metrics_writer *writer, const struct metrics_bucket *buckets,
    size_t bucket_count, double count, double sum);

/* A family of one sample without labels. */
void metrics_put(
    struct metrics_writer *writer, const char *name, enum metrics_type type, const char *help, double value);

/* What OpenMetrics wants at the end. */
void metrics_end(struct metrics_writer *writer);

/* The value of Content-Type: a constant string. */
const char *metrics_content_type(enum metrics_format format);

#endif
