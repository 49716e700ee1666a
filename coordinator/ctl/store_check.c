#include "coordinator/ctl/store_check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "common/board_check.h"
#include "common/clock.h"
#include "common/lmdb_walk.h"
#include "common/memory.h"
#include "common/record.h"

#define VALUE_MAX      ((size_t)256 * 1024 * 1024)
#define TRIES          50 /* a writer may change both meta pages while we look */
#define TRY_AGAIN_MS   10
#define PROGRESS_EVERY 100u

/* A value in one of the three databases of boards. */
struct item {
    struct record_key key;
    struct lmdb_place place;
};

struct items {
    struct item *list; /* by key, as the tree has them */
    uint32_t count, capacity;
};

enum database { BOARDS, ROWS, DETAILS, DATABASES };
static const char *const names[] = {RECORD_DB_BOARDS, RECORD_DB_ROWS, RECORD_DB_DETAILS};

struct run {
    const struct store_check_events *events;
    struct store_check *check;
    struct lmdb_file file;
    MDB_env *env;
    MDB_txn *txn;
    struct items items[DATABASES];
    struct buffer record, rows, detail;
};

static void report(struct run *run, uint32_t track_id, uint32_t class_id, const char *text)
{
    run->events->problem(run->events->context, track_id, class_id, text);
}

/* ---- the snapshot ---- */

static bool hold_snapshot(struct run *run, const char *folder, char *error)
{
    int code = mdb_env_create(&run->env);
    if (code == MDB_SUCCESS)
        code = mdb_env_set_maxdbs(run->env, RECORD_DB_COUNT);
    if (code == MDB_SUCCESS)
        code = mdb_env_open(run->env, folder, MDB_RDONLY | MDB_NOTLS, 0600);
    if (code == MDB_SUCCESS)
        code = mdb_txn_begin(run->env, NULL, MDB_RDONLY, &run->txn);
    if (code != MDB_SUCCESS)
        snprintf(
            error, STORE_CHECK_ERROR_SIZE, "store %.250s: taking a snapshot: %s", folder, mdb_strerror(code));
    return code == MDB_SUCCESS;
}

/* Opens the file with sound meta pages. What a writer leaves for a moment is given time to become sound. */
static bool open_file(struct run *run, const char *path, char *error)
{
    char reason[LMDB_ERROR_SIZE];
    const char *problem = NULL;
    for (int i = 0; i < TRIES; i++) {
        if (!lmdb_file_open(&run->file, path, reason)) {
            snprintf(error, STORE_CHECK_ERROR_SIZE, "store: %.400s; is it the folder that store.dir names?",
                reason);
            return false;
        }
        problem = lmdb_file_problem(&run->file);
        if (!problem)
            return true;
        lmdb_file_close(&run->file);
        clock_sleep_ms(TRY_AGAIN_MS);
    }
    snprintf(error, STORE_CHECK_ERROR_SIZE,
        "store: %.250s: %s; the coordinator saves what is left when it is started", path, problem);
    return false;
}

/* The meta page of the snapshot held; NULL: both were overwritten meanwhile. */
static const struct lmdb_meta *find_meta(const struct run *run)
{
    for (unsigned i = 0; i < run->file.meta_count; i++)
        if (run->file.metas[i].transaction == mdb_txn_id(run->txn))
            return &run->file.metas[i];
    return NULL;
}

static const struct lmdb_meta *take_snapshot(struct run *run, const char *folder, char *error)
{
    char path[PATH_MAX];
    const struct lmdb_meta *meta = NULL;
    int length = snprintf(path, sizeof path, "%s/data.mdb", folder);
    if (length < 0 || (size_t)length >= sizeof path || !open_file(run, path, error) ||
        !hold_snapshot(run, folder, error))
        return NULL;
    for (int i = 0; i < TRIES && !meta; i++) {
        mdb_txn_reset(run->txn);
        lmdb_file_close(&run->file);
        if (mdb_txn_renew(run->txn) != MDB_SUCCESS || !open_file(run, path, error))
            return NULL;
        meta = find_meta(run);
    }
    if (!meta)
        snprintf(error, STORE_CHECK_ERROR_SIZE,
            "store %.250s: it is written to faster than it can be looked at", folder);
    return meta;
}

/* ---- meta records ---- */

static bool read_value(struct run *run, struct lmdb_place place, struct buffer *out)
{
    buffer_clear(out);
    return lmdb_file_read(&run->file, place, out);
}

static void check_meta(struct run *run, const struct lmdb_entry *entry)
{
    char name[64], text[128];
    struct text value;
    int length = snprintf(name, sizeof name, "%.*s", (int)entry->key_length, (const char *)entry->key);
    bool sound = length > 0 && (size_t)length < sizeof name && read_value(run, entry->value, &run->rows);
    unsigned schema = sound && strcmp(name, RECORD_META_SCHEMA) == 0
                          ? record_meta_schema(run->rows.data, run->rows.length)
                          : 0;
    if (schema)
        run->check->schema = schema;
    else if (sound && record_meta_decode(RECORD_SCHEMA, name, run->rows.data, run->rows.length, &value)) {
        if (strcmp(name, RECORD_META_ID) == 0 && value.length < sizeof run->check->id)
            memcpy(run->check->id, value.data, value.length);
        if (strcmp(name, RECORD_META_GENERATION) == 0 && value.length < sizeof text) {
            memcpy(text, value.data, value.length);
            text[value.length] = 0;
            run->check->generation = strtoull(text, NULL, 10);
        }
    } else {
        snprintf(text, sizeof text, "the meta record `%s` is broken or of schema 1", name);
        run->check->broken_metas++;
        report(run, 0, 0, text);
    }
}

