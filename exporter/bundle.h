#ifndef R3E_EXPORTER_BUNDLE_H
#define R3E_EXPORTER_BUNDLE_H
/* All rows of one person with everything that the index files say of them (what they say of the person is on
 * a card, card.h), as one run of bytes that needs nothing else to be read: texts that repeat stand once, rows
 * name them by their place.
 *
 *     number of texts; each: length × 2 + (1: it is not the same in JSON), bytes; of such a one the length in
 *         JSON comes before the bytes, and the escaped form, without quotes, behind them
 *     number of aliases; each: place of the key under which some of the names are found in the flat layout
 *     number of rows; each: track id, class id, total entries, position, place, time difference, alias, the
 *         places of enum bundle_column, lap time and date (as texts)
 *
 * Numbers and texts as in number.h. Place 0 is
 * the empty text and stands nowhere. The same rows give the same bytes, so a hash of the bytes says whether
 * anything has changed.
 *
 * The same struct is what bytes are read into and what they are made from. Not thread-safe. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/board.h"
#include "common/buffer.h"
#include "common/pack_reader.h"

#define BUNDLE_BYTES_MAX ((size_t)1 << 30)

/* The texts of a row that repeat; the first ones as in board.h. */
enum bundle_column {
    BUNDLE_TRACK = BOARD_COLUMNS, /* the catalogue's name */
    BUNDLE_NAME,
    BUNDLE_AVATAR,
    BUNDLE_COLUMNS
};

struct bundle_text {
    const char *data;
    uint32_t length;
    uint32_t json_length; /* escaped; where that differs it follows in the bytes */
    bool plain;           /* it does not */
};

struct bundle_row {
    uint32_t track_id, class_id;
    uint32_t total_entries; /* of the board */
    uint32_t position;      /* as the service says */
    uint32_t place;         /* in the order of the board's rows, from 0 */
    uint32_t alias;         /* of the name */
    uint32_t texts[BUNDLE_COLUMNS];
    uint64_t time_diff_us;
    struct bundle_text laptime, date_time;
    uint32_t board; /* for whoever makes or uses the bundle; not among the bytes */
};

struct bundle {
    struct bundle_text *texts;
    uint32_t text_count, text_capacity;
    uint32_t *aliases; /* places of texts */
    uint32_t alias_count, alias_capacity;
    struct bundle_row *rows; /* by track id, class id, place */
    uint32_t row_count, row_capacity;
    /* Only while one is made: */
    uint32_t *slots; /* open addressing: place of a text, 0 is empty */
    uint32_t slot_count, slot_capacity;
    uint32_t *alias_of_text; /* + 1; 0: not known yet */
    struct buffer escaped;
};

struct bundle bundle_make(void);

void bundle_free(struct bundle *bundle);

/* Empties it and keeps its memory. */
void bundle_clear(struct bundle *bundle);

/* ---- making one: texts point to where they were given and must live until bundle_pack ---- */

/* The place of the text, added if it is new. */
uint32_t bundle_add_text(struct bundle *bundle, struct text text);

struct bundle_text bundle_text_of(struct text text);

/* Room for one more row at the end, zeroed. */
struct bundle_row *bundle_add_row(struct bundle *bundle);

/* Says that the name at this place is found under `key`; rows with the name get it by bundle_alias_of. */
uint32_t bundle_add_alias(struct bundle *bundle, uint32_t name, uint32_t key);

/* The alias, or UINT32_MAX. */
uint32_t bundle_alias_of(const struct bundle *bundle, uint32_t name);

/* Appends the bytes. */
void bundle_pack(struct bundle *bundle, struct buffer *out);

/* ---- reading one: texts point into the bytes ---- */

/* Texts and aliases. False: the bytes are not those of a bundle. `*rest` is where the rows begin. */
bool bundle_read_keys(struct bundle *bundle, const uint8_t *bytes, size_t length, const uint8_t **rest);

/* The same and the rows. */
bool bundle_read(struct bundle *bundle, const uint8_t *bytes, size_t length);

/* A text that was read, escaped for JSON without quotes. */
static inline struct text bundle_json(const struct bundle_text *text)
{
    return text->plain ? (struct text){text->data, text->length}
                       : (struct text){text->data + text->length, text->json_length};
}

static inline struct text bundle_raw(const struct bundle *bundle, uint32_t place)
{
    return (struct text){bundle->texts[place].data, bundle->texts[place].length};
}

#endif
