#include "exporter/bundle.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/json_writer.h"
#include "common/memory.h"
#include "exporter/number.h"

#define FIRST_SLOTS 64u

/* Numbers of a row, all at their longest. */
#define ROW_NUMBERS_MAX ((7u + BUNDLE_COLUMNS) * NUMBER_BYTES_MAX)

struct bundle bundle_make(void)
{
    struct bundle bundle = {.escaped = buffer_make((size_t)BOARD_TEXT_MAX * 9 * 6)};
    bundle_clear(&bundle);
    return bundle;
}

void bundle_free(struct bundle *bundle)
{
    free(bundle->texts);
    free(bundle->aliases);
    free(bundle->rows);
    free(bundle->slots);
    free(bundle->alias_of_text);
    buffer_free(&bundle->escaped);
    *bundle = (struct bundle){0};
}

static struct bundle_text *append_text(struct bundle *bundle)
{
    if (bundle->text_count == bundle->text_capacity) {
        bundle->text_capacity = bundle->text_capacity ? bundle->text_capacity * 2 : FIRST_SLOTS;
        bundle->texts = memory_resize(bundle->texts, bundle->text_capacity, sizeof *bundle->texts);
    }
    return &bundle->texts[bundle->text_count++];
}

void bundle_clear(struct bundle *bundle)
{
    bundle->text_count = bundle->alias_count = bundle->row_count = 0;
    *append_text(bundle) = (struct bundle_text){"", 0, 0, true};
    bundle->slot_count = 0;
}

/* ---- making ---- */

/* Any byte that JSON cannot hold as it is, found eight at a time: below 0x20, `"` or `\`. (After Alan
 * Mycroft's test for a zero byte; bytes of 0x80 and above are none of these.) */
static bool is_plain(const char *bytes, uint32_t length)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint32_t at = 0;
    for (; at + 8 <= length; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        if ((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & tops)
            return false;
    }
    for (; at < length; at++) {
        uint8_t byte = (uint8_t)bytes[at];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            return false;
    }
    return true;
}

struct bundle_text bundle_text_of(struct text text)
{
    return (struct bundle_text){
        .data = text.length ? text.data : "",
        .length = text.length,
        .plain = is_plain(text.data, text.length),
    };
}

static uint32_t *find_slot(const struct bundle *bundle, struct text text)
{
    uint32_t mask = bundle->slot_count - 1;
    for (uint32_t at = (uint32_t)XXH3_64bits(text.data, text.length) & mask;; at = (at + 1) & mask) {
        const struct bundle_text *there = &bundle->texts[bundle->slots[at]];
        if (!bundle->slots[at] ||
            (there->length == text.length && memcmp(there->data, text.data, text.length) == 0))
            return &bundle->slots[at];
    }
}

/* Few persons have many texts, and what one needed is not to be cleared for each that follows. */
static void use_slots(struct bundle *bundle, uint32_t count)
{
    if (count > bundle->slot_capacity) {
        free(bundle->slots);
        bundle->slots = memory_zalloc(count, sizeof *bundle->slots);
        bundle->alias_of_text = memory_resize(bundle->alias_of_text, count, sizeof *bundle->alias_of_text);
        bundle->slot_capacity = count;
    }
    memset(bundle->slots, 0, count * sizeof *bundle->slots);
    memset(bundle->alias_of_text + bundle->slot_count, 0,
        (count - bundle->slot_count) * sizeof *bundle->alias_of_text);
    bundle->slot_count = count;
    for (uint32_t place = 1; place < bundle->text_count; place++)
        *find_slot(bundle, bundle_raw(bundle, place)) = place;
}

uint32_t bundle_add_text(struct bundle *bundle, struct text text)
{
    if (!text.length)
        return 0;
    if (bundle->text_count * 2 >= bundle->slot_count)
        use_slots(bundle, bundle->slot_count ? bundle->slot_count * 2 : FIRST_SLOTS);
    uint32_t *slot = find_slot(bundle, text);
    if (!*slot) {
        *slot = bundle->text_count;
        *append_text(bundle) = bundle_text_of(text);
    }
    return *slot;
}

struct bundle_row *bundle_add_row(struct bundle *bundle)
{
    if (bundle->row_count == bundle->row_capacity) {
        bundle->row_capacity = bundle->row_capacity ? bundle->row_capacity * 2 : 64;
        bundle->rows = memory_resize(bundle->rows, bundle->row_capacity, sizeof *bundle->rows);
    }
    struct bundle_row *row = &bundle->rows[bundle->row_count++];
    *row = (struct bundle_row){0};
    return row;
}

static void append_alias(struct bundle *bundle, uint32_t key)
{
    if (bundle->alias_count == bundle->alias_capacity) {
        bundle->alias_capacity = bundle->alias_capacity ? bundle->alias_capacity * 2 : 8;
        bundle->aliases = memory_resize(bundle->aliases, bundle->alias_capacity, sizeof *bundle->aliases);
    }
    bundle->aliases[bundle->alias_count++] = key;
}

uint32_t bundle_add_alias(struct bundle *bundle, uint32_t name, uint32_t key)
{
    uint32_t alias = 0;
    while (alias < bundle->alias_count && bundle->aliases[alias] != key)
        alias++;
    if (alias == bundle->alias_count)
        append_alias(bundle, key);
    bundle->alias_of_text[name] = alias + 1;
    return alias;
}

