#include "coordinator/store_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/resident.h"

/* A batch is bounded by what the workers may send before they are acknowledged; this is far above it. */
#define BATCH_LIMIT ((size_t)2 * 1024 * 1024 * 1024)
/* A commit of a crawl without a rate limit is about 1 MB: fresh pages for each cost more than filling them.
 */
#define BATCH_KEEP ((size_t)1024 * 1024)
/* So much of the map may stay resident. To hand it back after every commit took a third of this thread's
 * time. */
#define MAPPED_MOST_KB (4 * 1024)
#define RETRY_S        1

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
    int resident_fd;
    uint64_t unmapped_kb; /* resident in files when last nothing of the map was; the thread's */
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
    enum store_health health;
    char problem[STORE_PROBLEM_SIZE];
    uint64_t commits;
    int64_t total_us, max_us;
};

bool store_may_heal(int code)
{
    return code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL || code == ENOMEM;
}

void store_describe(const char *folder, int code, const char *doing, char problem[static STORE_PROBLEM_SIZE])
{
    int length;
    if (code == MDB_MAP_FULL)
        length = snprintf(problem, STORE_PROBLEM_SIZE,
            "store %.150s: full while %s; raise store.map_size_mb and start again", folder, doing);
    else if (code == ENOSPC || code == EDQUOT)
        length = snprintf(problem, STORE_PROBLEM_SIZE, "store %.150s: %s while %s; free some", folder,
            code == ENOSPC ? "no space left on the device" : "the disk quota is used up", doing);
    else
        length = snprintf(problem, STORE_PROBLEM_SIZE,
            "store %.150s: %s: %s; nothing unsaved was acknowledged, so a restart is safe", folder, doing,
            mdb_strerror(code));
    if (length < 0)
        problem[0] = 0;
}

void store_check(const char *folder, int code, const char *doing)
{
    char problem[STORE_PROBLEM_SIZE];
    if (code == MDB_SUCCESS)
        return;
    store_describe(folder, code, doing, problem);
    log_fatal("%s", problem);
}

/* ---- the writer's thread ---- */

static int put_all(MDB_txn *txn, const struct buffer *batch)
{
    int code = MDB_SUCCESS;
    for (size_t at = 0; at < batch->length && code == MDB_SUCCESS;) {
        struct operation operation;
        memcpy(&operation, batch->data + at, sizeof operation);
        at += sizeof operation;
        MDB_val key = {operation.key_length, batch->data + at};
        at += operation.key_length;
        MDB_val value = {operation.value_length, batch->data + at};
        at += operation.value_length;
        code = FAULT_FAIL(WRITER_BEFORE_PUT) ? errno
               : operation.is_delete         ? mdb_del(txn, operation.dbi, &key, NULL)
                                             : mdb_put(txn, operation.dbi, &key, &value, 0);
        if (operation.is_delete && code == MDB_NOTFOUND)
            code = MDB_SUCCESS;
    }
    return code;
}

/* One transaction. On failure the store is as it was, and `*doing` says where it failed. */
static int carry_out(const struct store_writer *writer, const struct buffer *batch, const char **doing)
{
    MDB_txn *txn = NULL;
    *doing = "beginning a transaction";
    int code = FAULT_FAIL(WRITER_BEFORE_BEGIN) ? errno : mdb_txn_begin(writer->env, NULL, 0, &txn);
    if (code != MDB_SUCCESS)
        return code;
    *doing = "writing";
    code = put_all(txn, batch);
    if (code == MDB_SUCCESS) {
        *doing = "committing";
        code = FAULT_FAIL(WRITER_BEFORE_COMMIT) ? errno : MDB_SUCCESS;
    }
    if (code != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return code;
    }
    code = mdb_txn_commit(txn);
    if (code == MDB_SUCCESS)
        FAULT_POINT(WRITER_AFTER_COMMIT);
    return code;
}

/* So that the process's memory does not follow the size of the store. */
static void release_map(struct store_writer *writer)
{
    lmdb_map_release(writer->map);
    writer->unmapped_kb = resident_read(writer->resident_fd).file_kb;
}

static void wake_owner(const struct store_writer *writer)
{
    uint64_t one = 1;
    if (write(writer->event_fd, &one, sizeof one) != (ssize_t)sizeof one)
        log_bug("store writer: eventfd: %s", strerror(errno));
}

