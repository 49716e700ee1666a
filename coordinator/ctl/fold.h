#ifndef R3E_COORDINATOR_CTL_FOLD_H
#define R3E_COORDINATOR_CTL_FOLD_H
/* Names as people type them: without accents, without case, with any apostrophe and any blanks. */
#include <stdbool.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

/* How a letter that is two in one is folded: æ, œ and þ are found as a, o, t and as ae, oe, th. */
enum fold_style { FOLD_SHORT, FOLD_LONG, FOLD_STYLES };

/* Replaces `out` by the folded text: compatibility decomposition without marks (Unicode 15, 3.7), case
 * folded, letters that have no decomposition (ø, ł, ð …) by the nearest ASCII one, runs of blanks one blank,
 * none at the ends. False if `text` is not UTF-8 or does not fit. */
bool fold_text(struct text text, enum fold_style style, struct buffer *out);

/* Where a folded needle stands in a folded name, best first. */
enum fold_match { FOLD_EXACT, FOLD_BEGINNING, FOLD_WORD, FOLD_INSIDE, FOLD_NONE };

enum fold_match fold_find(const struct buffer *name, const struct buffer *needle);

#endif
