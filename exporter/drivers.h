#ifndef R3E_EXPORTER_DRIVERS_H
#define R3E_EXPORTER_DRIVERS_H
/* Names and the keys they are found under in the flat index: key = lower case of the NFC form (FORMATS), so
 * several names can share one key. Memory follows the number of distinct names. */
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/string_pool.h"

struct drivers {
    struct string_pool names;
    struct string_pool keys;
    uint32_t *key_of_name; /* by name number */
    uint32_t key_of_name_capacity;
    uint32_t *rows_of_key; /* by key number */
    uint32_t rows_of_key_capacity;
    uint32_t *key_of_rank; /* after drivers_sort: keys ascending by bytes … */
    uint32_t *rank_of_key; /* … and the reverse */
    struct buffer composed, lowered;
};

struct drivers drivers_make(void);

void drivers_free(struct drivers *drivers);

/* Counts one row by this name (not empty, valid UTF-8) and returns the name's number. */
uint32_t drivers_add(struct drivers *drivers, struct text name);

static inline uint32_t drivers_key(const struct drivers *drivers, uint32_t name)
{
    return drivers->key_of_name[name];
}

/* Gives the keys their ranks. Nothing may be added afterwards. */
void drivers_sort(struct drivers *drivers);

#endif
