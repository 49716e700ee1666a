#include "common/json_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MOST  63 /* characters of a number */
#define EXACT_DIGITS 15 /* so many digits always fit a double */

struct json_reader json_reader_make(const void *bytes, size_t length)
{
    const char *text = length ? bytes : "";
    return (struct json_reader){.at = text, .end = text + length};
}

static bool fail(struct json_reader *reader)
{
    reader->failed = true;
    reader->at = reader->end;
    return false;
}

/* The next byte behind white space, not taken; 0: the end. */
static char peek(struct json_reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct json_reader *reader, char wanted)
{
    if (peek(reader) != wanted || reader->at == reader->end)
        return fail(reader);
    reader->at++;
    return true;
}

enum json_kind json_reader_kind(struct json_reader *reader)
{
    switch (peek(reader)) {
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    case '[':
        return JSON_ARRAY;
    case '{':
        return JSON_OBJECT;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return JSON_NUMBER;
    default:
        return JSON_NOTHING;
    }
}

/* ---- objects and arrays ---- */

static bool begin(struct json_reader *reader, char bracket)
{
    reader->fresh = take(reader, bracket);
    return reader->fresh;
}

/* True if another member follows; false at the end, which is taken. */
static bool next(struct json_reader *reader, char bracket)
{
    bool fresh = reader->fresh;
    reader->fresh = false;
    if (peek(reader) == bracket) {
        reader->at += reader->at < reader->end;
        return false;
    }
    return !reader->failed && (fresh || take(reader, ','));
}

bool json_reader_object(struct json_reader *reader)
{
    return begin(reader, '{');
}

bool json_reader_key(struct json_reader *reader, char *key, size_t size)
{
    size_t length;
    return next(reader, '}') && json_reader_string(reader, key, size, &length) && take(reader, ':');
}

bool json_reader_array(struct json_reader *reader)
{
    return begin(reader, '[');
}

bool json_reader_item(struct json_reader *reader)
{
    return next(reader, ']');
}

/* ---- strings ---- */

struct sink {
    char *out;
    size_t size, length;
};

static void put(struct sink *sink, const char *bytes, size_t count)
{
    size_t room = sink->length + 1 < sink->size ? sink->size - 1 - sink->length : 0;
    memcpy(sink->out + (room ? sink->length : 0), bytes, count < room ? count : room);
    sink->length += count;
}

static bool read_hex(struct json_reader *reader, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        char c = reader->at < reader->end ? *reader->at : '\0';
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return fail(reader);
        *code = *code << 4 | digit;
    }
    return true;
}

static void put_code(struct sink *sink, uint32_t code)
{
    char bytes[4];
    size_t count;
    if (code < 0x80) {
        bytes[0] = (char)code;
        count = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        count = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        count = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        count = 4;
    }
    for (size_t i = 1; i < count; i++)
        bytes[i] = (char)(0x80 | ((code >> 6 * (count - 1 - i)) & 0x3f));
    put(sink, bytes, count);
}

/* Behind "\u". Half a surrogate pair is no character. */
static bool read_code(struct json_reader *reader, struct sink *sink)
{
    uint32_t code, low;
    if (!read_hex(reader, &code))
        return false;
    if (code >= 0xd800 && code < 0xe000) {
        bool pair = code < 0xdc00 && reader->end - reader->at >= 6 && memcmp(reader->at, "\\u", 2) == 0;
        reader->at += pair ? 2 : 0;
        if (!pair || !read_hex(reader, &low) || low < 0xdc00 || low > 0xdfff)
            return fail(reader);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code == 0)
        return fail(reader);
    put_code(sink, code);
    return true;
}

static bool read_escape(struct json_reader *reader, struct sink *sink)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end)
        return fail(reader);
    char name = *reader->at++;
    if (name == 'u')
        return read_code(reader, sink);
    const char *found = name ? strchr(names, name) : NULL;
    if (!found)
        return fail(reader);
    put(sink, &values[found - names], 1);
    return true;
}

