#include "coordinator/store_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"

/* A batch is bounded by what the workers may send before they are acknowledged; this is far above it. */
#define BATCH_LIMIT ((size_t)2 * 1024 * 1024 * 1024)
#define BATCH_KEEP  ((size_t)256 * 1024)

/* In a batch: this, the key, the value. */
struct operation {
    MDB_dbi dbi;
    bool is_delete;
    size_t key_length, value_length;
};

struct store_writer {
    MDB_env *env;
    const char *folder;
    const struct lmdb_map *map;
    pthread_t thread;
    int event_fd;
    struct buffer open;       /* the owner's */
    uint64_t open_generation; /* the owner's */
    pthread_mutex_t mutex;    /* guards all below */
    pthread_cond_t changed;
    struct buffer waiting; /* empty: none waits */
    bool writing;          /* the thread is at work on a batch of its own */
    bool ending;
    uint64_t submitted, committed; /* generations */
    uint64_t commits;
    int64_t total_us, max_us;
};

void store_check(const char *folder, int code, const char *doing)
{
    if (code == MDB_SUCCESS)
        return;
    if (code == MDB_MAP_FULL)
        log_fatal("store %s: full while %s; raise store.map_size_mb", folder, doing);
    if (code == ENOSPC)
        log_fatal("store %s: no space left on the device while %s; free some and start again", folder, doing);
    log_fatal("store %s: %s: %s; nothing unsaved was acknowledged, so a restart is safe", folder, doing,
        mdb_strerror(code));
}

/* ---- the writer's thread ---- */

static void carry_out(const struct store_writer *writer, const struct buffer *batch)
{
    MDB_txn *txn;
    store_check(writer->folder,
        FAULT_FAIL(WRITER_BEFORE_BEGIN) ? errno : mdb_txn_begin(writer->env, NULL, 0, &txn),
        "beginning a transaction");
    for (size_t at = 0; at < batch->length;) {
        struct operation operation;
        memcpy(&operation, batch->data + at, sizeof operation);
        at += sizeof operation;
        MDB_val key = {operation.key_length, batch->data + at};
        at += operation.key_length;
        MDB_val value = {operation.value_length, batch->data + at};
        at += operation.value_length;
        int code = FAULT_FAIL(WRITER_BEFORE_PUT) ? errno
                   : operation.is_delete         ? mdb_del(txn, operation.dbi, &key, NULL)
                                                 : mdb_put(txn, operation.dbi, &key, &value, 0);
        if (!operation.is_delete || code != MDB_NOTFOUND)
            store_check(writer->folder, code, "writing");
    }
    store_check(writer->folder, FAULT_FAIL(WRITER_BEFORE_COMMIT) ? errno : mdb_txn_commit(txn), "committing");
    FAULT_POINT(WRITER_AFTER_COMMIT);
    /* After every commit, so that the process's memory does not follow the size of the store. */
    lmdb_map_release(writer->map);
}

/* Takes the batch that waits; false when there is none any more and the end was asked for. */
static bool take_batch(struct store_writer *writer, struct buffer *batch, uint64_t *generation)
{
    pthread_mutex_lock(&writer->mutex);
    while (!writer->waiting.length && !writer->ending)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    bool taken = writer->waiting.length > 0;
    if (taken) {
        struct buffer spare = *batch;
        *batch = writer->waiting;
        writer->waiting = spare;
        *generation = writer->submitted;
        writer->writing = true;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->mutex);
    return taken;
}

static void note_commit(struct store_writer *writer, uint64_t generation, int64_t took_us)
{
    uint64_t one = 1;
    pthread_mutex_lock(&writer->mutex);
    writer->writing = false;
    writer->committed = generation;
    writer->commits++;
    writer->total_us += took_us;
    if (took_us > writer->max_us)
        writer->max_us = took_us;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    if (write(writer->event_fd, &one, sizeof one) != (ssize_t)sizeof one)
        log_bug("store writer: eventfd: %s", strerror(errno));
}

