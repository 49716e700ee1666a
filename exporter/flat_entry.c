#include "exporter/flat_entry.h"

#include <string.h>

#include "common/json_writer.h"

/* Bytes of keys, punctuation and numbers; more than there can be. */
#define FRAME_BYTES 512u

#define literal(at, string) (memcpy((at), (string), sizeof(string) - 1), (at) + sizeof(string) - 1)

static uint8_t *put_text(uint8_t *at, struct text text)
{
    if (text.length)
        memcpy(at, text.data, text.length);
    return at + text.length;
}

static uint8_t *put_uint(uint8_t *at, uint64_t value)
{
    uint8_t digits[20];
    unsigned first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(at, digits + first, sizeof digits - first);
    return at + sizeof digits - first;
}

/* Microseconds as seconds, without trailing zeroes. */
static uint8_t *put_seconds(uint8_t *at, uint64_t micros)
{
    at = put_uint(at, micros / 1000000);
    uint32_t rest = (uint32_t)(micros % 1000000);
    if (!rest)
        return at;
    *at++ = '.';
    for (uint32_t unit = 100000; rest; unit /= 10) {
        *at++ = (uint8_t)('0' + rest / unit);
        rest %= unit;
    }
    return at;
}

/* Lap times and dates are plain, but come from outside. */
static uint8_t *put_escaped(uint8_t *at, struct text text)
{
    bool plain = true;
    for (uint32_t i = 0; i < text.length; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        plain = plain && byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    }
    if (plain)
        return put_text(at, text);
    struct buffer escaped = buffer_make((size_t)text.length * 6);
    json_escape(&escaped, text);
    at = put_text(at, (struct text){(const char *)escaped.data, (uint32_t)escaped.length});
    buffer_free(&escaped);
    return at;
}

static size_t upper_bound(const struct flat_entry *entry)
{
    size_t bound = FRAME_BYTES + entry->name.length + entry->track.length;
    bound += ((size_t)entry->laptime.length + entry->date_time.length) * 6;
    for (int column = 0; column < BOARD_COLUMNS; column++)
        bound += entry->shared[column].length;
    return bound;
}

void flat_entry_append(const struct flat_entry *entry, struct buffer *out)
{
    uint8_t *at = buffer_reserve(out, upper_bound(entry));
    if (!at)
        return;
    at = put_text(literal(at, "{\"name\":\""), entry->name);
    at = put_uint(literal(at, "\",\"position\":"), entry->position);
    at = put_escaped(literal(at, ",\"laptime\":\""), entry->laptime);
    at = put_seconds(literal(at, "\",\"time_diff\":"), entry->time_diff_us);
    at = put_text(literal(at, ",\"country\":\""), entry->shared[BOARD_COUNTRY]);
    at = put_text(literal(at, "\",\"car\":\""), entry->shared[BOARD_CAR]);
    at = put_text(literal(at, "\",\"car_class\":\""), entry->shared[BOARD_CAR_CLASS]);
    at = put_text(literal(at, "\",\"team\":\""), entry->shared[BOARD_TEAM]);
    at = put_text(literal(at, "\",\"rank\":\""), entry->shared[BOARD_RANK]);
    at = put_text(literal(at, "\",\"difficulty\":\""), entry->shared[BOARD_DIFFICULTY]);
    at = put_text(literal(at, "\",\"track\":\""), entry->track);
    at = put_uint(literal(at, "\",\"track_id\":\""), entry->track_id);
    at = put_uint(literal(at, "\",\"class_id\":\""), entry->class_id);
    at = put_escaped(literal(at, "\",\"date_time\":\""), entry->date_time);
    at = put_uint(literal(at, "\",\"found\":true,\"total_entries\":"), entry->total_entries);
    *at++ = '}';
    out->length = (size_t)(at - out->data);
}
