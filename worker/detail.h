#ifndef R3E_WORKER_DETAIL_H
#define R3E_WORKER_DETAIL_H
/* The detail file of one combination, as it will be published: the service's rows with every field of theirs.
 *
 *     {"track_info":{"Name","TrackID","ClassID","Data":[rows]},"cached_at","track_name","track_id","entry_count"}
 *
 * Rows are compressed segment by segment as they come, so the document is never in memory as a whole; one
 * that fits a single segment is compressed at its end, and not at all if it proves to be what the store
 * holds. */
#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/buffer.h"
#include "common/gzip.h"
#include "common/json_writer.h"
#include "common/protocol.h"

struct detail;

struct detail *detail_open(void);
void detail_close(struct detail **pointer);

/* Begins the document of a job; what was there before is forgotten. `job` must stay until detail_finish. */
void detail_begin(struct detail *detail, const struct message_job *job);

/* Appends a row: keys and values as they came, numbers in the shortest form that reads back equal, strings
 * mended to UTF-8. Returns its length in bytes, without the comma before it. */
size_t detail_add(struct detail *detail, const cJSON *entry);

/* Appends a row that is JSON text already. */
void detail_add_raw(struct detail *detail, struct text row);

/* Ends the document and gives its content hash: XXH3-128 of all of it but `cached_at`, canonical byte order
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). */
void detail_finish(struct detail *detail, uint32_t entry_count, uint8_t hash[static RECORD_HASH_SIZE]);

/* After detail_finish: appends the gzip member. False if `out` is too small or something did not fit before.
 */
bool detail_compress(struct detail *detail, struct buffer *out);

/* Before detail_finish: appends the rows so far as they stand in the document, with their commas,
 * decompressing what was compressed already. False if `out` is too small. */
bool detail_read_rows(struct detail *detail, struct buffer *out);

#endif
