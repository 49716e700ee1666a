#ifndef R3E_COORDINATOR_CTL_COLUMNS_H
#define R3E_COORDINATOR_CTL_COLUMNS_H
/* Text in columns of a terminal, and numbers for people. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

#define COLUMNS_UNKNOWN 0

/* The terminal's width if standard output is one, else COLUMNS_UNKNOWN. */
unsigned columns_of_terminal(void);

/* Does the locale (LC_ALL, LC_CTYPE, LANG) ask for UTF-8? */
bool columns_utf8(void);

/* The cells that `text` takes: two for wide characters, none for marks. */
unsigned columns_width(const char *text);

/* Appends `text` cut to `width` cells (with … at its end) and padded to them, to the right if `right`.
 * Control characters are replaced: text from outside must not steer the terminal. */
void columns_append(struct buffer *out, const char *text, unsigned width, bool right);

/* Appends `text` in ASCII, in as many cells: the marks that this program uses (… × ↑ ↓) as what resembles
 * them most, of all else a question mark. */
void columns_append_ascii(struct buffer *out, const char *text);

#define COLUMNS_NUMBER_SIZE 32

/* 1,234,567 */
const char *columns_number(uint64_t number, char out[static COLUMNS_NUMBER_SIZE]);

/* 12 s, 3 min 20 s, 5 h 03 min, 2 d 4 h */
const char *columns_duration(uint64_t seconds, char out[static COLUMNS_NUMBER_SIZE]);

/* 512 kB, 1.5 MB, 2.0 GB (1024s) */
const char *columns_bytes(uint64_t bytes, char out[static COLUMNS_NUMBER_SIZE]);

#endif