uint32_t bundle_alias_of(const struct bundle *bundle, uint32_t name)
{
    return bundle->alias_of_text[name] - 1;
}

static void append_number(struct buffer *out, uint64_t value)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    buffer_append(out, bytes, (size_t)(number_put(bytes, value) - bytes));
}

/* Both forms, where there are two. */
static void append_text_bytes(struct bundle *bundle, const struct bundle_text *text, struct buffer *out)
{
    uint8_t *start = buffer_reserve(out, (size_t)text->length + 2 * NUMBER_BYTES_MAX), *at = start;
    if (!start)
        return;
    at = number_put(at, (uint64_t)text->length << 1 | !text->plain);
    if (!text->plain) {
        buffer_clear(&bundle->escaped);
        json_escape(&bundle->escaped, (struct text){text->data, text->length});
        at = number_put(at, bundle->escaped.length);
    }
    memcpy(at, text->data, text->length);
    out->length += (size_t)(at - start) + text->length;
    if (!text->plain)
        buffer_append(out, bundle->escaped.data, bundle->escaped.length);
}

static void append_row(struct bundle *bundle, const struct bundle_row *row, struct buffer *out)
{
    uint8_t *start = buffer_reserve(out, ROW_NUMBERS_MAX);
    if (!start)
        return;
    uint8_t *at = number_put(start, row->track_id);
    at = number_put(at, row->class_id);
    at = number_put(at, row->total_entries);
    at = number_put(at, row->position);
    at = number_put(at, row->place);
    at = number_put(at, row->time_diff_us);
    at = number_put(at, row->alias);
    for (int column = 0; column < BUNDLE_COLUMNS; column++)
        at = number_put(at, row->texts[column]);
    out->length += (size_t)(at - start);
    append_text_bytes(bundle, &row->laptime, out);
    append_text_bytes(bundle, &row->date_time, out);
}

void bundle_pack(struct bundle *bundle, struct buffer *out)
{
    append_number(out, bundle->text_count - 1);
    for (uint32_t place = 1; place < bundle->text_count; place++)
        append_text_bytes(bundle, &bundle->texts[place], out);
    append_number(out, bundle->alias_count);
    for (uint32_t alias = 0; alias < bundle->alias_count; alias++)
        append_number(out, bundle->aliases[alias]);
    append_number(out, bundle->row_count);
    for (uint32_t row = 0; row < bundle->row_count; row++)
        append_row(bundle, &bundle->rows[row], out);
}

/* ---- reading ---- */

static struct bundle_text take_text(struct number_reader *reader)
{
    uint32_t number = number_take(reader, UINT32_MAX);
    struct bundle_text text = {.length = number >> 1, .plain = !(number & 1)};
    text.json_length = text.plain ? text.length : number_take(reader, UINT32_MAX);
    text.data = number_take_bytes(reader, text.length).data;
    if (!text.plain)
        number_take_bytes(reader, text.json_length);
    return reader->failed ? (struct bundle_text){"", 0, 0, true} : text;
}

bool bundle_read_keys(struct bundle *bundle, const uint8_t *start, size_t length, const uint8_t **rest)
{
    struct number_reader reader = {start, start + length, false};
    bundle->text_count = 1;
    uint32_t text_count = number_take(&reader, UINT32_MAX - 1);
    for (uint32_t i = 0; i < text_count && !reader.failed; i++) {
        struct bundle_text text = take_text(&reader);
        *append_text(bundle) = text;
    }
    bundle->alias_count = 0;
    uint32_t alias_count = number_take(&reader, UINT32_MAX);
    for (uint32_t i = 0; i < alias_count && !reader.failed; i++)
        append_alias(bundle, number_take(&reader, bundle->text_count - 1));
    *rest = reader.at;
    return !reader.failed;
}

static void take_row(struct number_reader *reader, const struct bundle *bundle, struct bundle_row *row)
{
    row->track_id = number_take(reader, UINT32_MAX);
    row->class_id = number_take(reader, UINT32_MAX);
    row->total_entries = number_take(reader, UINT32_MAX);
    row->position = number_take(reader, UINT32_MAX);
    row->place = number_take(reader, UINT32_MAX);
    row->time_diff_us = number_take_long(reader);
    row->alias = number_take(reader, bundle->alias_count - 1);
    for (int column = 0; column < BUNDLE_COLUMNS; column++)
        row->texts[column] = number_take(reader, bundle->text_count - 1);
    row->laptime = take_text(reader);
    row->date_time = take_text(reader);
}

bool bundle_read(struct bundle *bundle, const uint8_t *start, size_t length)
{
    struct number_reader reader = {start, start + length, false};
    bundle->row_count = 0;
    if (!bundle_read_keys(bundle, start, length, &reader.at))
        return false;
    uint32_t row_count = number_take(&reader, bundle->alias_count ? UINT32_MAX : 0);
    for (uint32_t i = 0; i < row_count && !reader.failed; i++)
        take_row(&reader, bundle, bundle_add_row(bundle));
    return !reader.failed && reader.at == reader.end;
}
