#ifndef R3E_COORDINATOR_STORE_H
#define R3E_COORDINATOR_STORE_H
/* The store: one LMDB environment (record.h says what is in it), this process its only writer.
 *
 * Writes collect in a batch until store_submit, and are on disk when store_committed says so; nothing may be
 * acknowledged before. The disk is waited for in a thread of its own (store_writer.h). Reads of boards see
 * what was put, committed or not; reads of meta data see what is committed. A second coordinator on the same
 * folder is kept out by a lock on `coordinator.lock`, which the kernel releases however the process ends.
 *
 * While it is opened any error ends the process. Later store_health tells: after a failed write that may heal
 * nothing is submitted until it has; after any other failure, of a write, a sync or a read, never again, and
 * what is read is as if it were not there. The owner then hands out nothing more and ends (DESIGN, rule 2);
 * a start from the last commit needs no repair by hand. All functions are for one thread. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"
#include "common/record.h"
#include "coordinator/store_writer.h"

struct store;

/* Opens or creates the store in `folder` (made if missing, mode 0700). Exits with a message that says what to
 * do if it is locked by another coordinator, of a newer schema, not writable, or not a store. */
struct store *store_open(const char *folder, size_t map_size_mb);

/* Commits what is open if the store is well, then closes. */
void store_close(struct store **pointer);

/* Starts of a coordinator on this store, this one included: the epoch of its leases. */
uint32_t store_epoch(const struct store *store);

/* The generation the next commit will have. */
uint64_t store_next_generation(const struct store *store);

/* False if there is none, or a broken one (logged once; it is as if it were not there and will be replaced).
 */
bool store_get_board(struct store *store, uint32_t track_id, uint32_t class_id, struct record_board *record);

/* Writes the record alone, or with rows and detail; lengths and checksums in `record` are filled in here.
 * Rows of length 0 mean: none are kept. */
void store_put_record(
    struct store *store, uint32_t track_id, uint32_t class_id, const struct record_board *record);
void store_put_board(struct store *store, uint32_t track_id, uint32_t class_id, struct record_board *record,
    struct text rows, struct text detail);

/* Appends the value of a meta record. One that is broken (logged) says at least that there was one: who would
 * be bolder without it than with it must not take it for absent. */
enum store_meta { STORE_META_ABSENT, STORE_META_BROKEN, STORE_META_FOUND };
enum store_meta store_get_meta(struct store *store, const char *name, struct buffer *out);
void store_put_meta(struct store *store, const char *name, const void *bytes, size_t length);

/* How the store is (store_writer.h); unless STORE_WELL, `problem` says what happened and what to do. */
enum store_health store_health(struct store *store, char problem[static STORE_PROBLEM_SIZE]);

/* Bytes put and not submitted: what memory holds while the store is not well. */
size_t store_open_bytes(const struct store *store);

#define STORE_NOT_TAKEN 0 /* no commit has this generation */

/* False: two batches are under way, store_submit would wait. Asked again when store_event_fd is readable. */
bool store_has_room(const struct store *store);

/* Hands what was put since the last call to the writing thread, if there is anything. Returns the generation
 * that has to be committed before it is on disk, or STORE_NOT_TAKEN: the store is not well, try later. Waits
 * only if two batches are under way already. */
uint64_t store_submit(struct store *store);

/* The generation that is on disk. */
uint64_t store_committed(struct store *store);

/* Readable after a commit or a change of health until store_committed was called. */
int store_event_fd(const struct store *store);

/* Submits and waits until everything is on disk. False: the store is not well, it is not. */
bool store_commit(struct store *store);

/* Calls `visit` for every sound board record that is committed, in key order. */
typedef void (*store_visitor)(
    void *context, uint32_t track_id, uint32_t class_id, const struct record_board *record);
void store_each_board(struct store *store, store_visitor visit, void *context);

/* Clears reader slots of dead processes; call each minute. Returns how many. */
int store_check_readers(struct store *store);

struct store_usage {
    uint64_t used_bytes, map_bytes;
    uint64_t commits;
    int64_t commit_us_total, commit_us_max;
};

struct store_usage store_usage(const struct store *store);

#endif