static void *run(void *context)
{
    struct store_writer *writer = context;
    struct buffer batch = buffer_make(BATCH_LIMIT);
    uint64_t generation;
    while (take_batch(writer, &batch, &generation)) {
        int64_t started_us = clock_monotonic_us();
        carry_out(writer, &batch);
        buffer_trim(&batch, BATCH_KEEP);
        FAULT_TRACE("commit", "generation=%" PRIu64, generation);
        note_commit(writer, generation, clock_monotonic_us() - started_us);
        FAULT_POINT(WRITER_AFTER_EVENT);
    }
    buffer_free(&batch);
    return NULL;
}

/* ---- the owner's thread ---- */

struct store_writer *store_writer_open(
    MDB_env *env, const char *folder, const struct lmdb_map *map, uint64_t generation)
{
    struct store_writer *writer = memory_zalloc(1, sizeof *writer);
    writer->env = env;
    writer->folder = folder;
    writer->map = map;
    writer->open = buffer_make(BATCH_LIMIT);
    writer->waiting = buffer_make(BATCH_LIMIT);
    writer->submitted = writer->committed = generation;
    writer->open_generation = generation + 1;
    writer->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->changed, NULL);
    if (writer->event_fd < 0 || pthread_create(&writer->thread, NULL, run, writer) != 0)
        log_fatal("store %s: cannot start the writing thread: %s", folder, strerror(errno));
    return writer;
}

void store_writer_close(struct store_writer **pointer)
{
    struct store_writer *writer = *pointer;
    if (!writer)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ending = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    close(writer->event_fd);
    buffer_free(&writer->open);
    buffer_free(&writer->waiting);
    free(writer);
    *pointer = NULL;
}

static void add(struct store_writer *writer, const struct operation *operation, MDB_val key, MDB_val value)
{
    buffer_append(&writer->open, operation, sizeof *operation);
    buffer_append(&writer->open, key.mv_data, key.mv_size);
    buffer_append(&writer->open, value.mv_data, value.mv_size);
    if (writer->open.overflowed)
        log_bug("store writer: a batch of more than %zu bytes", BATCH_LIMIT);
}

void store_writer_put(struct store_writer *writer, MDB_dbi dbi, MDB_val key, MDB_val value)
{
    struct operation operation = {.dbi = dbi, .key_length = key.mv_size, .value_length = value.mv_size};
    add(writer, &operation, key, value);
}

void store_writer_delete(struct store_writer *writer, MDB_dbi dbi, MDB_val key)
{
    struct operation operation = {.dbi = dbi, .is_delete = true, .key_length = key.mv_size};
    add(writer, &operation, key, (MDB_val){0});
}

bool store_writer_dirty(const struct store_writer *writer)
{
    return writer->open.length > 0;
}

uint64_t store_writer_generation(const struct store_writer *writer)
{
    return writer->open_generation;
}

void store_writer_submit(struct store_writer *writer)
{
    if (!writer->open.length)
        log_bug("store writer: an empty batch");
    pthread_mutex_lock(&writer->mutex);
    while (writer->waiting.length)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    struct buffer spare = writer->waiting;
    writer->waiting = writer->open;
    writer->open = spare;
    writer->submitted = writer->open_generation++;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
}

uint64_t store_writer_committed(struct store_writer *writer)
{
    uint64_t count;
    ssize_t ignored = read(writer->event_fd, &count, sizeof count); /* EAGAIN: nothing new */
    (void)ignored;
    pthread_mutex_lock(&writer->mutex);
    uint64_t committed = writer->committed;
    pthread_mutex_unlock(&writer->mutex);
    return committed;
}

void store_writer_wait(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    while (writer->committed != writer->submitted)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    pthread_mutex_unlock(&writer->mutex);
}

int store_writer_event_fd(const struct store_writer *writer)
{
    return writer->event_fd;
}

void store_writer_times(struct store_writer *writer, uint64_t *commits, int64_t *total_us, int64_t *max_us)
{
    pthread_mutex_lock(&writer->mutex);
    *commits = writer->commits;
    *total_us = writer->total_us;
    *max_us = writer->max_us;
    pthread_mutex_unlock(&writer->mutex);
}
