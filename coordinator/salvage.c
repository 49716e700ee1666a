#include "coordinator/salvage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "coordinator/salvage_scan.h"
#include "coordinator/store_writer.h"

#define VALUE_MAX        ((size_t)256 * 1024 * 1024)
#define BOARDS_IN_COMMIT 256u
#define DAMAGED          "data.mdb.damaged-"
#define DAMAGED_KEPT     3u

struct salvage {
    const char *folder;
    const struct salvage_scan *scan;
    struct salvage_result *result;
    char building[PATH_MAX]; /* folder of the new file */
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi boards, rows, details, meta;
    struct buffer row_bytes, detail_bytes, encoded;
    uint64_t epoch, generation;
};

static void check(const struct salvage *salvage, int code)
{
    store_check(salvage->folder, code, "saving what is left of a damaged file");
}

static void path_in(const char *folder, const char *name, char out[static PATH_MAX])
{
    int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= PATH_MAX)
        log_fatal("store %s: the path is too long", folder);
}

/* ---- the new file ---- */

void salvage_clean(const char *folder)
{
    char building[PATH_MAX], path[PATH_MAX];
    path_in(folder, SALVAGE_FOLDER, building);
    path_in(building, "data.mdb", path);
    unlink(path);
    path_in(building, "lock.mdb", path);
    unlink(path);
    rmdir(building);
}

static void open_new(struct salvage *salvage, size_t map_size_mb)
{
    const struct {
        const char *name;
        MDB_dbi *dbi;
    } databases[] = {{RECORD_DB_BOARDS, &salvage->boards}, {RECORD_DB_ROWS, &salvage->rows},
        {RECORD_DB_DETAILS, &salvage->details}, {RECORD_DB_META, &salvage->meta}};
    path_in(salvage->folder, SALVAGE_FOLDER, salvage->building);
    salvage_clean(salvage->folder);
    if (mkdir(salvage->building, 0700) < 0)
        log_fatal("store: cannot make %s: %s", salvage->building, strerror(errno));
    check(salvage, mdb_env_create(&salvage->env));
    check(salvage, mdb_env_set_maxdbs(salvage->env, RECORD_DB_COUNT));
    check(salvage, mdb_env_set_mapsize(salvage->env, map_size_mb * 1024 * 1024));
    check(salvage, mdb_env_open(salvage->env, salvage->building, MDB_NOSYNC, 0600));
    check(salvage, mdb_txn_begin(salvage->env, NULL, 0, &salvage->txn));
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++)
        check(salvage, mdb_dbi_open(salvage->txn, databases[i].name, MDB_CREATE, databases[i].dbi));
}

static void put(struct salvage *salvage, MDB_dbi dbi, MDB_val key, const struct buffer *bytes)
{
    MDB_val value = record_value(bytes->data, bytes->length);
    check(salvage, mdb_put(salvage->txn, dbi, &key, &value, 0));
}

/* ---- boards ---- */

static bool read_record(
    struct salvage *salvage, const struct salvage_record *found, struct record_board *record)
{
    buffer_clear(&salvage->encoded);
    return lmdb_file_read(salvage->scan->file, found->place, &salvage->encoded) &&
           record_board_decode(&found->key, salvage->encoded.data, salvage->encoded.length, record);
}

static bool read_content(
    struct salvage *salvage, const struct record_key *key, const struct record_board *record)
{
    buffer_clear(&salvage->row_bytes);
    return (!record->rows_length || salvage_scan_value(salvage->scan, key, record->rows_length,
                                        record->rows_checksum, &salvage->row_bytes)) &&
           salvage_scan_value(
               salvage->scan, key, record->detail_length, record->detail_checksum, &salvage->detail_bytes);
}

static void put_record(
    struct salvage *salvage, const struct record_key *key, const struct record_board *record)
{
    buffer_clear(&salvage->encoded);
    record_board_encode(key, record, &salvage->encoded);
    put(salvage, salvage->boards, record_value(key->bytes, RECORD_KEY_SIZE), &salvage->encoded);
}

static void put_content(struct salvage *salvage, const struct record_key *key)
{
    MDB_val name = record_value(key->bytes, RECORD_KEY_SIZE);
    if (salvage->row_bytes.length)
        put(salvage, salvage->rows, name, &salvage->row_bytes);
    put(salvage, salvage->details, name, &salvage->detail_bytes);
}

/* Of the versions of one board: the newest with its content, else the newest record. */
static void save_board(struct salvage *salvage, const struct salvage_record *versions, size_t count)
{
    struct record_board record, newest;
    const struct record_key *key = &versions->key;
    if (!read_record(salvage, versions, &newest))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!read_record(salvage, &versions[i], &record) || !record_board_is_fetched(&record) ||
            !read_content(salvage, key, &record))
            continue;
        /* An older version is due at once, whatever its age. */
        bool older = record.lease != newest.lease || record.generation != newest.generation;
        record.content_lost |= older;
        put_record(salvage, key, &record);
        put_content(salvage, key);
        salvage->result->saved++;
        salvage->result->older += older;
        return;
    }
    bool fetched = record_board_is_fetched(&newest);
    newest.content_lost = fetched;
    put_record(salvage, key, &newest);
    salvage->result->lost += fetched;
}

