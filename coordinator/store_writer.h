#ifndef R3E_COORDINATOR_STORE_WRITER_H
#define R3E_COORDINATOR_STORE_WRITER_H
/* Writes batches to LMDB in a thread of its own, so that the event loop never waits for the disk.
 *
 * The owner's thread collects puts and deletes in the open batch and submits it; the writer's thread carries
 * each batch out as one transaction, commits it with sync, and makes `event_fd` readable. At most one batch
 * waits while another is written; submitting a further one waits, so memory is bounded however slow the disk
 * is. LMDB wants a write transaction begun, used and ended by one thread: here it never leaves the writer's.
 *
 * A write that fails leaves LMDB as it was, and the batch stays. Where the cause can heal (no room on the
 * disk, in the quota or in the map, no memory) it is tried again each second, and nothing further is taken
 * meanwhile. After any other error, a failed sync above all, it is not known what is on disk (the kernel
 * marks pages clean that it could not write): nothing is written any more, and the process is to end (DESIGN,
 * rule 2). All functions are for the owner's thread. */
#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lmdb_map.h"

struct store_writer;

enum store_health {
    STORE_WELL,
    STORE_WAITS, /* a write failed and is tried again */
    STORE_FAILED /* for good: end the process, a start from the last commit needs no repair */
};

#define STORE_PROBLEM_SIZE 300

/* `env`, `folder` and `map` are borrowed; `generation` is the last commit's. Signals must be blocked as the
 * thread shall have them. */
struct store_writer *store_writer_open(
    MDB_env *env, const char *folder, const struct lmdb_map *map, uint64_t generation);

/* Ends the thread; everything submitted is committed before if the store is well, what is in the open batch
 * is dropped. */
void store_writer_close(struct store_writer **pointer);

/* Adds to the open batch; bytes are copied. */
void store_writer_put(struct store_writer *writer, MDB_dbi dbi, MDB_val key, MDB_val value);
void store_writer_delete(struct store_writer *writer, MDB_dbi dbi, MDB_val key);

/* True if the open batch holds something. */
bool store_writer_dirty(const struct store_writer *writer);

/* The generation that the open batch will have. */
uint64_t store_writer_generation(const struct store_writer *writer);

/* Bytes in it. */
size_t store_writer_open_bytes(const struct store_writer *writer);

/* False: submitting would wait for the disk, as a batch waits while another is written. The event after the
 * next commit tells when that is over. */
bool store_writer_has_room(struct store_writer *writer);

/* Submits the open batch, which must hold something. False: the store is not well, it stays open. */
bool store_writer_submit(struct store_writer *writer);

/* How it is; unless STORE_WELL, `problem` says in words what happened and what to do. */
enum store_health store_writer_health(struct store_writer *writer, char problem[static STORE_PROBLEM_SIZE]);

/* The generation that is on disk; readies `event_fd` for the next one. */
uint64_t store_writer_committed(struct store_writer *writer);

/* Waits until everything submitted is on disk. False: a write failed, it is not. */
bool store_writer_wait(struct store_writer *writer);

/* Readable after a commit, and after health has changed, until store_writer_committed was called. */
int store_writer_event_fd(const struct store_writer *writer);

/* How many commits there were, and how long they took together and at most. */
void store_writer_times(struct store_writer *writer, uint64_t *commits, int64_t *total_us, int64_t *max_us);

/* True if a write that failed with this code of LMDB or errno may succeed later. */
bool store_may_heal(int code);

/* Writes what happened and what to do about it, for people. */
void store_describe(const char *folder, int code, const char *doing, char problem[static STORE_PROBLEM_SIZE]);

/* Exits with that message unless `code` is MDB_SUCCESS. */
void store_check(const char *folder, int code, const char *doing);

#endif
