#include "common/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/unicode.h"

struct json_writer json_writer_make(struct buffer *out)
{
    return (struct json_writer){.out = out};
}

static void separate(struct json_writer *writer)
{
    if (writer->comma)
        buffer_append_byte(writer->out, ',');
    writer->comma = true;
}

static void begin(struct json_writer *writer, char bracket)
{
    const char both[] = {',', bracket};
    buffer_append(writer->out, writer->comma ? both : both + 1, writer->comma ? 2 : 1);
    writer->comma = false;
}

static void end(struct json_writer *writer, uint8_t bracket)
{
    buffer_append_byte(writer->out, bracket);
    writer->comma = true;
}

void json_object_begin(struct json_writer *writer)
{
    begin(writer, '{');
}

void json_object_end(struct json_writer *writer)
{
    end(writer, '}');
}

void json_array_begin(struct json_writer *writer)
{
    begin(writer, '[');
}

void json_array_end(struct json_writer *writer)
{
    end(writer, ']');
}

void json_key(struct json_writer *writer, const char *key)
{
    separate(writer);
    size_t length = strlen(key);
    uint8_t *to = buffer_reserve(writer->out, length + 3);
    if (to) {
        to[0] = '"';
        memcpy(to + 1, key, length);
        memcpy(to + 1 + length, "\":", 2);
        writer->out->length += length + 3;
    }
    writer->comma = false;
}

/* True for the bytes that may be copied as they are. */
static inline bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Not 0 if one of eight bytes needs an escape or is not ASCII.
 *
 * A byte's high bit is set in (x - 0x01…) & ~x if it is zero, in word - 0x20… if it is below 0x20; borrows
 * only spread above a byte that was found (Warren, Hacker's Delight, 6-1). */
static inline uint64_t specials(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | (word - ones * 0x20) | word) &
           highs;
}

static inline uint64_t eight_bytes(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Four to seven bytes, some of them twice. */
static inline uint64_t few_bytes(struct text text)
{
    uint32_t first, last;
    memcpy(&first, text.data, sizeof first);
    memcpy(&last, text.data + text.length - sizeof last, sizeof last);
    return (uint64_t)last << 32 | first;
}

/* All of it is ASCII and needs no escape. */
static bool is_plain_text(struct text text)
{
    const uint32_t step = sizeof(uint64_t);
    if (text.length >= step) {
        uint64_t found = specials(eight_bytes(text.data + text.length - step));
        for (uint32_t at = 0; at + step < text.length; at += step)
            found |= specials(eight_bytes(text.data + at));
        return !found;
    }
    if (text.length >= step / 2)
        return !specials(few_bytes(text));
    for (uint32_t at = 0; at < text.length; at++) {
        if ((uint8_t)text.data[at] >= 0x80 || !is_plain((uint8_t)text.data[at]))
            return false;
    }
    return true;
}

/* `text` in quotes, after a comma if one is due, followed by `behind` unless that is 0. Most strings need no
 * escape: one copy. */
static inline void quoted(struct json_writer *writer, struct text text, char behind)
{
    size_t size = (size_t)text.length + 2 + writer->comma + (behind != 0);
    uint8_t *to = is_plain_text(text) ? buffer_reserve(writer->out, size) : NULL;
    if (to) {
        if (writer->comma)
            *to++ = ',';
        *to++ = '"';
        if (text.length)
            memcpy(to, text.data, text.length);
        to[text.length] = '"';
        if (behind)
            to[text.length + 1] = (uint8_t)behind;
        writer->out->length += size;
        writer->comma = true;
        return;
    }
    separate(writer);
    buffer_append_byte(writer->out, '"');
    json_escape(writer->out, text);
    buffer_append_byte(writer->out, '"');
    if (behind)
        buffer_append_byte(writer->out, (uint8_t)behind);
}

void json_key_text(struct json_writer *writer, struct text key)
{
    quoted(writer, key, ':');
    writer->comma = false;
}

void json_text(struct json_writer *writer, struct text value)
{
    quoted(writer, value, 0);
}

void json_string(struct json_writer *writer, const char *value)
{
    json_text(writer, (struct text){value, (uint32_t)strlen(value)});
}

static void unsigned_digits(struct buffer *out, uint64_t value)
{
    char digits[20];
    unsigned at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buffer_append(out, digits + at, sizeof digits - at);
}

void json_int(struct json_writer *writer, int64_t value)
{
    separate(writer);
    if (value < 0)
        buffer_append_byte(writer->out, '-');
    unsigned_digits(writer->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_uint(struct json_writer *writer, uint64_t value)
{
    separate(writer);
    unsigned_digits(writer->out, value);
}

void json_bool(struct json_writer *writer, bool value)
{
    separate(writer);
    buffer_append_string(writer->out, value ? "true" : "false");
}

void json_null(struct json_writer *writer)
{
    separate(writer);
    buffer_append_string(writer->out, "null");
}

void json_double(struct json_writer *writer, double value)
{
    if (!isfinite(value)) {
        json_null(writer);
        return;
    }
    separate(writer);
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        int length = snprintf(text, sizeof text, "%.*g", digits, value);
        if (length < 0 || (size_t)length >= sizeof text || strtod(text, NULL) == value)
            break;
    }
    buffer_append_string(writer->out, text);
}

void json_raw(struct json_writer *writer, struct text json)
{
    separate(writer);
    buffer_append(writer->out, json.data, json.length);
}

static void escape_byte(struct buffer *out, uint8_t byte)
{
    static const char short_form[][3] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    static const char hex[] = "0123456789abcdef";
    if (byte == '"' || byte == '\\') {
        buffer_append(out, (uint8_t[]){'\\', byte}, 2);
    } else if (byte < sizeof short_form / sizeof *short_form && short_form[byte][0]) {
        buffer_append(out, short_form[byte], 2);
    } else {
        buffer_append(out, "\\u00", 4);
        buffer_append(out, (char[]){hex[byte >> 4], hex[byte & 15]}, 2);
    }
}

static void escape_valid(struct buffer *out, struct text text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    size_t start = 0;
    for (size_t at = 0; at < text.length; at++) {
        if (is_plain(bytes[at]))
            continue;
        buffer_append(out, bytes + start, at - start);
        escape_byte(out, bytes[at]);
        start = at + 1;
    }
    if (start < text.length)
        buffer_append(out, bytes + start, text.length - start);
}

void json_escape(struct buffer *out, struct text text)
{
    if (unicode_is_valid(text)) {
        escape_valid(out, text);
        return;
    }
    struct buffer repaired = buffer_make((size_t)text.length * 3);
    unicode_append_repaired(&repaired, text);
    escape_valid(out, (struct text){(const char *)repaired.data, (uint32_t)repaired.length});
    buffer_free(&repaired);
}
