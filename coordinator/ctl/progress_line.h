#ifndef R3E_COORDINATOR_CTL_PROGRESS_LINE_H
#define R3E_COORDINATOR_CTL_PROGRESS_LINE_H
/* The crawl's progress in one line. */
#include <stdbool.h>

#include "common/buffer.h"
#include "coordinator/ctl/summary.h"

/* Appends a line of at most `width` cells: state, bar, done of all, entries, requests per second, time left,
 * memory of all processes, failures. On a narrow terminal the bar is shorter, and what matters least is left
 * out. `utf8`: the bar in block characters. */
void progress_line_live(const struct summary *summary, unsigned width, bool utf8, struct buffer *out);

/* Appends a sentence for a log. */
void progress_line_plain(const struct summary *summary, struct buffer *out);

#endif
