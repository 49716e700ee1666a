#ifndef R3E_COMMON_LOG_H
#define R3E_COMMON_LOG_H
/* One line per event on standard error.
 *
 * Format "text": `LEVEL program: message`, with a time stamp on a terminal or in a file. Where systemd's
 * journal reads standard error (JOURNAL_STREAM is set), the line begins with `<N>`, N being the syslog
 * priority (sd-daemon(3)), and has no time stamp. Format "json": one object per line with time, level,
 * program, pid, message.
 *
 * Severity is a contract: debug (for developers), info (normal life), warn (odd, handled), error (an operator
 * may want to act), fatal (the process ends, an operator can mend it), bug (the process ends, we must mend
 * it). A message is cut at 1,000 bytes; control characters in it are replaced, so that input cannot forge
 * lines. Write errors are ignored: a blocked or closed log must not stop the crawl. errno is preserved.
 * Thread-safe after log_open. Before log_open: text, level info, program "r3e". */
#include <stdbool.h>

#define LOG_LEVELS(X)                                                                                        \
    X(LOG_LEVEL_DEBUG, "debug", 7)                                                                           \
    X(LOG_LEVEL_INFO, "info", 6)                                                                             \
    X(LOG_LEVEL_WARN, "warn", 4)                                                                             \
    X(LOG_LEVEL_ERROR, "error", 3)                                                                           \
    X(LOG_LEVEL_FATAL, "fatal", 2)                                                                           \
    X(LOG_LEVEL_BUG, "bug", 1)

enum log_level {
#define X(name, string, priority) name,
    LOG_LEVELS(X)
#undef X
};

#define LOG_FORMATS(X)                                                                                       \
    X(LOG_FORMAT_TEXT, "text")                                                                               \
    X(LOG_FORMAT_JSON, "json")

enum log_format {
#define X(name, string) name,
    LOG_FORMATS(X)
#undef X
};

/* `program` must stay valid for the life of the process. Call once, before threads start. */
void log_open(const char *program, enum log_level level, enum log_format format);

/* Changes what is shown, for instance after a reload. */
void log_set(enum log_level level, enum log_format format);

/* "debug" … "error" to a level; false for anything else (fatal and bug cannot be asked for). */
bool log_level_from_string(const char *string, enum log_level *level);

/* The names used on command lines and in configurations. */
const char *log_level_string(enum log_level level);
const char *log_format_string(enum log_format format);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)

/* Logs and exits with code 1: something an operator can mend. */
_Noreturn void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Logs and aborts: something only a developer can mend. */
_Noreturn void log_bug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
