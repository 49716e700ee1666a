#ifndef R3E_EXPORTER_PERSONS_H
#define R3E_EXPORTER_PERSONS_H
/* Who drives: a person is its path id or, without one, the lower-cased name (FORMATS). Counts persons and the
 * teams they are in, for status.json. */
#include <stdint.h>

#include "exporter/string_pool.h"

#define PERSONS_DATE_INLINE 27

struct person {
    uint32_t team; /* number in the shared strings, or STRING_NONE */
    /* date_time of the row the team is from: here, or where longer a number in `long_dates` */
    uint8_t date_length; /* PERSONS_DATE_INLINE + 1: a long one */
    char date[PERSONS_DATE_INLINE];
};

struct persons {
    struct string_pool ids;
    struct person *persons; /* by number of the id */
    uint32_t capacity;
    struct string_pool long_dates;
};

struct persons persons_make(void);

void persons_free(struct persons *persons);

/* Takes note of a row of the person `id` with this team (STRING_NONE: none). Rows come in the order of the
 * store. */
void persons_add(struct persons *persons, struct text id, struct text date_time, uint32_t team);

uint32_t persons_count(const struct persons *persons);

/* The number of distinct teams: each person counts for the team of its newest row that has one. `team_count`
 * is the number of shared strings. */
uint32_t persons_teams(const struct persons *persons, uint32_t team_count);

#endif
