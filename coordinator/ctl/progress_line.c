#include "coordinator/ctl/progress_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"

#define PIECE_SIZE  96
#define PIECES_MAX  8
#define BAR_MOST    40
#define BAR_LEAST   8
#define GAP_CELLS   2 /* between pieces */
#define STATE_CELLS 9 /* "exporting" */

struct pieces {
    char text[PIECES_MAX][PIECE_SIZE];
    unsigned count;
};

static void add(struct pieces *pieces, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct pieces *pieces, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(pieces->text[pieces->count], PIECE_SIZE, format, arguments);
    va_end(arguments);
    if (length > 0 && length < PIECE_SIZE)
        pieces->count++;
}

/* What matters most comes first: the last goes when there is no room. */
static void collect(const struct summary *summary, struct pieces *pieces)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    add(pieces, "%s/%s", columns_number(summary->done, a), columns_number(summary->combinations, b));
    if (summary->upstream_asked_to_wait_ms)
        add(pieces, "asked to wait %s",
            columns_duration((summary->upstream_asked_to_wait_ms + 999) / 1000, a));
    if (summary->failed)
        add(pieces, "%s failed", columns_number(summary->failed, a));
    if (summary->time_left_known && summary->done < summary->combinations)
        add(pieces, "%s left", columns_duration(summary->time_left_s, a));
    add(pieces, "%.0f requests/s", summary->requests_per_s);
    add(pieces, "%s entries", columns_number(summary->entries, a));
    add(pieces, "%s", columns_bytes(summary->tree_memory_kb * 1024, a));
}

static void put_bar(const struct summary *summary, unsigned cells, bool utf8, struct buffer *out)
{
    uint64_t all = summary->combinations ? summary->combinations : 1;
    uint64_t done = summary->done < all ? summary->done : all;
    unsigned full = (unsigned)(done * cells / all);
    if (!utf8)
        buffer_append_byte(out, '[');
    for (unsigned i = 0; i < cells; i++) {
        const char *ascii = i < full ? "#" : "-";
        const char *block = i < full ? "\xE2\x96\x88" : "\xE2\x96\x91"; /* U+2588, U+2591 */
        buffer_append_string(out, utf8 ? block : ascii);
    }
    if (!utf8)
        buffer_append_byte(out, ']');
}

void progress_line_live(const struct summary *summary, unsigned width, bool utf8, struct buffer *out)
{
    struct pieces pieces = {0};
    collect(summary, &pieces);
    unsigned frame = utf8 ? 0 : 2;
    unsigned used = STATE_CELLS + GAP_CELLS + frame;
    unsigned shown = 0;
    for (; shown < pieces.count; shown++) {
        unsigned cells = GAP_CELLS + (unsigned)strlen(pieces.text[shown]);
        if (used + cells + BAR_LEAST > width)
            break;
        used += cells;
    }
    unsigned bar = used < width ? width - used : 0;
    columns_append(out, summary->state, STATE_CELLS, false);
    if (bar >= BAR_LEAST) {
        buffer_append_string(out, "  ");
        put_bar(summary, bar < BAR_MOST ? bar : BAR_MOST, utf8, out);
    }
    for (unsigned i = 0; i < shown; i++)
        buffer_format(out, "  %s", pieces.text[i]);
}

void progress_line_plain(const struct summary *summary, struct buffer *out)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    buffer_format(out, "%s: %s of %s combinations", summary->state, columns_number(summary->done, a),
        columns_number(summary->combinations, b));
    buffer_format(
        out, ", %s entries, %.0f requests/s", columns_number(summary->entries, a), summary->requests_per_s);
    if (summary->time_left_known && summary->done < summary->combinations)
        buffer_format(out, ", %s left", columns_duration(summary->time_left_s, a));
    buffer_format(out, ", %s in all processes, %s failed", columns_bytes(summary->tree_memory_kb * 1024, a),
        columns_number(summary->failed, b));
    if (summary->upstream_asked_to_wait_ms)
        buffer_format(out, ", the service asked to wait %s",
            columns_duration((summary->upstream_asked_to_wait_ms + 999) / 1000, a));
}
