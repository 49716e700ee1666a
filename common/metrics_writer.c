#include "common/metrics_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/unicode.h"

/* A whole number up to here is written without an exponent. */
#define EXACT_INTEGER 9007199254740992.0

/* The base units that names of ours end in. */
static const char *const units[] = {"bytes", "seconds", "ratio"};

struct metrics_writer metrics_writer_make(struct buffer *out, enum metrics_format format)
{
    return (struct metrics_writer){.out = out, .format = format};
}

static const char *ending(enum metrics_type type)
{
    return type == METRICS_COUNTER ? "_total" : type == METRICS_INFO ? "_info" : "";
}

static const char *type_name(const struct metrics_writer *writer)
{
    if (writer->type == METRICS_COUNTER)
        return "counter";
    if (writer->type == METRICS_HISTOGRAM)
        return "histogram";
    /* The older format has no info metrics. */
    return writer->type == METRICS_INFO && writer->format == METRICS_OPENMETRICS ? "info" : "gauge";
}

static const char *unit_of(const char *name)
{
    const char *last = strrchr(name, '_');
    for (size_t i = 0; last && i < sizeof units / sizeof *units; i++)
        if (strcmp(last + 1, units[i]) == 0)
            return units[i];
    return NULL;
}

void metrics_family(struct metrics_writer *writer, const char *name, enum metrics_type type, const char *help)
{
    writer->family = name;
    writer->type = type;
    const char *shown_ending = writer->format == METRICS_PROMETHEUS ? ending(type) : "";
    const char *unit = unit_of(name);
    buffer_format(writer->out, "# HELP %s%s %s\n", name, shown_ending, help);
    buffer_format(writer->out, "# TYPE %s%s %s\n", name, shown_ending, type_name(writer));
    if (unit && writer->format == METRICS_OPENMETRICS)
        buffer_format(writer->out, "# UNIT %s %s\n", name, unit);
}

/* Escaped as both formats want it; what is not UTF-8 becomes "?", control characters a blank. */
static void put_label_value(struct buffer *out, const char *value)
{
    bool valid = unicode_is_valid((struct text){value, (uint32_t)strlen(value)});
    for (const char *at = value; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\\' || byte == '"')
            buffer_append_byte(out, '\\');
        if (byte < 0x20)
            byte = ' ';
        else if (byte >= 0x80 && !valid)
            byte = '?';
        buffer_append_byte(out, byte);
    }
}

/* The shortest form that reads back equal. */
static void put_number(struct buffer *out, double value)
{
    char text[40] = "";
    if (isnan(value)) {
        buffer_append_string(out, "NaN");
    } else if (isinf(value)) {
        buffer_append_string(out, value > 0 ? "+Inf" : "-Inf");
    } else if (value == floor(value) && fabs(value) <= EXACT_INTEGER) {
        buffer_format(out, "%.0f", value);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            int length = snprintf(text, sizeof text, "%.*g", digits, value);
            if (length < 0 || (size_t)length >= sizeof text || strtod(text, NULL) == value)
                break;
        }
        buffer_append_string(out, text);
    }
}

static void put_value(struct buffer *out, double value)
{
    buffer_append_byte(out, ' ');
    put_number(out, value);
    buffer_append_byte(out, '\n');
}

void metrics_sample(
    struct metrics_writer *writer, const struct metrics_label *labels, size_t label_count, double value)
{
    buffer_format(writer->out, "%s%s", writer->family, ending(writer->type));
    for (size_t i = 0; i < label_count; i++) {
        buffer_format(writer->out, "%s%s=\"", i ? "," : "{", labels[i].name);
        put_label_value(writer->out, labels[i].value);
        buffer_append_byte(writer->out, '"');
    }
    if (label_count)
        buffer_append_byte(writer->out, '}');
    put_value(writer->out, value);
}

void metrics_histogram(struct metrics_writer *writer, const struct metrics_bucket *buckets,
    size_t bucket_count, double count, double sum)
{
    struct buffer *out = writer->out;
    for (size_t i = 0; i < bucket_count; i++) {
        double end = buckets[i].at_most;
        buffer_format(out, "%s_bucket{le=\"", writer->family);
        put_number(out, end);
        /* OpenMetrics wants bounds as "1.0", and the same bound must not be written in two ways. */
        buffer_append_string(out, end == floor(end) ? ".0\"}" : "\"}");
        put_value(out, buckets[i].count);
    }
    buffer_format(out, "%s_bucket{le=\"+Inf\"}", writer->family);
    put_value(out, count);
    buffer_format(out, "%s_count", writer->family);
    put_value(out, count);
    buffer_format(out, "%s_sum", writer->family);
    put_value(out, sum);
}

void metrics_put(
    struct metrics_writer *writer, const char *name, enum metrics_type type, const char *help, double value)
{
    metrics_family(writer, name, type, help);
    metrics_sample(writer, NULL, 0, value);
}

void metrics_end(struct metrics_writer *writer)
{
    if (writer->format == METRICS_OPENMETRICS)
        buffer_append_string(writer->out, "# EOF\n");
}

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                         : "text/plain; version=0.0.4; charset=utf-8";
}
