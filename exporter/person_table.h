#ifndef R3E_EXPORTER_PERSON_TABLE_H
#define R3E_EXPORTER_PERSON_TABLE_H
/* The persons whose rows a run looks at, numbered as they come. Memory: 32 bytes each and as much again for
 * finding them; the id's text only where it is not a plain number. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "exporter/person_id.h"

struct person_table_entry {
    struct person_id id; /* an exact one has no text */
    uint32_t old;        /* place among the persons of the ledger before, or STRING_NONE */
};

struct person_table {
    struct arena arena;
    struct person_table_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing; number + 1, 0 is empty */
    uint32_t slot_count;
};

struct person_table person_table_make(void);

void person_table_free(struct person_table *table);

/* The person's number; a new one, for whom `*is_new` (never NULL) is set, has `old` STRING_NONE. */
uint32_t person_table_add(struct person_table *table, const struct person_id *id, bool *is_new);

/* The id as text; `digits` is room for one that is a plain number. */
#define PERSON_TABLE_DIGITS 24
struct text person_table_text(
    const struct person_table *table, uint32_t number, char digits[static PERSON_TABLE_DIGITS]);

#endif
