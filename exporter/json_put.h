#ifndef R3E_EXPORTER_JSON_PUT_H
#define R3E_EXPORTER_JSON_PUT_H
/* JSON of entries and rankings, of which there are hundreds of thousands: written straight into room that was
 * reserved for all of it. Each returns where the next byte goes. */
#include <stdint.h>
#include <string.h>

#include "common/pack_reader.h"

#define JSON_PUT_UINT_MOST 20 /* bytes */

/* A string literal, as it is. */
#define json_put_literal(at, string) (memcpy((at), (string), sizeof(string) - 1), (at) + sizeof(string) - 1)

/* Text that is JSON already. */
static inline uint8_t *json_put_text(uint8_t *at, struct text json)
{
    if (json.length)
        memcpy(at, json.data, json.length);
    return at + json.length;
}

static inline uint8_t *json_put_uint(uint8_t *at, uint64_t value)
{
    uint8_t digits[JSON_PUT_UINT_MOST];
    unsigned first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(at, digits + first, sizeof digits - first);
    return at + sizeof digits - first;
}

#endif
