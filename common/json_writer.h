#ifndef R3E_COMMON_JSON_WRITER_H
#define R3E_COMMON_JSON_WRITER_H
/* Writes compact JSON (RFC 8259) straight into a buffer, without a tree.
 *
 * The writer puts the commas; the caller is responsible for balance and for keys inside objects. Strings may
 * be any bytes: `"`, `\` and control characters are escaped in the shortest form, ill-formed UTF-8 becomes
 * U+FFFD, all else stays as it is (no `\/`, no `\u` for what UTF-8 can say). Whether everything fitted shows
 * in the buffer. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

struct json_writer {
    struct buffer *out; /* borrowed; may be emptied between two calls */
    bool comma;         /* a value stands before at this level */
};

struct json_writer json_writer_make(struct buffer *out);

void json_object_begin(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array_begin(struct json_writer *writer);
void json_array_end(struct json_writer *writer);

/* `key` as it is: a literal without characters that need escaping. */
void json_key(struct json_writer *writer, const char *key);

/* Any text as a key. */
void json_key_text(struct json_writer *writer, struct text key);

void json_text(struct json_writer *writer, struct text value);
void json_string(struct json_writer *writer, const char *value);
void json_int(struct json_writer *writer, int64_t value);
void json_uint(struct json_writer *writer, uint64_t value);
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);

/* A finite double in the shortest form that reads back equal; NaN and infinities become null. */
void json_double(struct json_writer *writer, double value);

/* `json` is one complete JSON value, put as it is. */
void json_raw(struct json_writer *writer, struct text json);

/* Appends `text` escaped, without quotes: for strings that are put together once and used often (with
 * json_raw). */
void json_escape(struct buffer *out, struct text text);

#endif