bool json_reader_string(struct json_reader *reader, char *out, size_t size, size_t *length)
{
    struct sink sink = {.out = out, .size = size};
    if (!take(reader, '"'))
        return false;
    for (;;) {
        const char *from = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
               (unsigned char)*reader->at >= 0x20)
            reader->at++;
        put(&sink, from, (size_t)(reader->at - from));
        char stop = reader->at < reader->end ? *reader->at++ : '\0';
        if (stop == '"')
            break;
        if (stop != '\\')
            return fail(reader); /* a control character, or no end */
        if (!read_escape(reader, &sink))
            return false;
    }
    out[sink.length < size ? sink.length : size - 1] = '\0';
    *length = sink.length;
    return true;
}

/* ---- numbers and words ---- */

static size_t count_digits(const struct json_reader *reader, const char *from)
{
    const char *at = from;
    while (at < reader->end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - from);
}

/* Length of the number at `at` by the RFC's grammar, 0: none; `*digits`: of its whole part. */
static size_t measure_number(const struct json_reader *reader, size_t *digits)
{
    const char *at = reader->at;
    at += at < reader->end && *at == '-';
    *digits = count_digits(reader, at);
    if (*digits == 0 || (*digits > 1 && *at == '0'))
        return 0;
    at += *digits;
    if (at < reader->end && *at == '.') {
        size_t count = count_digits(reader, at + 1);
        if (count == 0)
            return 0;
        at += 1 + count;
    }
    if (at < reader->end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < reader->end && (*at == '+' || *at == '-');
        size_t count = count_digits(reader, at);
        if (count == 0)
            return 0;
        at += count;
    }
    return (size_t)(at - reader->at);
}

bool json_reader_number(struct json_reader *reader, double *number)
{
    char text[NUMBER_MOST + 1];
    size_t digits, length;
    peek(reader);
    length = measure_number(reader, &digits);
    if (length == 0 || length > NUMBER_MOST)
        return fail(reader);
    if (length == digits && digits <= EXACT_DIGITS) {
        uint64_t whole = 0;
        for (size_t i = 0; i < digits; i++)
            whole = whole * 10 + (uint64_t)(reader->at[i] - '0');
        *number = (double)whole;
    } else {
        memcpy(text, reader->at, length);
        text[length] = '\0';
        *number = strtod(text, NULL);
    }
    reader->at += length;
    return true;
}

static bool skip_word(struct json_reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return fail(reader);
    reader->at += length;
    return true;
}

static bool skip_scalar(struct json_reader *reader, enum json_kind kind)
{
    char nothing[1];
    size_t length;
    double number;
    switch (kind) {
    case JSON_STRING:
        return json_reader_string(reader, nothing, sizeof nothing, &length);
    case JSON_NUMBER:
        return json_reader_number(reader, &number);
    case JSON_TRUE:
        return skip_word(reader, "true");
    case JSON_FALSE:
        return skip_word(reader, "false");
    case JSON_NULL:
        return skip_word(reader, "null");
    default:
        return fail(reader);
    }
}

bool json_reader_skip(struct json_reader *reader)
{
    bool is_object[JSON_READER_DEPTH_MOST];
    size_t depth = 0;
    char nothing[1];
    do {
        enum json_kind kind = json_reader_kind(reader);
        if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
            if (depth == JSON_READER_DEPTH_MOST)
                return fail(reader);
            is_object[depth++] = kind == JSON_OBJECT;
            begin(reader, kind == JSON_OBJECT ? '{' : '[');
        } else if (!skip_scalar(reader, kind)) {
            return false;
        }
        while (depth && !(is_object[depth - 1] ? json_reader_key(reader, nothing, sizeof nothing)
                                               : json_reader_item(reader)))
            depth--;
    } while (depth && !reader->failed);
    return !reader->failed;
}

bool json_reader_done(struct json_reader *reader)
{
    peek(reader);
    return !reader->failed && reader->at == reader->end;
}
