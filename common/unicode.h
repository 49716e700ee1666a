#ifndef R3E_COMMON_UNICODE_H
#define R3E_COMMON_UNICODE_H
/* UTF-8: checking, mending, composing, lower case. Code point data is utf8proc's. Nothing depends on the
 * locale. */
#include <stdbool.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. NUL is a character.
 */
bool unicode_is_valid(struct text text);

/* Appends `text` to `out` with each ill-formed byte sequence replaced by U+FFFD, one for each maximal subpart
 * (Unicode 15, section 3.9, "U+FFFD substitution of maximal subparts"). */
void unicode_append_repaired(struct buffer *out, struct text text);

/* Appends the NFC form of `text`, which must be valid. */
void unicode_append_nfc(struct buffer *out, struct text text);

/* Appends `text`, which must be valid, with every code point mapped to its simple lower case: always one code
 * point for one code point (so `İ` becomes `i` and a final `Σ` becomes `σ`). */
void unicode_append_lower(struct buffer *out, struct text text);

/* True if valid `text` has a control character (C0, DEL, C1). */
bool unicode_has_control(struct text text);

/* Makes a terminated string safe to show on a terminal or in a log line: each byte of a control character
 * (C0, DEL, C1) and each ill-formed byte becomes `?`. In place. */
void unicode_make_printable(char *string);

/* The longest prefix of at most `max_length` bytes that ends between code points of valid `text`. */
struct text unicode_truncate(struct text text, uint32_t max_length);

#endif
