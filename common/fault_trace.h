#ifndef R3E_COMMON_FAULT_TRACE_H
#define R3E_COMMON_FAULT_TRACE_H
/* What a process does, for a test that judges it afterwards (tests/integration/invariants.py).
 *
 * Only in builds with the option `fault_points`; see fault_point.h. If R3E_TRACE names a file, each event
 * appends one line to it in one write(2), so lines of several processes do not mix and stand in the order in
 * which they were written:
 *
 *     {"us":12345,"program":"r3e-worker","pid":77,"event":"job","lease":5,"hash":"00ff…"}
 *
 * `us` is CLOCK_MONOTONIC. What an event promises to others (a request granted, an acknowledgement) is traced
 * before it is done, what it reports (a commit) after. A line that cannot be written is an error in the log.
 */
#include "common/fault_point.h"

#ifdef R3E_FAULT_POINTS

/* `path` NULL: nothing is traced. Both are borrowed for the life of the process. */
void fault_trace_open(const char *program, const char *path);

/* The format makes `key=value` pairs with single blanks between them and none in the values. A value of up to
 * 19 digits is written as a number, all else as a string. Thread-safe; errno is preserved. */
void fault_trace(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define FAULT_TRACE(event, ...) fault_trace(event, __VA_ARGS__)

#else

/* Never called: it has the compiler check the arguments, and count them as used. */
int fault_trace_check(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define FAULT_TRACE(event, ...) ((void)sizeof(fault_trace_check(event, __VA_ARGS__)))

#endif

#endif
