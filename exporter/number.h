#ifndef R3E_EXPORTER_NUMBER_H
#define R3E_EXPORTER_NUMBER_H
/* Numbers and texts in our temporary and kept files: a number in groups of seven bits, lowest first, the top
 * bit saying that more follow (LEB128); a text as its length and its bytes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/pack_reader.h"

#define NUMBER_BYTES_MAX 10u

static inline uint8_t *number_put(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *number_put_text(uint8_t *at, struct text text)
{
    at = number_put(at, text.length);
    if (text.length)
        memcpy(at, text.data, text.length);
    return at + text.length;
}

/* Where reading stands. Errors are sticky: after the first every number is 0 and every text empty. */
struct number_reader {
    const uint8_t *at, *end;
    bool failed;
};

static inline uint64_t number_take_long(struct number_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; reader->at < reader->end && shift < 64; shift += 7) {
        uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader->at = reader->end;
    reader->failed = true;
    return 0;
}

/* Fails above `max`. */
static inline uint32_t number_take(struct number_reader *reader, uint32_t max)
{
    uint64_t value =
        reader->at < reader->end && *reader->at < 0x80 ? (uint64_t)*reader->at++ : number_take_long(reader);
    if (value <= max)
        return (uint32_t)value;
    reader->at = reader->end;
    reader->failed = true;
    return 0;
}

/* `length` bytes as they are. */
static inline struct text number_take_bytes(struct number_reader *reader, uint32_t length)
{
    if (length > (size_t)(reader->end - reader->at)) {
        reader->at = reader->end;
        reader->failed = true;
        return (struct text){"", 0};
    }
    struct text text = {(const char *)reader->at, length};
    reader->at += length;
    return text;
}

static inline struct text number_take_text(struct number_reader *reader)
{
    return number_take_bytes(reader, number_take(reader, UINT32_MAX));
}

#endif
