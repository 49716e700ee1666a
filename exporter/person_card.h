#ifndef R3E_EXPORTER_PERSON_CARD_H
#define R3E_EXPORTER_PERSON_CARD_H
/* What is said of a person as a whole (FORMATS): each value from the row with the greatest date_time (by
 * bytes, the first of equal ones) that has it; the team that the person counts for is that of the newest row
 * with one, `Privateer` in any case being none; and the keys, which come from the newest name. */
#include "exporter/card.h"
#include "exporter/person_keys.h"

/* Fills the card of a bundle that has rows, and gives the bundle its aliases. The card's texts are the
 * bundle's, or copied to `arena`, which must live until both are packed. False: it is full. */
bool person_card_fill(struct card *card, struct bundle *bundle, struct text path_id, struct person_keys *keys,
    struct arena *arena);

#endif
