#ifndef R3E_COMMON_JSON_READER_H
#define R3E_COMMON_JSON_READER_H
/* Reads JSON (RFC 8259) from a run of bytes, value by value, without a tree and without memory: for control
 * frames, of which a busy coordinator reads tens of thousands a second. READY and RESULT by cJSON are 52,000
 * instructions, more than all else that the event loop does for a job; by this, 16,000 (callgrind).
 *
 *     json_reader_object(r); while (json_reader_key(r, …)) read exactly one value
 *     json_reader_array(r);  while (json_reader_item(r))   read exactly one value
 *
 * Everything is refused that the RFC does not allow; then `failed` is set, stays set, and every call says
 * false. Bytes above 127 are taken as they are: whether a string is UTF-8 is looked at where it is used. */
#include <stdbool.h>
#include <stddef.h>

#define JSON_READER_DEPTH_MOST 16 /* of what json_reader_skip passes over */

struct json_reader {
    const char *at, *end; /* borrowed */
    bool fresh;           /* an object or array has just begun: no comma before the next */
    bool failed;
};

enum json_kind {
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_NOTHING
};

struct json_reader json_reader_make(const void *bytes, size_t length);

/* What comes next; JSON_NOTHING: the end, or none of the others. Reads only white space. */
enum json_kind json_reader_kind(struct json_reader *reader);

/* Begins an object; reads the next key of it, false at its end. A key is written as by json_reader_string. */
bool json_reader_object(struct json_reader *reader);
bool json_reader_key(struct json_reader *reader, char *key, size_t size);

/* Begins an array; true if another value of it follows. */
bool json_reader_array(struct json_reader *reader);
bool json_reader_item(struct json_reader *reader);

/* A string without its escapes, in UTF-8. `*length` is its true length; of one that does not fit in `size`
 * bytes with a terminator only the beginning is written, always with terminator. A zero in it is refused. */
bool json_reader_string(struct json_reader *reader, char *out, size_t size, size_t *length);

/* A number; whole ones up to 2^53 are exact. */
bool json_reader_number(struct json_reader *reader, double *number);

/* Passes over one value, whatever it is. */
bool json_reader_skip(struct json_reader *reader);

/* True if nothing but white space is left, and nothing has failed. */
bool json_reader_done(struct json_reader *reader);

#endif
