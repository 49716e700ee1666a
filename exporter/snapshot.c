#include "exporter/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/board_check.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/record.h"
#include "exporter/threads.h"

/* How much of the map may be resident, by our own count. */
#define RESIDENT_BYTES ((size_t)4 * 1024 * 1024)

/* A fault brings in what the page cache has of so many bytes around it (Linux, mm/memory.c,
 * fault_around_bytes), so emptying costs little; and in a store that has changed for a while, where the
 * values of neighbouring boards lie anywhere, it is a hundred times what is read. */
#define AROUND_BYTES ((uintptr_t)64 * 1024)

/* What finding one board's values makes resident besides the beginning of both: their places in two B-trees.
 */
#define FOUND_BYTES ((size_t)16 * 1024)

/* Room for boards: at first, and the most that a store's own count is believed for. A list that grows is
 * moved again and again. */
#define BOARDS_FIRST    1024u
#define BOARDS_EXPECTED 1000000u

static void check(int code, const char *folder, const char *doing)
{
    if (code != MDB_SUCCESS)
        log_fatal("store %s: %s: %s; %s", folder, doing, mdb_strerror(code),
            code == EMFILE || code == ENFILE
                ? "raise the limit of open files"
                : "is it the folder that store.dir names, and has the coordinator run?");
}

static MDB_dbi open_database(struct snapshot *snapshot, const char *folder, const char *name)
{
    MDB_dbi database;
    check(mdb_dbi_open(snapshot->txn, name, 0, &database), folder, name);
    return database;
}

/* The value of a meta record; false if there is none or it is broken. */
static bool read_value(
    const struct snapshot *snapshot, MDB_dbi meta, unsigned schema, const char *name, struct text *out)
{
    MDB_val key = record_value(name, strlen(name)), value;
    return mdb_get(snapshot->txn, meta, &key, &value) == MDB_SUCCESS &&
           record_meta_decode(schema, name, value.mv_data, value.mv_size, out);
}

static unsigned read_schema(const struct snapshot *snapshot, const char *folder, MDB_dbi meta)
{
    MDB_val key = record_value(RECORD_META_SCHEMA, strlen(RECORD_META_SCHEMA)), value;
    unsigned schema = 0;
    if (mdb_get(snapshot->txn, meta, &key, &value) == MDB_SUCCESS)
        schema = record_meta_schema(value.mv_data, value.mv_size);
    if (schema < 1 || schema > RECORD_SCHEMA)
        log_fatal("store %s: not of schema %d; use the exporter of the coordinator's version", folder,
            RECORD_SCHEMA);
    return schema;
}

static void read_meta(struct snapshot *snapshot, const char *folder, MDB_dbi meta, XXH3_state_t *hash)
{
    unsigned schema = read_schema(snapshot, folder, meta);
    struct text value;
    char number[24] = "";
    if (read_value(snapshot, meta, schema, RECORD_META_GENERATION, &value) && value.length < sizeof number)
        memcpy(number, value.data, value.length);
    snapshot->generation = strtoull(number, NULL, 10);
    const char *problem = "there is none, or it is broken";
    if (read_value(snapshot, meta, schema, RECORD_META_CATALOGUE, &value)) {
        XXH3_128bits_update(hash, value.data, value.length);
        snapshot->catalogue_hash = XXH3_64bits(value.data, value.length);
        if (catalogue_decode(value.data, value.length, &snapshot->catalogue, &problem))
            return;
    }
    log_warn("store %s: no usable catalogue (%s); tracks and classes go by their ids", folder, problem);
    catalogue_free(&snapshot->catalogue);
    snapshot->catalogue = catalogue_make();
}

static void make_room(struct snapshot *snapshot, size_t count)
{
    snapshot->board_capacity = (uint32_t)count;
    snapshot->boards = memory_resize(snapshot->boards, count, sizeof *snapshot->boards);
}

static struct snapshot_board *append_board(struct snapshot *snapshot)
{
    if (snapshot->board_count == snapshot->board_capacity)
        make_room(snapshot, snapshot->board_capacity ? (size_t)snapshot->board_capacity * 2 : BOARDS_FIRST);
    return &snapshot->boards[snapshot->board_count++];
}

static const char *name_or_id(struct snapshot *snapshot, const struct catalogue_item *item, uint32_t id)
{
    char digits[12];
    if (item)
        return item->name;
    int length = snprintf(digits, sizeof digits, "%" PRIu32, id);
    const char *copy = arena_copy(&snapshot->arena, digits, length > 0 ? (size_t)length : 0);
    if (!copy)
        log_fatal("out of memory for %u boards; raise the memory limit", snapshot->board_count);
    return copy;
}

