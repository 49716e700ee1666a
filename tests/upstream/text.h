// Growing text: the one output buffer that pages, the truth and the log are written into.
//
// The per-entry path writes with text_put() and text_number(), which do not check: the caller reserves
// the room for a whole entry first (text_reserve). Running out of memory ends the program.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Bytes owned by somebody else; valid as long as that owner lives. Not NUL-terminated.
struct view {
    const char *data;
    size_t length;
};

// A part of a text that still grows; resolve it with text_part() when it is read.
struct span {
    uint32_t offset;
    uint32_t length;
};

// Owned by whoever initialised it; {0} is a valid empty text.
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

// Makes room for `more` bytes after the present length.
void text_reserve(struct text *text, size_t more);
// Frees the memory and empties `text`.
void text_free(struct text *text);

// Appends with the room checked.
void text_append(struct text *text, const char *data, size_t length);
void text_append_string(struct text *text, const char *string);
void text_append_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

// How strings are escaped: all of these are the same JSON string to a reader.
enum escape {
    ESCAPE_PLAIN = 0,   // quotes, backslashes and control characters only
    ESCAPE_SLASH = 1,   // "\/" too, as PHP's json_encode does
    ESCAPE_UNICODE = 2, // "\u00e9" (and surrogate pairs) for everything that is not ASCII
};

// Appends the UTF-8 `raw` as the inside of a JSON string. `style` is a set of `enum escape`.
void text_append_json(struct text *text, const char *raw, size_t length, unsigned style);

static inline void text_put(struct text *text, const char *data, size_t length)
{
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

static inline void text_put_view(struct text *text, struct view view)
{
    text_put(text, view.data, view.length);
}

#define TEXT_PUT_LITERAL(text, literal) text_put((text), "" literal, sizeof(literal) - 1)

// Writes `number` in decimal; at most 10 bytes.
void text_put_number(struct text *text, uint32_t number);
// Writes exactly two (0 to 99) or three (0 to 999) digits.
void text_put_2_digits(struct text *text, uint32_t number);
void text_put_3_digits(struct text *text, uint32_t number);

// What was appended since the text was `start` bytes long.
static inline struct span text_span(const struct text *text, size_t start)
{
    assert(text->length <= UINT32_MAX);
    return (struct span){(uint32_t)start, (uint32_t)(text->length - start)};
}

static inline struct view text_part(const struct text *text, struct span span)
{
    return (struct view){text->data + span.offset, span.length};
}

static inline struct view text_view(const struct text *text)
{
    return (struct view){text->data, text->length};
}
