#ifndef R3E_COORDINATOR_ARRIVAL_H
#define R3E_COORDINATOR_ARRIVAL_H
/* A result as it came in, and whether what it says can be true. Workers are not trusted. Pure. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "common/protocol.h"
#include "common/record.h"
#include "coordinator/lease.h"

struct arrival {
    struct message_result result;
    const char *key; /* that the connection has proven; "": none */
    struct text rows, detail;
    uint8_t hash[RECORD_HASH_SIZE];
    uint32_t place; /* in the plan */
    bool known;     /* `record` is what the store has */
    struct record_board record;
};

/* NULL if what the worker sent fits together, else what is wrong with it, a constant string. Walks the rows
 * from end to end; fills `hash`. */
const char *arrival_find_fault(struct arrival *arrival);

/* NULL if the counts can be true, else which cannot. `lease`: the one that holds the board, NULL if that is
 * not what the result is of. */
const char *arrival_find_implausible(const struct arrival *arrival, const struct lease *lease);

#endif
