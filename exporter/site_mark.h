#ifndef R3E_EXPORTER_SITE_MARK_H
#define R3E_EXPORTER_SITE_MARK_H
/* How a published file of the search page is known as ours, whatever release wrote it: its last line is a
 * comment with the XXH64 of everything before it. A file that somebody edited, with the line or without, is
 * no longer ours. */
#include <stdbool.h>

#include "common/buffer.h"

/* True if `path` ends in .html, .svg, .css or .js: only these can have a mark. */
bool site_mark_possible(const char *path);

/* Appends the line to the file's bytes in `content`, in the language of `path`, which must be
 * possible. False where there is no room. */
bool site_mark_add(struct buffer *content, const char *path);

/* True if `content`, the whole file at `path`, ends in a mark that fits it. */
bool site_mark_fits(const struct buffer *content, const char *path);

#endif