static void save_boards(struct salvage *salvage)
{
    const struct salvage_scan *scan = salvage->scan;
    uint32_t count = 0;
    size_t end;
    for (size_t start = 0; start < scan->record_count; start = end) {
        const struct salvage_record *first = &scan->records[start];
        for (end = start + 1; end < scan->record_count; end++)
            if (memcmp(scan->records[end].key.bytes, first->key.bytes, RECORD_KEY_SIZE) != 0)
                break;
        if (first->lease >> 32 > salvage->epoch)
            salvage->epoch = first->lease >> 32;
        save_board(salvage, first, end - start);
        if (++count % BOARDS_IN_COMMIT == 0) {
            check(salvage, mdb_txn_commit(salvage->txn));
            check(salvage, mdb_txn_begin(salvage->env, NULL, 0, &salvage->txn));
        }
    }
}

/* ---- meta ---- */

static void put_meta(struct salvage *salvage, const char *name, const void *bytes, size_t length)
{
    buffer_clear(&salvage->encoded);
    record_meta_encode(name, bytes, length, &salvage->encoded);
    put(salvage, salvage->meta, record_value(name, strlen(name)), &salvage->encoded);
}

static void put_number(struct salvage *salvage, const char *name, uint64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_meta(salvage, name, text, (size_t)length);
}

static void raise(uint64_t *number, struct text value)
{
    char text[24] = "";
    if (value.length < sizeof text)
        memcpy(text, value.data, value.length);
    uint64_t found = strtoull(text, NULL, 10);
    if (found > *number)
        *number = found;
}

/* Numbers that only grow: the greatest. Others: what the tree leads to, else any version. */
static void save_metas(struct salvage *salvage)
{
    const struct salvage_scan *scan = salvage->scan;
    for (int in_tree = 0; in_tree <= 1; in_tree++)
        for (size_t i = 0; i < scan->meta_count; i++) {
            const struct salvage_meta *meta = &scan->metas[i];
            struct text value;
            buffer_clear(&salvage->row_bytes);
            if (meta->in_tree != in_tree || !lmdb_file_read(scan->file, meta->place, &salvage->row_bytes) ||
                !record_meta_decode(
                    RECORD_SCHEMA, meta->name, salvage->row_bytes.data, salvage->row_bytes.length, &value))
                continue;
            if (strcmp(meta->name, RECORD_META_EPOCH) == 0)
                raise(&salvage->epoch, value);
            else if (strcmp(meta->name, RECORD_META_GENERATION) == 0)
                raise(&salvage->generation, value);
            else
                put_meta(salvage, meta->name, value.data, value.length);
        }
    put_number(salvage, RECORD_META_EPOCH, salvage->epoch);
    put_number(salvage, RECORD_META_GENERATION, salvage->generation);
    put_number(salvage, RECORD_META_SCHEMA, RECORD_SCHEMA);
}

/* ---- taking the place ---- */

static int is_damaged(const struct dirent *entry)
{
    return strncmp(entry->d_name, DAMAGED, strlen(DAMAGED)) == 0;
}

/* Their names are in the order of their times. */
static void remove_oldest(const struct salvage *salvage)
{
    struct dirent **names;
    char path[PATH_MAX];
    int count = scandir(salvage->folder, &names, is_damaged, alphasort);
    for (int i = 0; i < count; i++) {
        path_in(salvage->folder, names[i]->d_name, path);
        if (i + (int)DAMAGED_KEPT < count)
            unlink(path);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static void sync_folder(const struct salvage *salvage)
{
    int fd = open(salvage->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        log_fatal("store: cannot sync %s: %s", salvage->folder, strerror(errno));
    close(fd);
}

static void take_place(struct salvage *salvage)
{
    char now[PATH_MAX], kept[PATH_MAX], built[PATH_MAX], time_text[32];
    time_t seconds = time(NULL);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(time_text, sizeof time_text, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(salvage->result->damaged, sizeof salvage->result->damaged, DAMAGED "%s", time_text);
    path_in(salvage->folder, "data.mdb", now);
    path_in(salvage->folder, salvage->result->damaged, kept);
    path_in(salvage->building, "data.mdb", built);
    unlink(kept);
    /* A second name first, so that there is a data.mdb at every moment. */
    if (link(now, kept) < 0 && rename(now, kept) < 0)
        log_fatal("store: cannot name %s %s: %s", now, kept, strerror(errno));
    if (rename(built, now) < 0)
        log_fatal("store: cannot put %s in the place of %s: %s", built, now, strerror(errno));
    path_in(salvage->folder, "lock.mdb", kept); /* speaks of the old file's transactions */
    unlink(kept);
    sync_folder(salvage);
    salvage_clean(salvage->folder);
    remove_oldest(salvage);
}

bool salvage_run(
    const char *folder, const struct lmdb_file *file, size_t map_size_mb, struct salvage_result *result)
{
    struct salvage_scan scan;
    *result = (struct salvage_result){0};
    salvage_scan_run(&scan, file);
    bool ours = file->is_lmdb || scan.record_count || file->pages == 0;
    if (ours) {
        struct salvage salvage = {.folder = folder,
            .scan = &scan,
            .result = result,
            .row_bytes = buffer_make(VALUE_MAX),
            .detail_bytes = buffer_make(VALUE_MAX),
            .encoded = buffer_make(VALUE_MAX)};
        open_new(&salvage, map_size_mb);
        save_boards(&salvage);
        save_metas(&salvage);
        check(&salvage, mdb_txn_commit(salvage.txn));
        check(&salvage, mdb_env_sync(salvage.env, 1));
        mdb_env_close(salvage.env);
        take_place(&salvage);
        buffer_free(&salvage.row_bytes);
        buffer_free(&salvage.detail_bytes);
        buffer_free(&salvage.encoded);
    }
    salvage_scan_free(&scan);
    return ours;
}
