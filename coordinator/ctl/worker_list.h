#ifndef R3E_COORDINATOR_CTL_WORKER_LIST_H
#define R3E_COORDINATOR_CTL_WORKER_LIST_H
/* The `worker` topic of the status socket, as common/PROTOCOL.md describes it, taken apart and sorted. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"

#define WORKER_LIST_MAX   500
#define WORKER_NAME_SIZE  256
#define WORKER_SHORT_SIZE 32
#define WORKER_ERROR_SIZE 160

struct worker_row {
    char name[WORKER_SHORT_SIZE], version[WORKER_SHORT_SIZE], state[WORKER_SHORT_SIZE];
    char host[WORKER_NAME_SIZE];
    char track[WORKER_NAME_SIZE], class_name[WORKER_NAME_SIZE]; /* of the board it fetches; "": none */
    char last_error[WORKER_ERROR_SIZE];
    uint64_t track_id, class_id, attempt, page, elapsed_ms;
    uint64_t pid, jobs, requests, bytes, failures, rss_kb, age_s, silent_ms;
};

/* X(name, what people call it) */
#define WORKER_SORTS(X)                                                                                      \
    X(WORKER_SORT_NAME, "name")                                                                              \
    X(WORKER_SORT_JOBS, "jobs")                                                                              \
    X(WORKER_SORT_MEMORY, "memory")                                                                          \
    X(WORKER_SORT_ELAPSED, "time on its board")                                                              \
    X(WORKER_SORT_FAILURES, "failures")

#define X(name, string) name,
enum worker_sort { WORKER_SORTS(X) WORKER_SORT_COUNT };
#undef X

struct worker_list {
    struct worker_row *rows; /* owned */
    unsigned count;
    uint64_t connected; /* more than `count` if not all were named */
};

/* Replaces the list. False if this is no such message: the list stays as it was. Release with
 * worker_list_free; begin with a zeroed struct. */
bool worker_list_parse(struct text json, struct worker_list *list);
void worker_list_free(struct worker_list *list);

/* Greatest first, but for names, which go by their number. */
void worker_list_sort(struct worker_list *list, enum worker_sort sort);

const char *worker_sort_string(enum worker_sort sort);

#endif
