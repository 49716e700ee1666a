#ifndef R3E_COORDINATOR_CTL_NAME_MATCH_H
#define R3E_COORDINATOR_CTL_NAME_MATCH_H
/* Which tracks or classes a person means by a name, or by a part of one. Pure.
 *
 * Accents and case do not matter (fold.h). A name that is typed whole means that one alone; otherwise all
 * whose name begins with it, or else has a word that does, or else has it anywhere, or else has each of its
 * words anywhere ("spa grand prix"). */
#include <stdint.h>

#include "common/catalogue.h"

#define NAME_MATCH_KEPT 200u

struct name_match {
    const struct catalogue_item *items[NAME_MATCH_KEPT]; /* of the catalogue, in its order */
    uint32_t count;
    uint64_t found; /* more than `count` if there were too many */
};

/* Those of the best kind. A name that is not UTF-8, empty or very long matches nothing. */
void name_match_find(const struct catalogue_items *items, const char *name, struct name_match *match);

#endif
