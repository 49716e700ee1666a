#include "coordinator/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/lmdb_map.h"
#include "common/log.h"
#include "common/memory.h"
#include "coordinator/store_files.h"
#include "coordinator/store_schema.h"
#include "coordinator/store_writer.h"

#define SCRATCH_MAX ((size_t)4 * 1024 * 1024) /* a record or a meta value */

struct pending {
    struct record_key key;
    struct record_board record;
    uint64_t generation; /* of the batch that carries it */
    UT_hash_handle hh;
};

struct store {
    char folder[PATH_MAX];
    int lock_fd;
    MDB_env *env;
    struct lmdb_map map;
    struct store_writer *writer;
    struct pending *pending; /* uthash table of board records put and not known to be on disk; owned */
    MDB_txn *read;           /* reset between uses */
    MDB_dbi boards, rows, details, meta;
    uint32_t epoch;
    struct buffer scratch;
    bool failed; /* a read went wrong */
    char problem[STORE_PROBLEM_SIZE];
};

static void forget_up_to(struct store *store, uint64_t generation);

static void check(const struct store *store, int code, const char *doing)
{
    store_check(store->folder, code, doing);
}

/* True if a read went well; after one that did not nothing is written any more. */
static bool ok(struct store *store, int code, const char *doing)
{
    if (code == MDB_SUCCESS)
        return true;
    if (!store->failed)
        store_describe(store->folder, code, doing, store->problem);
    store->failed = true;
    return false;
}

/* ---- opening ---- */

static void open_environment(struct store *store, size_t map_size_mb)
{
    check(store, mdb_env_create(&store->env), "creating the environment");
    check(store, mdb_env_set_maxdbs(store->env, RECORD_DB_COUNT), "setting the number of databases");
    check(store, mdb_env_set_mapsize(store->env, map_size_mb * 1024 * 1024), "setting the map size");
    check(store, mdb_env_open(store->env, store->folder, MDB_NOTLS | MDB_NORDAHEAD, 0600), "opening");
    store->map = lmdb_map_find(store->env);
}

static void open_databases(struct store *store)
{
    const struct {
        const char *name;
        MDB_dbi *dbi;
    } databases[] = {{RECORD_DB_BOARDS, &store->boards}, {RECORD_DB_ROWS, &store->rows},
        {RECORD_DB_DETAILS, &store->details}, {RECORD_DB_META, &store->meta}};
    MDB_txn *txn;
    check(store, mdb_txn_begin(store->env, NULL, 0, &txn), "opening the databases");
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++)
        check(
            store, mdb_dbi_open(txn, databases[i].name, MDB_CREATE, databases[i].dbi), "opening a database");
    check(store, mdb_txn_commit(txn), "opening the databases");
}

/* ---- numbers that must not be lost ---- */

static bool get_number(struct store *store, const char *name, uint64_t *number)
{
    struct buffer text = buffer_make(32);
    bool found = store_get_meta(store, name, &text) == STORE_META_FOUND;
    *number = found ? strtoull(buffer_string(&text), NULL, 10) : 0;
    buffer_free(&text);
    return found;
}

static void put_number(struct store *store, const char *name, uint64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    store_put_meta(store, name, text, (size_t)length);
}

struct highest {
    uint64_t epoch, generation;
};

static void note_highest(
    void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct highest *highest = context;
    (void)track_id;
    (void)class_id;
    if (record->lease >> 32 > highest->epoch)
        highest->epoch = record->lease >> 32;
    if (record->generation > highest->generation)
        highest->generation = record->generation;
}

/* Leases and generations grow for ever; where the meta records are broken, the boards say how far they are.
 */
static void read_state(struct store *store)
{
    struct highest highest = {0};
    uint64_t epoch, generation;
    bool known = get_number(store, RECORD_META_EPOCH, &epoch);
    if (!get_number(store, RECORD_META_GENERATION, &generation) || !known)
        store_each_board(store, note_highest, &highest);
    if (!known)
        epoch = highest.epoch;
    if (generation < highest.generation)
        generation = highest.generation;
    store->writer = store_writer_open(store->env, store->folder, &store->map, generation);
    store->epoch = (uint32_t)epoch + 1;
    FAULT_TRACE("store_open", "generation=%" PRIu64 " epoch=%u", store_writer_committed(store->writer),
        (unsigned)store->epoch);
    put_number(store, RECORD_META_EPOCH, store->epoch);
    char problem[STORE_PROBLEM_SIZE];
    if (!store_commit(store)) {
        store_health(store, problem);
        log_fatal("%s, then start again", problem);
    }
}

