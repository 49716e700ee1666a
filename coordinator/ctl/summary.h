#ifndef R3E_COORDINATOR_CTL_SUMMARY_H
#define R3E_COORDINATOR_CTL_SUMMARY_H
/* The `summary` topic of the status socket, as common/PROTOCOL.md describes it, taken apart. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"

#define SUMMARY_STRING_SIZE   48
#define SUMMARY_FAILURES_SIZE 256
#define SUMMARY_REASON_SIZE   200
#define SUMMARY_ERROR_SIZE    1200

/* The refresh under way. */
struct summary_refresh {
    char kind[SUMMARY_STRING_SIZE];    /* "none", "full", "targeted" */
    char started[SUMMARY_STRING_SIZE]; /* of a full one; else "" */
    char next_daily[SUMMARY_STRING_SIZE];
    char trigger_problem[SUMMARY_REASON_SIZE]; /* what was wrong with the last trigger file; "": nothing */
    uint64_t left, targeted_left;
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
    X(hold_ms)

struct summary {
    char version[SUMMARY_STRING_SIZE];
    char time[SUMMARY_STRING_SIZE];
    char state[SUMMARY_STRING_SIZE];
    char hold[SUMMARY_STRING_SIZE];        /* what keeps it from fetching; "": nothing */
    char hold_reason[SUMMARY_REASON_SIZE]; /* … in words */
    struct summary_refresh refresh;
    char failures[SUMMARY_FAILURES_SIZE];  /* "3 timeout, 1 reset"; "" if there are none */
    char export_error[SUMMARY_ERROR_SIZE]; /* why the last export failed; "": it did not */
    double requests_per_s;
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
