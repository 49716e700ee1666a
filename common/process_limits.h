#ifndef R3E_COMMON_PROCESS_LIMITS_H
#define R3E_COMMON_PROCESS_LIMITS_H
/* Limits of the kernel for processes (setrlimit(2)), as the group `hardening` of the configuration has them.
 *
 * They lie well above what the programs keep to by themselves (workers.max_rss_mb, exporter.max_rss_mb …) and
 * hold where those fail. Children inherit them: the coordinator sets what holds for all on itself, and what
 * is for one kind of child between fork and exec (process_options). Workers of another host have those of
 * their service. */
#include <stdbool.h>
#include <sys/resource.h>

#include "common/config.h"

#define PROCESS_LIMITS_MAX 4

struct process_limit {
    int resource; /* RLIMIT_* */
    rlim_t most;
};

struct process_limits {
    unsigned count;
    struct process_limit list[PROCESS_LIMITS_MAX];
};

/* For every process: memory and core dumps. A build with a sanitizer has none for memory, since its shadow
 * memory alone takes terabytes of addresses. */
struct process_limits process_limits_of_all(const struct config *config);

/* Beside those. */
struct process_limits process_limits_of_worker(const struct config *config);
struct process_limits process_limits_of_exporter(const struct config *config);

/* Lowers soft and hard limit of this process to what is said; one that is lower already stays. Only calls
 * that are allowed between fork and exec. False with errno set if one could not be set. */
bool process_limits_set(const struct process_limits *limits);

#endif
