#ifndef R3E_COMMON_CONFIG_SCAN_H
#define R3E_COMMON_CONFIG_SCAN_H
/* Finds what libconfig would take without a word and we must not: NUL bytes (end its input), invalid UTF-8,
 * `@include` (opens any number of files), integers beyond 32 bits without the suffix L (it cuts them). */
#include <stdbool.h>

#include "common/buffer.h"
#include "common/config_problems.h"

/* Adds what was found. False: libconfig must not see this content at all; numbers that are too large do not
 * count for that. `path` is only for messages. */
bool config_scan(const struct buffer *content, const char *path, struct config_problems *problems);

#endif
