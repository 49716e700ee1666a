#ifndef R3E_EXPORTER_PERSON_ID_H
#define R3E_EXPORTER_PERSON_ID_H
/* Who a row belongs to: the path id, which is digits, or where there is none the lower-cased name (FORMATS).
 *
 * The order of persons among themselves: digits as numbers (equal ones, `7` and `007`, by bytes), then names
 * by bytes. Most ids are short numbers and are compared as such. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"

struct person_id {
    uint64_t value; /* the number, UINT64_MAX where it is larger; of a name its first eight bytes */
    bool is_name;
    bool exact; /* `value` says it all: two exact ids are the same if their values are */
    struct text text;
};

/* `path_id` (digits, or empty) and the lower-cased name of a row. The id points into what was given. */
struct person_id person_id_make(struct text path_id, struct text lowered_name);

/* An id whose text is known elsewhere, from the other three. */
static inline struct person_id person_id_known(uint64_t value, bool is_name, bool exact)
{
    return (struct person_id){value, is_name, exact, {0, 0}};
}

/* By all but the text; 0: the two are the same, or neither is exact and only the text can tell. */
int person_id_compare_values(const struct person_id *left, const struct person_id *right);

/* Ids that are not exact must have their text. */
int person_id_compare(const struct person_id *left, const struct person_id *right);

uint64_t person_id_hash(const struct person_id *id);

/* Order of texts by bytes. */
int text_compare(struct text left, struct text right);

/* The first eight bytes, zeroes behind a shorter text: texts whose prefixes differ are in their order. */
uint64_t text_prefix(struct text text);

#endif
