#include "coordinator/store_schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "common/record.h"
#include "coordinator/store_writer.h"

#define META_MAX  ((size_t)4 * 1024 * 1024)
#define NAMES_MAX ((size_t)4096)
#define ID_BYTES  16

struct settling {
    MDB_txn *txn;
    MDB_dbi meta;
    const char *folder;
    struct buffer value;
};

static void put(struct settling *settling, const char *name, const void *bytes, size_t length)
{
    MDB_val key = record_value(name, strlen(name));
    buffer_clear(&settling->value);
    record_meta_encode(name, bytes, length, &settling->value);
    MDB_val value = record_value(settling->value.data, settling->value.length);
    store_check(
        settling->folder, mdb_put(settling->txn, settling->meta, &key, &value, 0), "raising the schema");
}

static void put_schema(struct settling *settling)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%d", RECORD_SCHEMA);
    put(settling, RECORD_META_SCHEMA, text, (size_t)length);
}

static void put_id(struct settling *settling)
{
    unsigned char bytes[ID_BYTES];
    char text[2 * ID_BYTES + 1];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        log_fatal("store %s: no random numbers: %s", settling->folder, strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    put(settling, RECORD_META_ID, text, 2 * ID_BYTES);
}

static bool has_id(const struct settling *settling)
{
    MDB_val key = record_value(RECORD_META_ID, strlen(RECORD_META_ID)), value;
    struct text id;
    return mdb_get(settling->txn, settling->meta, &key, &value) == MDB_SUCCESS &&
           record_meta_decode(RECORD_SCHEMA, RECORD_META_ID, value.mv_data, value.mv_size, &id);
}

/* The names of all meta records, each with its zero byte, one behind the other. */
static void list_names(struct settling *settling, struct buffer *names)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    store_check(
        settling->folder, mdb_cursor_open(settling->txn, settling->meta, &cursor), "raising the schema");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        buffer_append(names, key.mv_data, key.mv_size);
        buffer_append_byte(names, 0);
    }
    mdb_cursor_close(cursor);
}

/* Values had no seal in schema 1. */
static void seal_all(struct settling *settling)
{
    struct buffer names = buffer_make(NAMES_MAX), old = buffer_make(META_MAX);
    list_names(settling, &names);
    for (size_t at = 0; at < names.length; at += strlen((const char *)names.data + at) + 1) {
        const char *name = (const char *)names.data + at;
        MDB_val key = record_value(name, strlen(name)), value;
        if (mdb_get(settling->txn, settling->meta, &key, &value) != MDB_SUCCESS)
            continue;
        buffer_clear(&old); /* the value lies in a page that the put may move */
        buffer_append(&old, value.mv_data, value.mv_size);
        put(settling, name, old.data, old.length);
    }
    buffer_free(&names);
    buffer_free(&old);
}

/* What the store says, RECORD_SCHEMA if that is broken, 0 if it is new. */
static unsigned read_schema(const struct settling *settling)
{
    MDB_val key = record_value(RECORD_META_SCHEMA, strlen(RECORD_META_SCHEMA)), value;
    int code = mdb_get(settling->txn, settling->meta, &key, &value);
    if (code == MDB_NOTFOUND)
        return 0;
    store_check(settling->folder, code, "reading the schema");
    unsigned schema = record_meta_schema(value.mv_data, value.mv_size);
    if (!schema)
        log_warn("store %s: the record of its schema is broken; taken for schema %d", settling->folder,
            RECORD_SCHEMA);
    return schema ? schema : RECORD_SCHEMA;
}

void store_schema_settle(MDB_env *env, MDB_dbi meta, const char *folder)
{
    struct settling settling = {.meta = meta, .folder = folder, .value = buffer_make(META_MAX)};
    store_check(folder, mdb_txn_begin(env, NULL, 0, &settling.txn), "reading the schema");
    unsigned schema = read_schema(&settling);
    if (schema > RECORD_SCHEMA)
        log_fatal("store %s has schema %u, this program knows up to %d; install the newer release again",
            folder, schema, RECORD_SCHEMA);
    if (schema == 1) {
        seal_all(&settling);
        log_info("store %s: schema 1 is raised to %d", folder, RECORD_SCHEMA);
    }
    if (!has_id(&settling))
        put_id(&settling);
    put_schema(&settling);
    store_check(folder, mdb_txn_commit(settling.txn), "raising the schema");
    buffer_free(&settling.value);
}