/* After a failed write. True: it is time to try again; false: it is not to be tried any more. */
static bool wait_to_retry(struct store_writer *writer, int code, const char *doing)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_S;
    pthread_mutex_lock(&writer->mutex);
    bool news = writer->health == STORE_WELL;
    writer->health = store_may_heal(code) ? STORE_WAITS : STORE_FAILED;
    store_describe(writer->folder, code, doing, writer->problem);
    if (news || writer->health == STORE_FAILED)
        wake_owner(writer);
    pthread_cond_broadcast(&writer->changed);
    int waited = 0;
    while (!writer->ending && waited != ETIMEDOUT)
        if (writer->health == STORE_FAILED)
            pthread_cond_wait(&writer->changed, &writer->mutex);
        else
            waited = pthread_cond_timedwait(&writer->changed, &writer->mutex, &until);
    bool again = !writer->ending;
    pthread_mutex_unlock(&writer->mutex);
    return again;
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
    pthread_mutex_lock(&writer->mutex);
    writer->writing = false;
    writer->health = STORE_WELL;
    writer->committed = generation;
    writer->commits++;
    writer->total_us += took_us;
    if (took_us > writer->max_us)
        writer->max_us = took_us;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    wake_owner(writer);
}

static void *run(void *context)
{
    struct store_writer *writer = context;
    struct buffer batch = buffer_make(BATCH_LIMIT);
    uint64_t generation;
    bool going = true;
    while (going && take_batch(writer, &batch, &generation)) {
        const char *doing;
        int64_t started_us = clock_monotonic_us();
        int code = carry_out(writer, &batch, &doing);
        while (code != MDB_SUCCESS && (going = wait_to_retry(writer, code, doing)))
            code = carry_out(writer, &batch, &doing);
        if (resident_read(writer->resident_fd).file_kb > writer->unmapped_kb + MAPPED_MOST_KB)
            release_map(writer);
        buffer_trim(&batch, BATCH_KEEP);
        if (code != MDB_SUCCESS)
            break;
        FAULT_TRACE("commit", "generation=%" PRIu64, generation);
        note_commit(writer, generation, clock_monotonic_us() - started_us);
        FAULT_POINT(WRITER_AFTER_EVENT);
    }
    buffer_free(&batch);
    return NULL;
}

/* ---- the owner's thread ---- */

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct store_writer *store_writer_open(
    MDB_env *env, const char *folder, const struct lmdb_map *map, uint64_t generation)
{
    struct store_writer *writer = memory_zalloc(1, sizeof *writer);
    writer->env = env;
    writer->folder = folder;
    writer->map = map;
    writer->resident_fd = resident_open();
    release_map(writer);
    writer->open = buffer_make(BATCH_LIMIT);
    writer->waiting = buffer_make(BATCH_LIMIT);
    writer->submitted = writer->committed = generation;
    writer->open_generation = generation + 1;
    writer->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&writer->mutex, NULL);
    init_condition(&writer->changed);
    if (writer->event_fd < 0 || pthread_create(&writer->thread, NULL, run, writer) != 0)
        log_fatal("store %s: cannot start the writing thread: %s", folder, strerror(errno));
    pthread_setname_np(writer->thread, "r3e-store"); /* for top(1) and perf(1) */
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
    if (writer->resident_fd >= 0)
        close(writer->resident_fd);
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

size_t store_writer_open_bytes(const struct store_writer *writer)
{
    return writer->open.length;
}

bool store_writer_has_room(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool room = !writer->waiting.length || !writer->writing;
    pthread_mutex_unlock(&writer->mutex);
    return room;
}

bool store_writer_submit(struct store_writer *writer)
{
    if (!writer->open.length)
        log_bug("store writer: an empty batch");
    pthread_mutex_lock(&writer->mutex);
    while (writer->waiting.length && writer->health == STORE_WELL)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    bool well = writer->health == STORE_WELL;
    if (well) {
        struct buffer spare = writer->waiting;
        writer->waiting = writer->open;
        writer->open = spare;
        writer->submitted = writer->open_generation++;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->mutex);
    return well;
}

enum store_health store_writer_health(struct store_writer *writer, char problem[static STORE_PROBLEM_SIZE])
{
    pthread_mutex_lock(&writer->mutex);
    enum store_health health = writer->health;
    memcpy(problem, writer->problem, STORE_PROBLEM_SIZE);
    pthread_mutex_unlock(&writer->mutex);
    return health;
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

bool store_writer_wait(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    while (writer->committed != writer->submitted && writer->health == STORE_WELL)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    bool done = writer->committed == writer->submitted;
    pthread_mutex_unlock(&writer->mutex);
    return done;
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
