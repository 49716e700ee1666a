#ifndef R3E_WORKER_CONTENT_H
#define R3E_WORKER_CONTENT_H
/* A board as it grows page by page: its rows, its detail document, and what is needed to put entries of
 * several pages in order and to drop those that came twice.
 *
 * Within a page entries are sorted by place before they are written. Places of a later page below those of an
 * earlier one are mended at the end: then, and only then, the detail is decompressed and put together anew.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/protocol.h"
#include "worker/listing.h"

struct content;

struct content *content_open(void);
void content_close(struct content **pointer);

/* Forgets everything and begins the board of `job`, which must stay until content_finish. */
void content_begin(struct content *content, const struct message_job *job);

/* Adds a page. Texts of the page's arena are copied or not needed afterwards; `arena` is used for more.
 * False: too much memory was wanted. */
bool content_add_page(struct content *content, const struct listing *listing, struct arena *arena);

/* Entries dropped as seen on an earlier page: the board changed while it was being paged through. */
uint32_t content_duplicates(const struct content *content);

/* Places were not in order over the pages. */
bool content_is_disordered(const struct content *content);

uint32_t content_entries(const struct content *content);

/* Ends the board and gives its content hash. False: too much memory was wanted. */
bool content_finish(struct content *content, uint8_t hash[static RECORD_HASH_SIZE]);

/* After content_finish: appends rows (board.h) and detail (a gzip member). False: one is over its limit. */
bool content_encode(struct content *content, struct buffer *rows, struct buffer *detail);

#endif
