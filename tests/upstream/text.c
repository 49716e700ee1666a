#include "tests/upstream/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_FIRST_CAPACITY = 256 };

static const char DIGIT_PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

void text_reserve(struct text *text, size_t more)
{
    size_t needed = text->length + more;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity + text->capacity / 4;
    if (capacity < TEXT_FIRST_CAPACITY)
        capacity = TEXT_FIRST_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(text->data, capacity);
    if (!data) {
        fprintf(stderr, "r3e-upstream: out of memory (%zu bytes)\n", capacity);
        abort();
    }
    text->data = data;
    text->capacity = capacity;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void text_append(struct text *text, const char *data, size_t length)
{
    if (length == 0)
        return;
    text_reserve(text, length);
    text_put(text, data, length);
}

void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_append_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = NULL;
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length < 0) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    text_append(text, line, (size_t)length);
    free(line);
}

static void append_unicode_escape(struct text *text, unsigned code_unit)
{
    static const char HEX[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', HEX[code_unit >> 12 & 15], HEX[code_unit >> 8 & 15],
        HEX[code_unit >> 4 & 15], HEX[code_unit & 15]};
    text_append(text, escape, sizeof escape);
}

// Decodes the character that starts at raw[0] (valid UTF-8); returns its length in bytes.
static size_t decode_utf8(const char *raw, size_t length, unsigned *code_point)
{
    unsigned char lead = (unsigned char)raw[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > length)
        size = length;
    unsigned value = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++)
        value = value << 6 | ((unsigned char)raw[i] & 0x3fU);
    *code_point = value;
    return size;
}

void text_append_json(struct text *text, const char *raw, size_t length, unsigned style)
{
    for (size_t i = 0; i < length;) {
        unsigned code_point = 0;
        size_t size = decode_utf8(raw + i, length - i, &code_point);
        if (code_point == '"' || code_point == '\\' || (code_point == '/' && (style & ESCAPE_SLASH))) {
            text_append(text, "\\", 1);
            text_append(text, raw + i, 1);
        } else if (code_point == '\t') {
            text_append_string(text, "\\t");
        } else if (code_point < 0x20 ||
                   (code_point >= 0x80 && code_point < 0x10000 && (style & ESCAPE_UNICODE))) {
            append_unicode_escape(text, code_point);
        } else if (code_point >= 0x10000 && (style & ESCAPE_UNICODE)) {
            append_unicode_escape(text, 0xd800 + ((code_point - 0x10000) >> 10));
            append_unicode_escape(text, 0xdc00 + ((code_point - 0x10000) & 0x3ff));
        } else {
            text_append(text, raw + i, size);
        }
        i += size;
    }
}

void text_put_number(struct text *text, uint32_t number)
{
    char digits[10];
    size_t at = sizeof digits;
    while (number >= 100) {
        at -= 2;
        memcpy(digits + at, DIGIT_PAIRS + (size_t)(number % 100) * 2, 2);
        number /= 100;
    }
    if (number >= 10) {
        at -= 2;
        memcpy(digits + at, DIGIT_PAIRS + (size_t)number * 2, 2);
    } else {
        digits[--at] = (char)('0' + number);
    }
    text_put(text, digits + at, sizeof digits - at);
}

void text_put_2_digits(struct text *text, uint32_t number)
{
    assert(number < 100);
    text_put(text, DIGIT_PAIRS + (size_t)number * 2, 2);
}

void text_put_3_digits(struct text *text, uint32_t number)
{
    assert(number < 1000);
    text->data[text->length++] = (char)('0' + number / 100);
    text_put(text, DIGIT_PAIRS + (size_t)(number % 100) * 2, 2);
}
