#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 1000
/* Every byte of a message may become \u00XX in JSON, plus the fixed parts of a line. */
#define LINE_MAX_BYTES (MESSAGE_MAX * 6 + 400)

static const struct {
    const char *string;
    int priority;
} levels[] = {
#define X(name, string, priority) {string, priority},
    LOG_LEVELS(X)
#undef X
};

/* The one piece of process-wide state outside main.c: threading it through every call would bury each
 * function's own parameters. Written by log_open and log_set only. */
static struct {
    const char *program;
    enum log_level level;
    enum log_format format;
} state = {"r3e", LOG_LEVEL_INFO, LOG_FORMAT_TEXT};

void log_open(const char *program, enum log_level level, enum log_format format)
{
    state.program = program;
    log_set(level, format);
}

void log_set(enum log_level level, enum log_format format)
{
    state.level = level;
    state.format = format;
}

bool log_level_from_string(const char *string, enum log_level *level)
{
    for (int i = 0; i <= LOG_LEVEL_ERROR; i++) {
        if (strcmp(levels[i].string, string) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_string(enum log_level level)
{
    return levels[level].string;
}

const char *log_format_string(enum log_format format)
{
    static const char *const strings[] = {
#define X(name, string) string,
        LOG_FORMATS(X)
#undef X
    };
    return strings[format];
}

static size_t format_time(char *out, size_t size)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
    int rest = snprintf(out + length, size - length, ".%03ldZ", now.tv_nsec / 1000000);
    return length + (rest > 0 ? (size_t)rest : 0);
}

static size_t put_string(char *out, size_t at, const char *string)
{
    size_t length = strlen(string);
    memcpy(out + at, string, length);
    return at + length;
}

static size_t put_message(char *out, size_t at, const char *message, bool json)
{
    static const char hex[] = "0123456789abcdef";
    for (const char *p = message; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (json && (c < 0x20 || c == 0x7f)) {
            at = put_string(out, at, "\\u00");
            out[at++] = hex[c >> 4];
            out[at++] = hex[c & 15];
        } else if (json && (c == '"' || c == '\\')) {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else {
            out[at++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
        }
    }
    return at;
}

static void write_line(enum log_level level, const char *message)
{
    char line[LINE_MAX_BYTES];
    char time_text[40];
    int head;
    format_time(time_text, sizeof time_text);
    bool json = state.format == LOG_FORMAT_JSON;
    if (json)
        head = snprintf(line, sizeof line,
            "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%.60s\",\"pid\":%d,\"message\":\"", time_text,
            levels[level].string, state.program, (int)getpid());
    else if (getenv("JOURNAL_STREAM"))
        head = snprintf(line, sizeof line, "<%d>%.60s: ", levels[level].priority, state.program);
    else
        head = snprintf(line, sizeof line, "%s %-5s %.60s[%d]: ", time_text, levels[level].string,
            state.program, (int)getpid());
    if (head < 0)
        return;
    size_t length = put_message(line, (size_t)head, message, json);
    if (json)
        length = put_string(line, length, "\"}");
    line[length++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, length);
    (void)ignored;
}

static void write_formatted(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void write_formatted(enum log_level level, const char *format, va_list arguments)
{
    int saved = errno;
    char message[MESSAGE_MAX + 1];
    if (vsnprintf(message, sizeof message, format, arguments) >= 0)
        write_line(level, message);
    errno = saved;
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level < state.level)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_formatted(level, format, arguments);
    va_end(arguments);
}

void log_fatal(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_FATAL, format, arguments);
    va_end(arguments);
    exit(1);
}

void log_bug(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_formatted(LOG_LEVEL_BUG, format, arguments);
    va_end(arguments);
    abort();
}
