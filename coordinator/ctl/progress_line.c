#include "coordinator/ctl/progress_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/gauge.h"

#define PIECE_SIZE  96
#define PIECES_MAX  8
#define BAR_MOST    30 /* cells, brackets included */
#define BAR_USUAL   12
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
    if (summary->hold[0] && summary->hold_ms)
        add(pieces, "%s %s", summary->hold, columns_duration((summary->hold_ms + 999) / 1000, a));
    else if (summary->hold[0])
        add(pieces, "%s", summary->hold);
    if (summary->failed)
        add(pieces, "%s failed", columns_number(summary->failed, a));
    if (summary->time_left_known && summary->done < summary->combinations)
        add(pieces, "%s left", columns_duration(summary->time_left_s, a));
    add(pieces, "%.0f req/s", summary->requests_per_s);
    add(pieces, "%s entries", columns_number(summary->entries, a));
    add(pieces, "%s", columns_bytes(summary->tree_memory_kb * 1024, a));
}

/* By the terminal alone, so that the line does not jump as its numbers grow. */
static unsigned bar_cells(unsigned width)
{
    return width < 50 ? 0 : width < 75 ? BAR_LEAST : width < 95 ? BAR_USUAL : BAR_MOST;
}

void progress_line_live(const struct summary *summary, unsigned width, bool utf8, struct buffer *out)
{
    struct pieces pieces = {0};
    collect(summary, &pieces);
    unsigned bar = bar_cells(width);
    unsigned used = STATE_CELLS;
    columns_append(out, summary->state, STATE_CELLS < width ? STATE_CELLS : width, false);
    if (bar) {
        buffer_append_string(out, "  ");
        gauge_bar(summary->done, summary->combinations, bar, utf8, out);
        used += GAP_CELLS + bar;
    }
    for (unsigned i = 0; i < pieces.count; i++) {
        used += GAP_CELLS + (unsigned)strlen(pieces.text[i]);
        if (used > width)
            break;
        buffer_format(out, "  %s", pieces.text[i]);
    }
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
    if (summary->hold[0])
        buffer_format(out, ", held back: %s", summary->hold_reason);
}
