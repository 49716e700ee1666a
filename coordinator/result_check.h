#ifndef R3E_COORDINATOR_RESULT_CHECK_H
#define R3E_COORDINATOR_RESULT_CHECK_H
/* Whether what a worker sent fits together, before anything of it is used. Pure. */
#include <stdint.h>

#include "common/pack_reader.h"
#include "common/protocol.h"
#include "coordinator/lease.h"

/* NULL if it does, else a constant string that says what is wrong with it. `hash` is filled in unless the job
 * failed. */
const char *result_check(const struct message_result *result, struct text rows, struct text detail,
    uint8_t hash[static RECORD_HASH_SIZE]);

/* NULL if the counts can be true, else which cannot, a constant string. `lease`: the one that holds the
 * board; NULL if the result is not of that. */
const char *result_check_counts(const struct message_result *result, const struct lease *lease);

#endif
