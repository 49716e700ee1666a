#ifndef R3E_EXPORTER_DRIVER_INDEX_H
#define R3E_EXPORTER_DRIVER_INDEX_H
/* driver_index.json.gz: every entry of every driver, under the driver's key.
 *
 * Two walks through the rows of the snapshot. The first finds the names, the keys and the figures. Then the
 * sorted keys are cut into parts of about PART_ROWS entries; the second walk puts each row, in a compact
 * form, into its part's bin. The parts are then read back, sorted, written as JSON and compressed on several
 * threads. Memory follows the number of distinct names and strings and 4 bytes a row. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/drivers.h"
#include "exporter/guard.h"
#include "exporter/persons.h"
#include "exporter/publish.h"
#include "exporter/snapshot.h"

struct driver_index {
    struct snapshot *snapshot;
    struct guard *guard;
    struct drivers drivers;
    struct persons persons;
    struct string_pool shared; /* countries, cars, classes, teams, ranks, difficulties, track names */
    uint32_t *shared_of;       /* numbers of each board's shared strings, board after board */
    uint32_t *track_of;        /* number of each board's track name */
    uint64_t shared_of_count, shared_of_capacity;
    uint32_t *names;         /* name of each row in the order of the walk, or STRING_NONE */
    uint64_t row_count;      /* rows of all sound boards */
    uint32_t *part_of_rank;  /* by key's rank */
    uint32_t *first_of_part; /* rank of each part's first key, and behind the last one the number of keys */
    uint32_t part_count;
};

/* First walk. The snapshot must have been verified and outlive the index. */
bool driver_index_collect(struct driver_index *index, struct snapshot *snapshot, struct guard *guard);

/* Second walk, and the file. */
bool driver_index_write(struct driver_index *index, struct publication *publication, unsigned threads);

void driver_index_free(struct driver_index *index);

uint32_t driver_index_teams(const struct driver_index *index);

#endif