static void name_board(struct snapshot *snapshot, struct snapshot_board *board)
{
    const struct catalogue *catalogue = &snapshot->catalogue;
    board->track_name =
        name_or_id(snapshot, catalogue_find_track(catalogue, board->track_id), board->track_id);
    board->class_name =
        name_or_id(snapshot, catalogue_find_class(catalogue, board->class_id), board->class_id);
}

static void hash_content(
    XXH3_state_t *hash, uint32_t track_id, uint32_t class_id, const struct record_board *record)
{
    const uint64_t content[] = {(uint64_t)track_id << 32 | class_id, record->entry_count, record->rows_length,
        record->detail_length, record->rows_checksum, record->detail_checksum,
        (uint64_t)record->changed_at_ms};
    XXH3_128bits_update(hash, content, sizeof content);
}

static void add_board(struct snapshot *snapshot, MDB_val key, MDB_val value, XXH3_state_t *hash)
{
    struct record_board record;
    uint32_t track_id, class_id;
    if (!record_key_read(&key, &track_id, &class_id)) {
        snapshot->broken_count++;
        log_error("store: a board's key has %zu bytes instead of %d; left out", key.mv_size, RECORD_KEY_SIZE);
        return;
    }
    struct record_key place = record_key_make(track_id, class_id);
    bool sound = record_board_decode(&place, value.mv_data, value.mv_size, &record);
    if (sound && !record_board_is_fetched(&record))
        return;
    hash_content(hash, track_id, class_id, &record);
    *append_board(snapshot) = (struct snapshot_board){
        .track_id = track_id,
        .class_id = class_id,
        .broken = !sound,
        .entry_count = record.entry_count,
        .changed_at_ms = record.changed_at_ms,
        .rows_checksum = record.rows_checksum,
        .detail_checksum = record.detail_checksum,
    };
    name_board(snapshot, &snapshot->boards[snapshot->board_count - 1]);
    if (sound)
        return;
    snapshot->broken_count++;
    log_error("store: the record of track %" PRIu32 " class %" PRIu32
              " is broken; left out until it is fetched again",
        track_id, class_id);
}

void snapshot_release(struct snapshot *snapshot)
{
    atomic_store(&snapshot->touched, 0);
    for (uint32_t i = 0; i < SNAPSHOT_WINDOWS; i++)
        atomic_store_explicit(&snapshot->windows[i], 0, memory_order_relaxed);
    lmdb_map_release(&snapshot->map);
}

static void touched_bytes(struct snapshot *snapshot, size_t bytes)
{
    size_t touched = atomic_fetch_add(&snapshot->touched, bytes) + bytes;
    if (touched >= RESIDENT_BYTES && atomic_compare_exchange_strong(&snapshot->touched, &touched, 0))
        snapshot_release(snapshot);
}

/* A window that is counted twice, or missed because another thread empties the map just now, does little
 * harm. */
void snapshot_touched_value(struct snapshot *snapshot, struct text value)
{
    if (!value.length)
        return;
    uintptr_t first = (uintptr_t)value.data / AROUND_BYTES;
    uintptr_t last = ((uintptr_t)value.data + value.length - 1) / AROUND_BYTES;
    for (uintptr_t window = first; window <= last; window++) {
        uintptr_t before = atomic_exchange_explicit(
            &snapshot->windows[window % SNAPSHOT_WINDOWS], window, memory_order_relaxed);
        if (before != window)
            touched_bytes(snapshot, AROUND_BYTES);
    }
}

static void list_boards(struct snapshot *snapshot, const char *folder, XXH3_state_t *hash)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_dbi boards = open_database(snapshot, folder, RECORD_DB_BOARDS);
    MDB_stat stat;
    check(mdb_stat(snapshot->txn, boards, &stat), folder, "counting the boards");
    if (stat.ms_entries > 0 && stat.ms_entries <= BOARDS_EXPECTED)
        make_room(snapshot, stat.ms_entries);
    check(mdb_cursor_open(snapshot->txn, boards, &cursor), folder, "walking the boards");
    int code;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
        add_board(snapshot, key, value, hash);
        snapshot_touched_value(snapshot, (struct text){value.mv_data, (uint32_t)value.mv_size});
    }
    if (code != MDB_NOTFOUND)
        check(code, folder, "walking the boards");
    mdb_cursor_close(cursor);
}

