#ifndef R3E_EXPORTER_CARD_H
#define R3E_EXPORTER_CARD_H
/* What is said of a person as a whole, as texts and as bytes: for each field its length × 2 + (1: it is not
 * the same in JSON, and the length there follows), whether there is a second key, then the fields' bytes,
 * each with its escaped form behind it where there is one. Numbers as in number.h. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/bundle.h"

enum card_field {
    CARD_KEY,  /* in the sharded layout */
    CARD_NAME, /* the values that are published; see person_card.h */
    CARD_AVATAR,
    CARD_COUNTRY,
    CARD_TEAM,
    CARD_RANK,
    CARD_PATH_ID,
    CARD_OWN_TEAM,   /* the team that the person counts for; empty: none */
    CARD_SHOWN,      /* the name in the mirror */
    CARD_SECOND_KEY, /* may be empty and yet be one: */
    CARD_FIELDS
};

struct card {
    struct bundle_text texts[CARD_FIELDS];
    bool has_second_key;
};

static inline struct text card_raw(const struct card *card, enum card_field field)
{
    return (struct text){card->texts[field].data, card->texts[field].length};
}

/* Escaped for JSON; of a card that was read. */
static inline struct text card_json(const struct card *card, enum card_field field)
{
    return bundle_json(&card->texts[field]);
}

/* Appends the bytes. `scratch` is for escaping. */
void card_pack(const struct card *card, struct buffer *scratch, struct buffer *out);

/* Texts point into the bytes. False: they are not those of a card. */
bool card_read(struct card *card, const uint8_t *bytes, size_t length);

#endif
