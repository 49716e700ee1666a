#include "coordinator/ctl/gauge.h"

#include <string.h>

#define LEVELS 8

void gauge_bar(uint64_t done, uint64_t all, unsigned cells, bool utf8, struct buffer *out)
{
    if (cells < 3)
        return;
    if (!utf8) {
        cells -= 2;
        buffer_append_byte(out, '[');
    }
    double part = all && done < all ? (double)done / (double)all : all ? 1 : 0;
    unsigned full = (unsigned)(part * cells);
    for (unsigned i = 0; i < cells; i++) {
        const char *ascii = i < full ? "#" : "-";
        const char *block = i < full ? "\xE2\x96\x88" : "\xE2\x96\x91"; /* U+2588, U+2591 */
        buffer_append_string(out, utf8 ? block : ascii);
    }
    if (!utf8)
        buffer_append_byte(out, ']');
}

void gauge_add(struct gauge_history *history, double value)
{
    if (history->count == GAUGE_VALUES) {
        memmove(history->values, history->values + 1, (GAUGE_VALUES - 1) * sizeof *history->values);
        history->count--;
    }
    history->values[history->count++] = value;
}

static unsigned level_of(double value, double greatest)
{
    if (!(value > 0) || !(greatest > 0))
        return 0;
    unsigned level = (unsigned)(value / greatest * (LEVELS - 1) + 0.5);
    return level ? level : 1;
}

void gauge_spark(const struct gauge_history *history, unsigned cells, bool utf8, struct buffer *out)
{
    /* U+2581 to U+2588. */
    static const char *const blocks[LEVELS] = {"\xE2\x96\x81", "\xE2\x96\x82", "\xE2\x96\x83", "\xE2\x96\x84",
        "\xE2\x96\x85", "\xE2\x96\x86", "\xE2\x96\x87", "\xE2\x96\x88"};
    static const char *const ascii[LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    unsigned shown = history->count < cells ? history->count : cells;
    const double *values = history->values + history->count - shown;
    double greatest = 0;
    for (unsigned i = 0; i < shown; i++)
        greatest = values[i] > greatest ? values[i] : greatest;
    for (unsigned i = shown; i < cells; i++)
        buffer_append_byte(out, ' ');
    for (unsigned i = 0; i < shown; i++)
        buffer_append_string(out, (utf8 ? blocks : ascii)[level_of(values[i], greatest)]);
}
