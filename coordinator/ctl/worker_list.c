#include "coordinator/ctl/worker_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "coordinator/ctl/told.h"

#define X(name, string) string,
static const char *const sort_strings[] = {WORKER_SORTS(X)};
#undef X

const char *worker_sort_string(enum worker_sort sort)
{
    return sort_strings[sort];
}

static void take_row(const cJSON *object, struct worker_row *row)
{
    const cJSON *board = told_member(object, "board");
    told_copy(object, "name", row->name, sizeof row->name);
    told_copy(object, "host", row->host, sizeof row->host);
    told_copy(object, "version", row->version, sizeof row->version);
    told_copy(object, "state", row->state, sizeof row->state);
    told_copy(object, "last_error", row->last_error, sizeof row->last_error);
    told_copy(board, "track", row->track, sizeof row->track);
    told_copy(board, "class", row->class_name, sizeof row->class_name);
    row->track_id = told_count(board, "track_id");
    row->class_id = told_count(board, "class_id");
    row->attempt = told_count(board, "attempt");
    row->page = told_count(board, "page");
    row->elapsed_ms = told_count(board, "elapsed_ms");
    row->pid = told_count(object, "pid");
    row->jobs = told_count(object, "jobs");
    row->requests = told_count(object, "requests");
    row->bytes = told_count(object, "bytes");
    row->failures = told_count(object, "failures");
    row->rss_kb = told_count(object, "rss_kb");
    row->age_s = told_count(object, "age_s");
    row->silent_ms = told_count(object, "silent_ms");
}

bool worker_list_parse(struct text json, struct worker_list *list)
{
    cJSON *root = told_parse(json);
    const cJSON *workers = told_member(root, "workers"), *worker;
    bool ok = cJSON_IsArray(workers);
    if (ok) {
        if (!list->rows)
            list->rows = memory_zalloc(WORKER_LIST_MAX, sizeof *list->rows);
        list->count = 0;
        list->connected = told_count(root, "count");
        cJSON_ArrayForEach(worker, workers)
        {
            if (list->count == WORKER_LIST_MAX || !cJSON_IsObject(worker))
                break;
            take_row(worker, &list->rows[list->count++]);
        }
    }
    cJSON_Delete(root);
    return ok;
}

void worker_list_free(struct worker_list *list)
{
    free(list->rows);
    *list = (struct worker_list){0};
}

/* ---- sorting ---- */

static int compare(uint64_t left, uint64_t right)
{
    return left < right ? -1 : left > right;
}

/* "w9" before "w10". */
static int by_name(const void *left, const void *right)
{
    const struct worker_row *a = left, *b = right;
    size_t a_length = strlen(a->name), b_length = strlen(b->name);
    return a_length != b_length ? compare(a_length, b_length) : strcmp(a->name, b->name);
}

static int by_jobs(const void *left, const void *right)
{
    const struct worker_row *a = left, *b = right;
    return a->jobs != b->jobs ? compare(b->jobs, a->jobs) : by_name(a, b);
}

static int by_memory(const void *left, const void *right)
{
    const struct worker_row *a = left, *b = right;
    return a->rss_kb != b->rss_kb ? compare(b->rss_kb, a->rss_kb) : by_name(a, b);
}

static int by_elapsed(const void *left, const void *right)
{
    const struct worker_row *a = left, *b = right;
    return a->elapsed_ms != b->elapsed_ms ? compare(b->elapsed_ms, a->elapsed_ms) : by_name(a, b);
}

static int by_failures(const void *left, const void *right)
{
    const struct worker_row *a = left, *b = right;
    return a->failures != b->failures ? compare(b->failures, a->failures) : by_name(a, b);
}

void worker_list_sort(struct worker_list *list, enum worker_sort sort)
{
    static int (*const orders[WORKER_SORT_COUNT])(const void *, const void *) = {
        [WORKER_SORT_NAME] = by_name,
        [WORKER_SORT_JOBS] = by_jobs,
        [WORKER_SORT_MEMORY] = by_memory,
        [WORKER_SORT_ELAPSED] = by_elapsed,
        [WORKER_SORT_FAILURES] = by_failures,
    };
    if (list->count)
        qsort(list->rows, list->count, sizeof *list->rows, orders[sort]);
}
