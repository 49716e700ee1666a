#ifndef R3E_EXPORTER_GATHER_H
#define R3E_EXPORTER_GATHER_H
/* The rows of boards, brought together by person, outside of memory: one thread puts board after board, in
 * the order of the snapshot; afterwards any number of threads take bin after bin. Persons are spread over the
 * bins by their names (bin_order.h), and all rows of one are in one bin.
 *
 * Memory while putting: 4 MB for the bins, the person table, and the texts that boards share (countries,
 * cars, teams …). While taking: the bin that a thread has. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/bin_order.h"
#include "exporter/bins.h"
#include "exporter/bundle.h"
#include "exporter/person_keys.h"
#include "exporter/person_table.h"
#include "exporter/snapshot.h"
#include "exporter/string_pool.h"

struct gathering {
    struct snapshot *snapshot;
    struct guard *guard;
    struct person_table persons;
    struct string_pool shared;
    struct person_keys keys;
    struct bins *bins;
    struct bin_order order;
    struct buffer scratch; /* of the row that is being put */
    uint32_t *numbers;     /* in `shared`, of the board that is being put */
    struct text *texts;
    uint32_t numbers_capacity;
};

/* `rows`: about how many will be put. `scratch_fd` is taken over; it is a file in `folder` (borrowed). */
void gather_open(struct gathering *gathering, struct snapshot *snapshot, uint64_t rows, int scratch_fd,
    const char *folder, struct guard *guard);

void gather_close(struct gathering *gathering);

/* Divides the bins by the names on a sample of the boards for which `wanted` (by place in the snapshot) is
 * set; they are verified. Before anything is put. */
void gather_divide(struct gathering *gathering, const bool *wanted);

/* The number of a person, who is added to the table where he is new. */
uint32_t gather_person(struct gathering *gathering, const struct person_id *id, struct text name);

/* Puts the named rows of a verified board (its place in the snapshot). False: the guard knows why. */
bool gather_put(struct gathering *gathering, uint32_t board);

/* After the last was put, before any is taken. */
void gather_put_all(struct gathering *gathering);

/* A row in the bin that was taken. */
struct gathered_row {
    uint32_t person; /* number in the table */
    uint32_t board, place, position;
    const uint8_t *body, *end;
};

struct gathered {
    struct buffer bytes;
    struct gathered_row *rows; /* in the order of the bin's persons, each one's as they were put */
    uint32_t count, capacity;
    struct gathered_row *unsorted; /* of the same capacity */
    uint32_t *starts;
    uint32_t starts_capacity;
};

struct gathered gathered_make(void);

void gathered_free(struct gathered *gathered);

/* Replaces what was taken by the bin's rows. False: the guard knows why. */
bool gather_take(const struct gathering *gathering, uint32_t bin, struct gathered *gathered);

/* Adds a row to a bundle; its texts point into the gathering, the snapshot and what was taken. */
void gather_add_to(
    const struct gathering *gathering, const struct gathered_row *source, struct bundle *bundle);

#endif
