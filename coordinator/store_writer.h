#ifndef R3E_COORDINATOR_STORE_WRITER_H
#define R3E_COORDINATOR_STORE_WRITER_H
/* Writes batches to LMDB in a thread of its own, so that the event loop never waits for the disk.
 *
 * The owner's thread collects puts and deletes in the open batch and submits it; the writer's thread carries
 * each batch out as one transaction, commits it with sync, and makes `event_fd` readable. At most one batch
 * waits while another is written; submitting a further one waits, so memory is bounded however slow the disk
 * is. LMDB wants a write transaction begun, used and ended by one thread: here it never leaves the writer's.
 * An error ends the process (store.h says why). All functions are for the owner's thread. */
#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lmdb_map.h"

struct store_writer;

/* `env`, `folder` and `map` are borrowed; `generation` is the last commit's. Signals must be blocked as the
 * thread shall have them. */
struct store_writer *store_writer_open(
    MDB_env *env, const char *folder, const struct lmdb_map *map, uint64_t generation);

/* Ends the thread; everything submitted is committed before, what is in the open batch is dropped. */
void store_writer_close(struct store_writer **pointer);

/* Adds to the open batch; bytes are copied. */
void store_writer_put(struct store_writer *writer, MDB_dbi dbi, MDB_val key, MDB_val value);
void store_writer_delete(struct store_writer *writer, MDB_dbi dbi, MDB_val key);

/* True if the open batch holds something. */
bool store_writer_dirty(const struct store_writer *writer);

/* The generation that the open batch will have. */
uint64_t store_writer_generation(const struct store_writer *writer);

/* Submits the open batch, which must hold something. */
void store_writer_submit(struct store_writer *writer);

/* The generation that is on disk; readies `event_fd` for the next one. */
uint64_t store_writer_committed(struct store_writer *writer);

/* Waits until everything submitted is on disk. */
void store_writer_wait(struct store_writer *writer);

/* Readable after a commit until store_writer_committed was called. */
int store_writer_event_fd(const struct store_writer *writer);

/* How many commits there were, and how long they took together and at most. */
void store_writer_times(struct store_writer *writer, uint64_t *commits, int64_t *total_us, int64_t *max_us);

/* Exits with a message that says what to do unless `code` is MDB_SUCCESS. */
void store_check(const char *folder, int code, const char *doing);

#endif
