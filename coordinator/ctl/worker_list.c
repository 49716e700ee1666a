#include "coordinator/ctl/worker_list.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define X(name, string) string,
static const char *const sort_strings[] = {WORKER_SORTS(X)};
#undef X

const char *worker_sort_string(enum worker_sort sort)
{
    return sort_strings[sort];
}

/* What is longer is cut. */
static void take_string(const cJSON *object, const char *name, char *out, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    size_t length = value ? strnlen(value, size - 1) : 0;
    if (length)
        memcpy(out, value, length);
    out[length] = '\0';
}

/* 0 for what is no count. */
static uint64_t number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    bool fits = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 0x1p53;
    return fits ? (uint64_t)value->valuedouble : 0;
}

static void take_row(const cJSON *object, struct worker_row *row)
{
    const cJSON *board = cJSON_GetObjectItemCaseSensitive(object, "board");
    take_string(object, "name", row->name, sizeof row->name);
    take_string(object, "host", row->host, sizeof row->host);
    take_string(object, "version", row->version, sizeof row->version);
    take_string(object, "state", row->state, sizeof row->state);
    take_string(object, "last_error", row->last_error, sizeof row->last_error);
    take_string(board, "track", row->track, sizeof row->track);
    take_string(board, "class", row->class_name, sizeof row->class_name);
    row->track_id = number(board, "track_id");
    row->class_id = number(board, "class_id");
    row->attempt = number(board, "attempt");
    row->page = number(board, "page");
    row->elapsed_ms = number(board, "elapsed_ms");
    row->pid = number(object, "pid");
    row->jobs = number(object, "jobs");
    row->requests = number(object, "requests");
    row->bytes = number(object, "bytes");
    row->failures = number(object, "failures");
    row->rss_kb = number(object, "rss_kb");
    row->age_s = number(object, "age_s");
    row->silent_ms = number(object, "silent_ms");
}

bool worker_list_parse(struct text json, struct worker_list *list)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    const cJSON *workers = cJSON_GetObjectItemCaseSensitive(root, "workers"), *worker;
    bool ok = cJSON_IsArray(workers);
    if (ok) {
        if (!list->rows)
            list->rows = memory_zalloc(WORKER_LIST_MAX, sizeof *list->rows);
        list->count = 0;
        list->connected = number(root, "count");
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