/* ---- boards ---- */

static void on_entry(void *context, const struct lmdb_entry *entry)
{
    struct run *run = context;
    if (strcmp(entry->database, RECORD_DB_META) == 0) {
        check_meta(run, entry);
        return;
    }
    for (unsigned i = 0; i < DATABASES; i++) {
        struct items *items = &run->items[i];
        if (strcmp(entry->database, names[i]) != 0)
            continue;
        if (entry->key_length != RECORD_KEY_SIZE) {
            run->check->broken_boards++;
            report(run, 0, 0, "a board's key has a wrong length");
            return;
        }
        if (items->count == items->capacity) {
            items->capacity = items->capacity ? items->capacity * 2 : 1024;
            items->list = memory_resize(items->list, items->capacity, sizeof *items->list);
        }
        struct item *item = &items->list[items->count++];
        memcpy(item->key.bytes, entry->key, RECORD_KEY_SIZE);
        item->place = entry->value;
    }
}

static void on_problem(void *context, const char *text)
{
    report(context, 0, 0, text);
}

static int compare_key(const void *key, const void *item)
{
    return memcmp(key, ((const struct item *)item)->key.bytes, RECORD_KEY_SIZE);
}

/* Reads what a database has under a key; nothing, if it has nothing or cannot be read. */
static struct text find_value(
    struct run *run, enum database database, const struct record_key *key, struct buffer *out)
{
    const struct items *items = &run->items[database];
    buffer_clear(out);
    const struct item *item =
        items->count ? bsearch(key->bytes, items->list, items->count, sizeof *items->list, compare_key)
                     : NULL;
    if (!item || !read_value(run, item->place, out))
        return (struct text){0};
    return (struct text){(const char *)out->data, (uint32_t)out->length};
}

static const char *check_board(struct run *run, const struct item *item)
{
    struct record_board record;
    if (!read_value(run, item->place, &run->record) ||
        !record_board_decode(&item->key, run->record.data, run->record.length, &record))
        return "its record is broken";
    if (!record_board_is_fetched(&record))
        return NULL;
    run->check->boards++;
    run->check->entries += record.entry_count;
    struct text rows = find_value(run, ROWS, &item->key, &run->rows);
    struct text detail = find_value(run, DETAILS, &item->key, &run->detail);
    struct board_claims claims = {record.entry_count, record.rows_checksum, record.detail_checksum};
    if (rows.length != record.rows_length || detail.length != record.detail_length)
        return "its rows or its detail have another length than its record says";
    const char *problem = board_check(&claims, rows, detail);
    return problem ? problem : board_check_detail(detail);
}

static void check_boards(struct run *run)
{
    const struct items *boards = &run->items[BOARDS];
    for (uint32_t i = 0; i < boards->count; i++) {
        const struct item *item = &boards->list[i];
        uint32_t track_id = 0, class_id = 0;
        MDB_val key = record_value(item->key.bytes, RECORD_KEY_SIZE);
        const char *problem = check_board(run, item);
        record_key_read(&key, &track_id, &class_id);
        run->check->broken_boards += problem != NULL;
        if (problem)
            report(run, track_id, class_id, problem);
        if (i % PROGRESS_EVERY == 0 || i + 1 == boards->count)
            run->events->progress(run->events->context, i + 1, boards->count);
    }
}

static void close_run(struct run *run)
{
    if (run->txn)
        mdb_txn_abort(run->txn);
    if (run->env)
        mdb_env_close(run->env);
    lmdb_file_close(&run->file);
    for (unsigned i = 0; i < DATABASES; i++)
        free(run->items[i].list);
    buffer_free(&run->record);
    buffer_free(&run->rows);
    buffer_free(&run->detail);
}

bool store_check_run(const char *folder, const struct store_check_events *events, struct store_check *check,
    char error[static STORE_CHECK_ERROR_SIZE])
{
    struct run run = {.events = events,
        .check = check,
        .file = {.fd = -1},
        .record = buffer_make(VALUE_MAX),
        .rows = buffer_make(VALUE_MAX),
        .detail = buffer_make(VALUE_MAX)};
    *check = (struct store_check){0};
    snprintf(error, STORE_CHECK_ERROR_SIZE, "store %.250s: cannot be read", folder);
    const struct lmdb_meta *meta = take_snapshot(&run, folder, error);
    if (meta) {
        struct lmdb_walk_events walking = {on_entry, on_problem, &run};
        check->transaction = meta->transaction;
        check->page_size = run.file.page_size;
        check->pages = run.file.pages;
        check->structure_problems = lmdb_walk(&run.file, meta, &walking);
        check_boards(&run);
    }
    close_run(&run);
    return meta != NULL;
}
