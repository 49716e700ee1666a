#ifndef R3E_COORDINATOR_TARGET_H
#define R3E_COORDINATOR_TARGET_H
/* What a person names when asking for a refresh: `TRACK` (all classes on that layout) or `TRACK-CLASS`, both
 * ids as decimal numbers. Pure; whether the catalogue has such a thing is for others to say. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pack_reader.h"

struct target {
    uint32_t track_id;
    uint32_t class_id; /* 0: all classes */
};

/* False if `text` is not of one of the two forms: anything but digits and one hyphen, a leading zero, an id
 * that is not in 1 … CATALOGUE_ID_MAX. `*target` is zeroed then. */
bool target_parse(const char *text, size_t length, struct target *target);

/* The next word of a list separated by ASCII white space, as in the trigger file. `*rest` moves behind it. A
 * word may hold any other bytes, NUL too. False: there is none. */
bool target_next_word(struct text *rest, struct text *word);

#define TARGET_SHOWN_SIZE 32

/* A word as it may stand in a log line or a status: printable ASCII as it is, `?` for everything else, cut
 * with `...` if it is longer. Always terminated. */
void target_show(struct text word, char out[static TARGET_SHOWN_SIZE]);

#endif
