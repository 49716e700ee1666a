#include "exporter/entry_json.h"

#include "exporter/json_put.h"

/* Bytes of names, punctuation and numbers; more than there can be. */
#define FRAME_BYTES 512u

#define literal json_put_literal

/* Microseconds as seconds, without trailing zeroes. */
static uint8_t *put_seconds(uint8_t *at, uint64_t micros)
{
    at = json_put_uint(at, micros / 1000000);
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

static inline uint8_t *put_text(uint8_t *at, const struct bundle_text *text)
{
    return json_put_text(at, bundle_json(text));
}

static uint8_t *reserve_row(
    const struct bundle *bundle, const struct bundle_row *row, size_t more, struct buffer *out)
{
    size_t bound = FRAME_BYTES + more + row->laptime.json_length + row->date_time.json_length;
    for (int column = 0; column < BUNDLE_COLUMNS; column++)
        bound += bundle->texts[row->texts[column]].json_length;
    return buffer_reserve(out, bound);
}

#define COLUMN(column) (&bundle->texts[row->texts[column]])
#define CARD(field)    (&card->texts[field])

void entry_json_flat(const struct bundle *bundle, const struct bundle_row *row, struct buffer *out)
{
    uint8_t *at = reserve_row(bundle, row, 0, out);
    if (!at)
        return;
    at = put_text(literal(at, "{\"name\":\""), COLUMN(BUNDLE_NAME));
    at = json_put_uint(literal(at, "\",\"position\":"), row->position);
    at = put_text(literal(at, ",\"laptime\":\""), &row->laptime);
    at = put_seconds(literal(at, "\",\"time_diff\":"), row->time_diff_us);
    at = put_text(literal(at, ",\"country\":\""), COLUMN(BOARD_COUNTRY));
    at = put_text(literal(at, "\",\"car\":\""), COLUMN(BOARD_CAR));
    at = put_text(literal(at, "\",\"car_class\":\""), COLUMN(BOARD_CAR_CLASS));
    at = put_text(literal(at, "\",\"team\":\""), COLUMN(BOARD_TEAM));
    at = put_text(literal(at, "\",\"rank\":\""), COLUMN(BOARD_RANK));
    at = put_text(literal(at, "\",\"difficulty\":\""), COLUMN(BOARD_DIFFICULTY));
    at = put_text(literal(at, "\",\"track\":\""), COLUMN(BUNDLE_TRACK));
    at = json_put_uint(literal(at, "\",\"track_id\":\""), row->track_id);
    at = json_put_uint(literal(at, "\",\"class_id\":\""), row->class_id);
    at = put_text(literal(at, "\",\"date_time\":\""), &row->date_time);
    at = json_put_uint(literal(at, "\",\"found\":true,\"total_entries\":"), row->total_entries);
    *at++ = '}';
    out->length = (size_t)(at - out->data);
}

void entry_json_sharded(
    const struct card *card, const struct bundle *bundle, const struct bundle_row *row, struct buffer *out)
{
    uint8_t *at = reserve_row(bundle, row, CARD(CARD_PATH_ID)->json_length, out);
    if (!at)
        return;
    at = put_text(literal(at, "{\"path_id\":\""), CARD(CARD_PATH_ID));
    at = json_put_uint(literal(at, "\",\"position\":"), row->position);
    at = put_text(literal(at, ",\"laptime\":\""), &row->laptime);
    at = put_text(literal(at, "\",\"car\":\""), COLUMN(BOARD_CAR));
    at = put_text(literal(at, "\",\"car_class\":\""), COLUMN(BOARD_CAR_CLASS));
    at = put_text(literal(at, "\",\"difficulty\":\""), COLUMN(BOARD_DIFFICULTY));
    at = json_put_uint(literal(at, "\",\"track_id\":\""), row->track_id);
    at = json_put_uint(literal(at, "\",\"class_id\":\""), row->class_id);
    at = put_text(literal(at, "\",\"date_time\":\""), &row->date_time);
    at = json_put_uint(literal(at, "\",\"total_entries\":"), row->total_entries);
    *at++ = '}';
    out->length = (size_t)(at - out->data);
}

/* A person's object up to its rank, whose string is open. NULL: no room. */
static uint8_t *put_person(const struct card *card, bool avatar, struct buffer *out)
{
    size_t bound = FRAME_BYTES;
    for (int field = 0; field < CARD_FIELDS; field++)
        bound += CARD(field)->json_length;
    uint8_t *at = buffer_reserve(out, bound);
    if (!at)
        return NULL;
    at = put_text(literal(at, "{\"name\":\""), CARD(CARD_NAME));
    at = put_text(literal(at, "\",\"path_id\":\""), CARD(CARD_PATH_ID));
    if (avatar)
        at = put_text(literal(at, "\",\"avatar\":\""), CARD(CARD_AVATAR));
    at = put_text(literal(at, "\",\"country\":\""), CARD(CARD_COUNTRY));
    at = put_text(literal(at, "\",\"team\":\""), CARD(CARD_TEAM));
    return put_text(literal(at, "\",\"rank\":\""), CARD(CARD_RANK));
}

void entry_json_person(const struct card *card, struct buffer *out)
{
    uint8_t *at = put_person(card, true, out);
    if (at)
        out->length = (size_t)(literal(at, "\"}") - out->data);
}

void entry_json_found(const struct card *card, uint32_t results, struct buffer *out)
{
    uint8_t *at = put_person(card, false, out);
    if (!at)
        return;
    at = json_put_uint(literal(at, "\",\"entries\":"), results);
    *at++ = '}';
    out->length = (size_t)(at - out->data);
}

void entry_json_text(const struct bundle_text *text, struct buffer *out)
{
    struct text json = bundle_json(text);
    buffer_append(out, json.data, json.length);
}

void entry_json_key(const struct bundle_text *key, struct buffer *out)
{
    buffer_append_byte(out, '"');
    entry_json_text(key, out);
    buffer_append(out, "\":[", 3);
}