void snapshot_open(struct snapshot *snapshot, const char *folder)
{
    *snapshot = (struct snapshot){.catalogue = catalogue_make(), .arena = arena_make(SIZE_MAX)};
    check(mdb_env_create(&snapshot->env), folder, "creating the environment");
    check(mdb_env_set_maxdbs(snapshot->env, RECORD_DB_COUNT), folder, "setting the number of databases");
    check(mdb_env_open(snapshot->env, folder, MDB_RDONLY | MDB_NOTLS, 0600), folder, "opening it");
    snapshot->map = lmdb_map_find(snapshot->env);
    check(mdb_txn_begin(snapshot->env, NULL, MDB_RDONLY, &snapshot->txn), folder, "taking a snapshot");
    snapshot->rows_database = open_database(snapshot, folder, RECORD_DB_ROWS);
    snapshot->details_database = open_database(snapshot, folder, RECORD_DB_DETAILS);
    XXH3_state_t *hash = XXH3_createState(); /* its own allocation: the state wants an alignment of 64 */
    if (!hash)
        log_fatal("out of memory");
    XXH3_128bits_reset(hash);
    read_meta(snapshot, folder, open_database(snapshot, folder, RECORD_DB_META), hash);
    list_boards(snapshot, folder, hash);
    XXH128_canonical_t content;
    XXH128_canonicalFromHash(&content, XXH3_128bits_digest(hash));
    _Static_assert(sizeof content == SNAPSHOT_CONTENT_SIZE, "the whole hash");
    memcpy(snapshot->content, &content, sizeof content);
    XXH3_freeState(hash);
}

void snapshot_close(struct snapshot *snapshot)
{
    mdb_txn_abort(snapshot->txn);
    mdb_env_close(snapshot->env);
    free(snapshot->boards);
    arena_free(&snapshot->arena);
    catalogue_free(&snapshot->catalogue);
}

/* ---- verification ---- */

/* The value of `key`, or empty. Both databases are walked in the same order, so the cursor is mostly
 * there. */
static struct text value_of(MDB_cursor *cursor, MDB_val key)
{
    MDB_val value;
    if (mdb_cursor_get(cursor, &key, &value, MDB_SET) != MDB_SUCCESS || value.mv_size > UINT32_MAX)
        return (struct text){NULL, 0};
    return (struct text){value.mv_data, (uint32_t)value.mv_size};
}

/* A small value lies in the B-tree itself. */
static void touched_beginning(struct snapshot *snapshot, struct text value)
{
    snapshot_touched_value(snapshot, (struct text){value.data, value.length != 0});
}

static void find_values(struct snapshot *snapshot, struct guard *guard)
{
    MDB_cursor *rows, *details;
    if (mdb_cursor_open(snapshot->txn, snapshot->rows_database, &rows) != MDB_SUCCESS ||
        mdb_cursor_open(snapshot->txn, snapshot->details_database, &details) != MDB_SUCCESS)
        log_fatal("out of memory for a cursor");
    for (uint32_t i = 0; i < snapshot->board_count && guard_ok(guard); i++) {
        struct snapshot_board *board = &snapshot->boards[i];
        struct record_key key = record_key_make(board->track_id, board->class_id);
        MDB_val place = {.mv_data = key.bytes, .mv_size = sizeof key.bytes};
        if (board->broken || board->unwanted)
            continue;
        board->rows = value_of(rows, place);
        board->detail = value_of(details, place);
        touched_bytes(snapshot, FOUND_BYTES);
        touched_beginning(snapshot, board->rows);
        touched_beginning(snapshot, board->detail);
    }
    touched_bytes(snapshot, RESIDENT_BYTES);
    mdb_cursor_close(rows);
    mdb_cursor_close(details);
}

struct verification {
    struct snapshot *snapshot;
    struct guard *guard;
    _Atomic uint32_t next;
    _Atomic uint32_t broken_count;
};

static const char *problem_of(const struct snapshot_board *board)
{
    struct board_claims claims = {board->entry_count, board->rows_checksum, board->detail_checksum};
    return board_check(&claims, board->rows, board->detail);
}

static void *verify_some(void *context)
{
    struct verification *work = context;
    struct snapshot *snapshot = work->snapshot;
    uint32_t at;
    while ((at = atomic_fetch_add(&work->next, 1)) < snapshot->board_count && guard_ok(work->guard)) {
        struct snapshot_board *board = &snapshot->boards[at];
        if (board->unwanted)
            continue;
        const char *problem = board->broken ? NULL : problem_of(board);
        snapshot_touched_value(snapshot, board->rows);
        snapshot_touched_value(snapshot, board->detail);
        if (!problem)
            continue;
        board->broken = true;
        atomic_fetch_add(&work->broken_count, 1);
        log_error("store: track %" PRIu32 " class %" PRIu32 ": %s; left out until it is fetched again",
            board->track_id, board->class_id, problem);
    }
    return NULL;
}

void snapshot_verify(struct snapshot *snapshot, unsigned threads, struct guard *guard)
{
    struct verification work = {.snapshot = snapshot, .guard = guard};
    find_values(snapshot, guard);
    struct threads team = threads_start(threads, verify_some, &work);
    threads_join(&team);
    snapshot->broken_count += atomic_load(&work.broken_count);
}
