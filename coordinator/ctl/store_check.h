#ifndef R3E_COORDINATOR_CTL_STORE_CHECK_H
#define R3E_COORDINATOR_CTL_STORE_CHECK_H
/* Verifies a store from end to end: meta pages, the structure of the snapshot, every record's checksum, every
 * board's rows and detail.
 *
 * Reads the file itself (lmdb_file.h), so that damage is a finding and no crash. LMDB is opened only to hold
 * the snapshot still with a read transaction, and only after its meta pages were found sound: a coordinator
 * may go on writing meanwhile. Writes nothing but a place in lock.mdb. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

struct store_check_events {
    /* Something is wrong. Track and class are 0 where it is not one board. */
    void (*problem)(void *context, uint32_t track_id, uint32_t class_id, const char *text);
    void (*progress)(void *context, uint32_t done, uint32_t all); /* boards; now and then */
    void *context;
};

struct store_check {
    unsigned schema;
    char id[33];
    uint64_t generation, transaction, pages, page_size;
    uint32_t boards; /* fetched ones */
    uint64_t entries;
    uint64_t structure_problems; /* the coordinator saves what it can at its next start */
    uint64_t broken_boards;      /* the coordinator fetches them again */
    uint64_t broken_metas;
};

#define STORE_CHECK_ERROR_SIZE 500

/* False: there is nothing to be checked; `error` says why. */
bool store_check_run(const char *folder, const struct store_check_events *events, struct store_check *check,
    char error[static STORE_CHECK_ERROR_SIZE]);

#endif
