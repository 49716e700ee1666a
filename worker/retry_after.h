#ifndef R3E_WORKER_RETRY_AFTER_H
#define R3E_WORKER_RETRY_AFTER_H
/* The Retry-After field of HTTP (RFC 9110, section 10.2.3). */
#include <stdint.h>

/* Nobody waits longer than this, whatever a server says. */
#define RETRY_AFTER_MOST_MS ((uint64_t)24 * 3600 * 1000)

/* What `value` (a number of seconds or an HTTP date) asks for, in milliseconds from `wall_ms` on: at most
 * RETRY_AFTER_MOST_MS; 0 where it asks for nothing: past, negative, not understood. */
uint64_t retry_after_ms(const char *value, int64_t wall_ms);

#endif
