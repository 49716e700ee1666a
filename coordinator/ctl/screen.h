#ifndef R3E_COORDINATOR_CTL_SCREEN_H
#define R3E_COORDINATOR_CTL_SCREEN_H
/* One screen of text, made anew for each moment and drawn with as little output as possible: only rows that
 * differ from what the terminal shows are written, each at its place, without clearing anything first. So
 * nothing flickers, and a remote line is not flooded (FAULTS C, terminal manners). Knows no terminal. */
#include <stdbool.h>

#include "common/buffer.h"

#define SCREEN_ROWS_MAX  300u
#define SCREEN_CELLS_MAX 500u

/* X(name, SGR parameters of ECMA-48 8.3.117, is it a colour) */
#define SCREEN_STYLES(X)                                                                                     \
    X(SCREEN_PLAIN, "", false)                                                                               \
    X(SCREEN_BOLD, "1", false)                                                                               \
    X(SCREEN_DIM, "2", false)                                                                                \
    X(SCREEN_REVERSE, "7", false)                                                                            \
    X(SCREEN_GOOD, "32", true)                                                                               \
    X(SCREEN_WARN, "33", true)                                                                               \
    X(SCREEN_BAD, "1;31", true)                                                                              \
    X(SCREEN_ACCENT, "36", true)

#define X(name, sgr, colour) name,
enum screen_style { SCREEN_STYLES(X) SCREEN_STYLE_COUNT };
#undef X

struct screen_row {
    struct buffer drawn; /* with escape sequences */
    struct buffer shown; /* what the terminal has there */
    unsigned cells;
};

struct screen {
    struct screen_row *rows; /* owned, SCREEN_ROWS_MAX */
    unsigned width, height;  /* cells; what is beyond is left out */
    unsigned at;             /* the row being made; `height`: none is left */
    bool colour, utf8;
    struct buffer scratch;
    bool whole; /* nothing is known of what the terminal shows */
};

/* `colour`: the terminal may show colours (NO_COLOR is not set). Release with screen_free. */
struct screen screen_make(bool colour, bool utf8);
void screen_free(struct screen *screen);

/* A new picture of this size, at its first row. Another size than before, or `whole`, draws all of it. */
void screen_begin(struct screen *screen, unsigned width, unsigned height);

/* How many rows are left, the one being made included. */
unsigned screen_left(const struct screen *screen);

/* Appends to the row, cut at the screen's width; control characters are replaced. */
void screen_put(struct screen *screen, enum screen_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends `text` cut and padded to `cells` cells. */
void screen_column(
    struct screen *screen, enum screen_style style, const char *text, unsigned cells, bool right);

/* Blanks up to this cell of the row, if it is not beyond already. */
void screen_fill(struct screen *screen, enum screen_style style, unsigned cell);

/* The next row. Past the last one everything is left out. */
void screen_next(struct screen *screen);

/* Appends what has to be written to the terminal, and takes it for written. Rows that were not made are
 * empty. */
void screen_draw(struct screen *screen, struct buffer *out);

#endif
