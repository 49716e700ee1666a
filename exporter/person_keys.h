#ifndef R3E_EXPORTER_PERSON_KEYS_H
#define R3E_EXPORTER_PERSON_KEYS_H
/* The strings a driver is found under (FORMATS). All of them begin with the NFC form of the name; lower case
 * is Unicode's simple mapping, white space the property White_Space of Unicode 15 (25 code points), of which
 * each run becomes one space and none stays at the ends.
 *
 * Names must be valid UTF-8. A text returned points into the keys and is valid until the next call. */
#include <stdbool.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

struct person_keys {
    struct buffer composed, folded, spaced, lowered;
};

struct person_keys person_keys_make(void);

void person_keys_free(struct person_keys *keys);

/* Flat layout, and the identity of a person without a path id: lower-cased and nothing else. */
struct text person_keys_flat(struct person_keys *keys, struct text name);

/* What the mirror shows of a display name: accents stay, white space collapsed, lower-cased. */
struct text person_keys_shown(struct person_keys *keys, struct text name);

/* Key of the sharded layout: letters with accents replaced by FORMATS' table, white space collapsed,
 * lower-cased. */
struct text person_keys_folded(struct person_keys *keys, struct text name);

/* The same with `ae`, `oe` and `th` for Æ, Œ and Þ, the second key of names that have one of these. False:
 * the name has none. */
bool person_keys_two_letter(struct person_keys *keys, struct text name, struct text *key);

#endif
