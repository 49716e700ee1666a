#include "coordinator/ctl/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "coordinator/ctl/columns.h"

#define ROW_MAX  ((size_t)SCREEN_CELLS_MAX * 16) /* bytes: escape sequences and marks included */
#define TEXT_MAX 2048

#define X(name, sgr, colour) {sgr, colour},
static const struct {
    const char *sgr;
    bool colour;
} styles[] = {SCREEN_STYLES(X)};
#undef X

struct screen screen_make(bool colour, bool utf8)
{
    struct screen screen = {.colour = colour, .utf8 = utf8, .whole = true, .scratch = buffer_make(ROW_MAX)};
    screen.rows = memory_zalloc(SCREEN_ROWS_MAX, sizeof *screen.rows);
    for (unsigned i = 0; i < SCREEN_ROWS_MAX; i++) {
        screen.rows[i].drawn = buffer_make(ROW_MAX);
        screen.rows[i].shown = buffer_make(ROW_MAX);
    }
    return screen;
}

void screen_free(struct screen *screen)
{
    buffer_free(&screen->scratch);
    for (unsigned i = 0; screen->rows && i < SCREEN_ROWS_MAX; i++) {
        buffer_free(&screen->rows[i].drawn);
        buffer_free(&screen->rows[i].shown);
    }
    free(screen->rows);
    *screen = (struct screen){0};
}

void screen_begin(struct screen *screen, unsigned width, unsigned height)
{
    width = width < SCREEN_CELLS_MAX ? width : SCREEN_CELLS_MAX;
    height = height < SCREEN_ROWS_MAX ? height : SCREEN_ROWS_MAX;
    screen->whole |= width != screen->width || height != screen->height;
    screen->width = width;
    screen->height = height;
    screen->at = 0;
    for (unsigned i = 0; i < height; i++) {
        buffer_clear(&screen->rows[i].drawn);
        screen->rows[i].cells = 0;
    }
}

unsigned screen_left(const struct screen *screen)
{
    return screen->height - screen->at;
}

void screen_next(struct screen *screen)
{
    screen->at += screen->at < screen->height;
}

void screen_column(
    struct screen *screen, enum screen_style style, const char *text, unsigned cells, bool right)
{
    if (screen->at == screen->height)
        return;
    struct screen_row *row = &screen->rows[screen->at];
    unsigned room = screen->width - row->cells;
    bool styled = styles[style].sgr[0] && (screen->colour || !styles[style].colour);
    cells = cells < room ? cells : room;
    if (!cells)
        return;
    if (styled)
        buffer_format(&row->drawn, "\x1b[%sm", styles[style].sgr);
    if (screen->utf8) {
        columns_append(&row->drawn, text, cells, right);
    } else {
        buffer_clear(&screen->scratch);
        columns_append(&screen->scratch, text, cells, right);
        columns_append_ascii(&row->drawn, buffer_string(&screen->scratch));
    }
    if (styled)
        buffer_append_string(&row->drawn, "\x1b[m");
    row->cells += cells;
}

void screen_put(struct screen *screen, enum screen_style style, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        screen_column(screen, style, text, columns_width(text), false);
}

void screen_fill(struct screen *screen, enum screen_style style, unsigned cell)
{
    unsigned at = screen->at < screen->height ? screen->rows[screen->at].cells : cell;
    if (at < cell)
        screen_column(screen, style, "", cell - at, false);
}

static bool is_shown(const struct screen_row *row)
{
    return row->drawn.length == row->shown.length &&
           (row->drawn.length == 0 || memcmp(row->drawn.data, row->shown.data, row->drawn.length) == 0);
}

void screen_draw(struct screen *screen, struct buffer *out)
{
    for (unsigned i = 0; i < screen->height; i++) {
        struct screen_row *row = &screen->rows[i];
        if (!screen->whole && is_shown(row))
            continue;
        /* Cursor position, the row, and the rest of the line erased (ECMA-48 8.3.21, 8.3.41); a full row
         * leaves nothing to erase, and some terminals would erase its last cell. */
        buffer_format(out, "\x1b[%u;1H", i + 1);
        buffer_append(out, row->drawn.data, row->drawn.length);
        if (row->cells < screen->width)
            buffer_append_string(out, "\x1b[K");
        buffer_clear(&row->shown);
        buffer_append(&row->shown, row->drawn.data, row->drawn.length);
    }
    screen->whole = false;
}
