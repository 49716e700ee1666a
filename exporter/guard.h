#ifndef R3E_EXPORTER_GUARD_H
#define R3E_EXPORTER_GUARD_H
/* What ends a run before its time: the deadline, the memory limit, SIGTERM or SIGINT, or the first error of
 * any thread. Work loops ask guard_ok between pieces of work; after the first "no" every answer is no.
 * Thread-safe. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GUARD_REASON_SIZE 1200

struct guard {
    int64_t started_us;
    int64_t deadline_us; /* monotonic; INT64_MAX: none */
    int64_t max_rss_kb;  /* 0: none */
    int signal_fd;
    int statm_fd;
    atomic_bool stopped;
    _Atomic int64_t next_look_us; /* signals and memory are looked at now and then only */
    pthread_mutex_t mutex;        /* guards reason */
    char reason[GUARD_REASON_SIZE];
};

/* Blocks SIGTERM and SIGINT for this thread and those it starts afterwards. */
void guard_open(struct guard *guard, int64_t timeout_ms, int64_t max_rss_kb);

void guard_close(struct guard *guard);

/* True: go on. */
bool guard_ok(struct guard *guard);

/* Stops the run for the stated reason; the first one stays. Returns false, for `return guard_fail(…)`. */
bool guard_fail(struct guard *guard, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a file operation that failed: says what was tried with folder/path, errno's meaning, what can
 * be done about it, and that the old files stay. `path` may be empty. Keeps errno. */
bool guard_fail_file(struct guard *guard, const char *doing, const char *folder, const char *path);

/* Forgets the error, for another try in the time that is left. Only when all threads have ended. */
void guard_forgive(struct guard *guard);

/* Why the run was stopped. Call after all threads have ended. */
const char *guard_reason(const struct guard *guard);

/* Most memory the process ever held (VmHWM of proc(5)), in KB; 0 where it cannot be told. Unlike getrusage's,
 * it does not count what the parent held before exec. */
uint64_t guard_peak_rss_kb(void);

#endif