struct store *store_open(const char *folder, size_t map_size_mb)
{
    struct store *store = memory_zalloc(1, sizeof *store);
    int length = snprintf(store->folder, sizeof store->folder, "%s", folder);
    if (length < 0 || (size_t)length >= sizeof store->folder)
        log_fatal("store.dir: the path is too long");
    store->scratch = buffer_make(SCRATCH_MAX);
    store->lock_fd = store_files_lock(folder);
    store_files_mend(folder, map_size_mb);
    store_files_reserve(folder);
    open_environment(store, map_size_mb);
    open_databases(store);
    store_check_readers(store);
    FAULT_POINT(START_STORE_OPEN);
    store_schema_settle(store->env, store->meta, store->folder);
    read_state(store);
    FAULT_POINT(START_EPOCH_KEPT);
    return store;
}

void store_close(struct store **pointer)
{
    struct store *store = *pointer;
    if (!store)
        return;
    store_commit(store);
    forget_up_to(store, UINT64_MAX); /* what could not be written too */
    store_writer_close(&store->writer);
    if (store->read)
        mdb_txn_abort(store->read);
    mdb_env_close(store->env);
    close(store->lock_fd);
    buffer_free(&store->scratch);
    free(store);
    *pointer = NULL;
}

uint32_t store_epoch(const struct store *store)
{
    return store->epoch;
}

uint64_t store_next_generation(const struct store *store)
{
    return store_writer_generation(store->writer);
}

/* ---- transactions ---- */

/* NULL: the store has failed. */
static MDB_txn *reading(struct store *store)
{
    if (store->failed)
        return NULL;
    int code =
        store->read ? mdb_txn_renew(store->read) : mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->read);
    return ok(store, code, "beginning a snapshot") ? store->read : NULL;
}

static void done_reading(MDB_txn *txn)
{
    mdb_txn_reset(txn);
}

/* Uthash's links are beyond the analyser. NOLINTBEGIN(clang-analyzer-*) */
static struct pending *find_pending(const struct store *store, const struct record_key *key)
{
    struct pending *found = NULL;
    HASH_FIND(hh, store->pending, key, sizeof *key, found);
    return found;
}

static void remember_pending(
    struct store *store, const struct record_key *key, const struct record_board *record)
{
    struct pending *pending = find_pending(store, key);
    if (!pending) {
        pending = memory_zalloc(1, sizeof *pending);
        pending->key = *key;
        HASH_ADD(hh, store->pending, key, sizeof pending->key, pending);
    }
    pending->record = *record;
    pending->generation = store_writer_generation(store->writer);
}

static void forget_up_to(struct store *store, uint64_t generation)
{
    struct pending *next;
    for (struct pending *pending = store->pending; pending; pending = next) {
        next = pending->hh.next;
        if (pending->generation <= generation) {
            HASH_DEL(store->pending, pending);
            free(pending);
        }
    }
}
/* NOLINTEND(clang-analyzer-*) */

enum store_health store_health(struct store *store, char problem[static STORE_PROBLEM_SIZE])
{
    enum store_health health = store_writer_health(store->writer, problem);
    if (!store->failed)
        return health;
    memcpy(problem, store->problem, STORE_PROBLEM_SIZE);
    return STORE_FAILED;
}

size_t store_open_bytes(const struct store *store)
{
    return store_writer_open_bytes(store->writer);
}

bool store_has_room(const struct store *store)
{
    return store_writer_has_room(store->writer);
}

uint64_t store_submit(struct store *store)
{
    char problem[STORE_PROBLEM_SIZE];
    uint64_t generation = store_writer_generation(store->writer);
    if (store_health(store, problem) != STORE_WELL)
        return STORE_NOT_TAKEN;
    if (!store_writer_dirty(store->writer))
        return generation - 1;
    put_number(store, RECORD_META_GENERATION, generation);
    return store_writer_submit(store->writer) ? generation : STORE_NOT_TAKEN;
}

uint64_t store_committed(struct store *store)
{
    uint64_t committed = store_writer_committed(store->writer);
    forget_up_to(store, committed);
    return committed;
}

int store_event_fd(const struct store *store)
{
    return store_writer_event_fd(store->writer);
}

bool store_commit(struct store *store)
{
    return store_submit(store) != STORE_NOT_TAKEN && store_writer_wait(store->writer);
}

/* ---- records ---- */

static MDB_val key_value(const struct record_key *key)
{
    return record_value(key->bytes, RECORD_KEY_SIZE);
}

