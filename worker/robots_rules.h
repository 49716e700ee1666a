#ifndef R3E_WORKER_ROBOTS_RULES_H
#define R3E_WORKER_ROBOTS_RULES_H
/* What a robots.txt says of some paths (RFC 9309). The text may be anything.
 *
 * The groups that name our product token count, all of them together; else those of `*`. Of the rules that
 * match a path the longest pattern counts, and of two as long the one that allows (2.2.2); `*` is any run of
 * bytes, a `$` at the end is the path's end (2.2.3); percent-encoding is made alike before comparing.
 * Names of fields and tokens are compared without case. Lines end with CR, LF or both; a byte order mark is
 * passed over; what is no line of the standard is ignored. No more than 500 KiB are read (2.5).
 * `Crawl-delay`, which is not of the standard, may have a fraction; the longest of a group counts. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROBOTS_RULES_BYTES_MOST   ((size_t)500 * 1024)
#define ROBOTS_RULES_PATHS_MOST   4
#define ROBOTS_RULES_PATH_MOST    1024     /* bytes of a path with its query */
#define ROBOTS_RULES_DELAY_MOST   86400000 /* ms; longer ones are cut to it */
#define ROBOTS_RULES_PATTERN_MOST 200      /* bytes of the pattern that is shown */

struct robots_rules {
    bool allowed;                            /* all of the paths */
    uint64_t crawl_delay_ms;                 /* 0: none */
    char pattern[ROBOTS_RULES_PATTERN_MOST]; /* not allowed: the pattern that says so, perhaps cut; any bytes
                                                but NUL */
};

/* `agent`: our User-Agent; its first word's letters, digits, `-` and `_` are the product token. `paths`:
 * absolute, with query, percent-encoded, at most ROBOTS_RULES_PATHS_MOST of at most
 * ROBOTS_RULES_PATH_MOST bytes. */
struct robots_rules robots_rules_read(
    const void *bytes, size_t length, const char *agent, const char *const *paths, unsigned path_count);

#endif
