#ifndef R3E_COORDINATOR_CTL_SUMMARY_H
#define R3E_COORDINATOR_CTL_SUMMARY_H
/* The `summary` topic of the status socket, as common/PROTOCOL.md describes it, taken apart. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"

#define SUMMARY_STRING_SIZE   48
#define SUMMARY_FAILURES_SIZE 256
#define SUMMARY_REASON_SIZE   256
#define SUMMARY_ERROR_SIZE    1200

/* The refresh under way. */
struct summary_refresh {
    char kind[SUMMARY_STRING_SIZE];    /* "none", "full", "targeted" */
    char started[SUMMARY_STRING_SIZE]; /* of a full one; else "" */
    char next_daily[SUMMARY_STRING_SIZE];
    char trigger_problem[SUMMARY_REASON_SIZE]; /* what was wrong with the last trigger file; "": nothing */
    uint64_t left, targeted_left;
};

/* Percentiles of some time, in milliseconds. */
struct summary_times {
    uint64_t count, p50_ms, p95_ms, p99_ms, max_ms;
};

/* The last export, and the one that runs. */
struct summary_export {
    bool running;
    uint64_t running_ms;
    char last_time[SUMMARY_STRING_SIZE]; /* "": never */
    uint64_t duration_ms, peak_rss_kb, files_written, files_unchanged, files_removed, drivers, entries;
};

/* Boards by what they wait for; each is in exactly one. */
#define SUMMARY_QUEUE(X)                                                                                     \
    X(leased)                                                                                                \
    X(urgent)                                                                                                \
    X(missing)                                                                                               \
    X(stale)                                                                                                 \
    X(retrying)                                                                                              \
    X(quarantined)                                                                                           \
    X(resting)

struct summary_queue {
#define X(name) uint64_t name;
    SUMMARY_QUEUE(X)
#undef X
};

/* Boards by how long ago they were checked. */
#define SUMMARY_AGES(X)                                                                                      \
    X(under_1h)                                                                                              \
    X(under_6h)                                                                                              \
    X(under_24h)                                                                                             \
    X(under_48h)                                                                                             \
    X(under_7d)                                                                                              \
    X(older)                                                                                                 \
    X(never)

struct summary_ages {
#define X(name) uint64_t name;
    SUMMARY_AGES(X)
#undef X
};

/* Unsigned numbers of the message, by their names there. */
#define SUMMARY_NUMBERS(X)                                                                                   \
    X(combinations)                                                                                          \
    X(done)                                                                                                  \
    X(due)                                                                                                   \
    X(leased)                                                                                                \
    X(retrying)                                                                                              \
    X(failed)                                                                                                \
    X(missing)                                                                                               \
    X(quarantined)                                                                                           \
    X(stored)                                                                                                \
    X(unchanged)                                                                                             \
    X(failed_attempts)                                                                                       \
    X(kept_aside)                                                                                            \
    X(requests)                                                                                              \
    X(bytes)                                                                                                 \
    X(entries)                                                                                               \
    X(workers)                                                                                               \
    X(workers_joined)                                                                                        \
    X(workers_lost)                                                                                          \
    X(in_flight)                                                                                             \
    X(exports)                                                                                               \
    X(export_failures)                                                                                       \
    X(generation)                                                                                            \
    X(store_bytes)                                                                                           \
    X(memory_kb)                                                                                             \
    X(tree_memory_kb)                                                                                        \
    X(tree_memory_peak_kb)                                                                                   \
    X(descriptors)                                                                                           \
    X(given_up)                                                                                              \
    X(oldest_s)                                                                                              \
    X(oldest_overdue_s)                                                                                      \
    X(oldest_lease_ms)                                                                                       \
    X(unpublished_ms)                                                                                        \
    X(leases_expired)                                                                                        \
    X(bad_frames)                                                                                            \
    X(bad_requests)                                                                                          \
    X(store_boards)                                                                                          \
    X(store_entries)                                                                                         \
    X(hold_ms)

struct summary {
    char version[SUMMARY_STRING_SIZE];
    char time[SUMMARY_STRING_SIZE];
    char state[SUMMARY_STRING_SIZE];
    char started[SUMMARY_STRING_SIZE];
    char reason[SUMMARY_REASON_SIZE];      /* why it does so, for people; "": an earlier release */
    char hold[SUMMARY_STRING_SIZE];        /* what keeps it from fetching; "": nothing */
    char hold_reason[SUMMARY_REASON_SIZE]; /* … in words */
    struct summary_refresh refresh;
    struct summary_queue queue;
    struct summary_ages ages;
    struct summary_times latency, publication_delay;
    struct summary_export export;
    char failures[SUMMARY_FAILURES_SIZE];  /* "3 timeout, 1 reset"; "" if there are none */
    char answers[SUMMARY_FAILURES_SIZE];   /* by HTTP status: "420 × 200, 3 × 429" */
    char left[SUMMARY_FAILURES_SIZE];      /* why workers left: "12 max_jobs, 1 signal" */
    uint64_t recycled;                     /* how many of them */
    char export_error[SUMMARY_ERROR_SIZE]; /* why the last export failed; "": it did not */
    double requests_per_s;
    double rate_allowed_per_s; /* 0: no limit */
    bool time_left_known;
    uint64_t time_left_s;
#define X(name) uint64_t name;
    SUMMARY_NUMBERS(X)
#undef X
};

/* A number that is missing or of another type becomes 0: the sender may be of another release. False if this
 * is no summary at all: no JSON object, or one without a state. */
bool summary_parse(struct text json, struct summary *summary);

#endif
