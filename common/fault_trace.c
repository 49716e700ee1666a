#include "common/fault_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"

#define FIELDS_MAX 600
#define LINE_BYTES ((size_t)2048)
/* Fits 64 bits; a content hash has 32 characters, so it is never taken for a number. */
#define DIGITS_MAX 19

/* Process-wide for the same reason as the log. Written once, before threads start. */
static struct {
    const char *program, *path;
} state;

void fault_trace_open(const char *program, const char *path)
{
    state.program = program;
    state.path = path;
}

static bool is_number(const char *value)
{
    size_t length = strlen(value);
    return length > 0 && length <= DIGITS_MAX && strspn(value, "0123456789") == length &&
           (value[0] != '0' || length == 1);
}

/* ` key=value key=value` as members of an object; taken apart in its place. */
static void put_fields(struct buffer *line, char *fields)
{
    char *rest;
    for (char *pair = strtok_r(fields, " ", &rest); pair; pair = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(pair, '=');
        if (value) {
            *value++ = 0;
            buffer_format(line, is_number(value) ? ",\"%s\":%s" : ",\"%s\":\"%s\"", pair, value);
        } else {
            log_bug("fault_trace: `%s` is not key=value", pair);
        }
    }
}

/* Opened for each line: a forked worker closes what its pool had open. */
static bool append(const struct buffer *line)
{
    int fd = open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, line->data, line->length) == (ssize_t)line->length;
    close(fd);
    return ok;
}

void fault_trace(const char *event, const char *format, ...)
{
    char fields[FIELDS_MAX];
    va_list arguments;
    if (!state.path)
        return;
    int saved = errno;
    va_start(arguments, format);
    int length = vsnprintf(fields, sizeof fields, format, arguments);
    va_end(arguments);
    struct buffer line = buffer_make(LINE_BYTES);
    buffer_format(&line, "{\"us\":%" PRId64 ",\"program\":\"%s\",\"pid\":%d,\"event\":\"%s\"",
        clock_monotonic_us(), state.program, (int)getpid(), event);
    if (length > 0)
        put_fields(&line, fields);
    buffer_append_string(&line, "}\n");
    if (length < 0 || (size_t)length >= sizeof fields || line.overflowed)
        log_bug("fault_trace: an event `%s` that does not fit", event);
    if (!append(&line))
        log_error("cannot write to R3E_TRACE %s: %s", state.path, strerror(errno));
    buffer_free(&line);
    errno = saved;
}
