#ifndef R3E_COMMON_CLOCK_H
#define R3E_COMMON_CLOCK_H
/* Time. Intervals, leases and pauses use the monotonic clock; what people read uses the wall clock.
 * Modules that decide by time take `now_ms` as a parameter, so that tests inject it. */
#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_monotonic_ms(void);

/* Microseconds of CLOCK_MONOTONIC, for measuring. */
int64_t clock_monotonic_us(void);

/* Sleeps; for the rare waits outside an event loop. */
void clock_sleep_ms(int64_t duration_ms);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

#define CLOCK_RFC3339_SIZE 32

/* `wall_ms` as RFC 3339 in UTC with whole seconds, `2026-01-03T10:00:00Z`. Years are clamped to 0000–9999. */
void clock_rfc3339(int64_t wall_ms, char out[static CLOCK_RFC3339_SIZE]);

#endif
