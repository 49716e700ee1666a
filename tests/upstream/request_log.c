#include "tests/upstream/request_log.h"

#include "tests/upstream/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct request_log {
    FILE *file;
    struct text line;
};

struct request_log *request_log_open(const char *file)
{
    struct request_log *log = calloc(1, sizeof *log);
    if (log)
        log->file = fopen(file, "we");
    if (log && log->file)
        return log;
    fprintf(stderr, "r3e-upstream: cannot write the log %s: %s\n", file, strerror(errno));
    free(log);
    return NULL;
}

void request_log_close(struct request_log *log)
{
    if (fclose(log->file) != 0)
        perror("r3e-upstream: the log is incomplete");
    text_free(&log->line);
    free(log);
}

static void append_wall_time(struct text *out)
{
    struct timespec now;
    struct tm fields;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    size_t length = strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &fields));
    assert(length > 0);
    text_append_format(out, "\"%s.%06ldZ\"", seconds, now.tv_nsec / 1000);
}

static void append_string(struct text *out, const char *name, const char *value)
{
    text_append_format(out, ",\"%s\":", name);
    if (!value) {
        text_append_string(out, "null");
        return;
    }
    text_append(out, "\"", 1);
    text_append_json(out, value, strlen(value), ESCAPE_PLAIN);
    text_append(out, "\"", 1);
}

void request_log_write(struct request_log *log, const struct request_log_line *line)
{
    struct text *out = &log->line;
    out->length = 0;
    text_append_format(out, "{\"monotonic_us\":%" PRIu64 ",\"time\":", line->arrived_us);
    append_wall_time(out);
    text_append_format(out, ",\"connection\":%" PRIu64, line->connection);
    if (line->listing)
        text_append_format(out, ",\"track\":%u,\"class\":%u,\"start\":%u,\"count\":%u", line->track_id,
            line->class_id, line->start, line->count);
    text_append_format(out, ",\"status\":%u", line->status);
    append_string(out, "user_agent", line->user_agent);
    append_string(out, "x_requested_with", line->requested_with);
    text_append_string(out, "}\n");
    fwrite(out->data, 1, out->length, log->file);
    fflush(log->file);
}