bool store_get_board(struct store *store, uint32_t track_id, uint32_t class_id, struct record_board *record)
{
    struct record_key key = record_key_make(track_id, class_id);
    const struct pending *pending = find_pending(store, &key);
    if (pending) {
        *record = pending->record;
        return true;
    }
    MDB_val key_val = key_value(&key), value;
    MDB_txn *txn = reading(store);
    if (!txn)
        return false;
    int code = mdb_get(txn, store->boards, &key_val, &value);
    bool found = code == MDB_SUCCESS && record_board_decode(&key, value.mv_data, value.mv_size, record);
    if (code == MDB_SUCCESS && !found)
        log_warn("store: the record of %u-%u is broken and will be fetched again", track_id, class_id);
    else if (code != MDB_NOTFOUND)
        ok(store, code, "reading a board");
    done_reading(txn);
    return found;
}

void store_put_record(
    struct store *store, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    struct record_key key = record_key_make(track_id, class_id);
    buffer_clear(&store->scratch);
    record_board_encode(&key, record, &store->scratch);
    store_writer_put(store->writer, store->boards, key_value(&key),
        record_value(store->scratch.data, store->scratch.length));
    remember_pending(store, &key, record);
}

void store_put_board(struct store *store, uint32_t track_id, uint32_t class_id, struct record_board *record,
    struct text rows, struct text detail)
{
    struct record_key key = record_key_make(track_id, class_id);
    record->rows_length = rows.length;
    record->rows_checksum = rows.length ? record_checksum(rows.data, rows.length) : 0;
    record->detail_length = detail.length;
    record->detail_checksum = record_checksum(detail.data, detail.length);
    store_put_record(store, track_id, class_id, record);
    if (rows.length)
        store_writer_put(store->writer, store->rows, key_value(&key), record_value(rows.data, rows.length));
    else
        store_writer_delete(store->writer, store->rows, key_value(&key));
    store_writer_put(
        store->writer, store->details, key_value(&key), record_value(detail.data, detail.length));
}

void store_each_board(struct store *store, store_visitor visit, void *context)
{
    MDB_txn *txn = reading(store);
    MDB_cursor *cursor;
    MDB_val key, value;
    unsigned broken = 0;
    int code;
    if (!txn || !ok(store, mdb_cursor_open(txn, store->boards, &cursor), "reading all boards"))
        return;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
        uint32_t track_id, class_id;
        struct record_board record;
        bool sound = record_key_read(&key, &track_id, &class_id);
        struct record_key place = record_key_make(sound ? track_id : 0, sound ? class_id : 0);
        if (sound && record_board_decode(&place, value.mv_data, value.mv_size, &record))
            visit(context, track_id, class_id, &record);
        else
            broken++;
    }
    mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND)
        ok(store, code, "reading all boards");
    done_reading(txn);
    if (broken)
        log_warn("store: %u broken board records; those boards will be fetched again", broken);
}

enum store_meta store_get_meta(struct store *store, const char *name, struct buffer *out)
{
    MDB_val key = record_value(name, strlen(name)), value;
    MDB_txn *txn = reading(store);
    if (!txn)
        return STORE_META_ABSENT;
    int code = mdb_get(txn, store->meta, &key, &value);
    if (code != MDB_NOTFOUND)
        ok(store, code, "reading meta data");
    struct text sound;
    enum store_meta found = code == MDB_SUCCESS ? STORE_META_BROKEN : STORE_META_ABSENT;
    if (found && record_meta_decode(RECORD_SCHEMA, name, value.mv_data, value.mv_size, &sound)) {
        buffer_append(out, sound.data, sound.length);
        found = STORE_META_FOUND;
    }
    if (found == STORE_META_BROKEN)
        log_warn("store: the meta record `%s` is broken and is ignored", name);
    done_reading(txn);
    return found;
}

void store_put_meta(struct store *store, const char *name, const void *bytes, size_t length)
{
    buffer_clear(&store->scratch);
    record_meta_encode(name, bytes, length, &store->scratch);
    if (store->scratch.overflowed)
        log_bug("store: a meta record `%s` of %zu bytes", name, length);
    store_writer_put(store->writer, store->meta, record_value(name, strlen(name)),
        record_value(store->scratch.data, store->scratch.length));
}

/* ---- upkeep ---- */

int store_check_readers(struct store *store)
{
    int dead = 0;
    ok(store, mdb_reader_check(store->env, &dead), "checking the reader table");
    if (dead)
        log_info("store: cleared %d reader slots of dead processes", dead);
    return dead;
}

struct store_usage store_usage(const struct store *store)
{
    struct store_usage usage = {0};
    store_writer_times(store->writer, &usage.commits, &usage.commit_us_total, &usage.commit_us_max);
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(store->env, &info) == MDB_SUCCESS && mdb_env_stat(store->env, &stat) == MDB_SUCCESS) {
        usage.used_bytes = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
        usage.map_bytes = info.me_mapsize;
    }
    return usage;
}
