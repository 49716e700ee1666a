#include "exporter/card.h"

#include "common/json_writer.h"
#include "exporter/number.h"

static void append_number(struct buffer *out, uint64_t number)
{
    uint8_t bytes[NUMBER_BYTES_MAX];
    buffer_append(out, bytes, (size_t)(number_put(bytes, number) - bytes));
}

void card_pack(const struct card *card, struct buffer *scratch, struct buffer *out)
{
    size_t escaped[CARD_FIELDS];
    buffer_clear(scratch);
    for (int field = 0; field < CARD_FIELDS; field++) {
        const struct bundle_text *text = &card->texts[field];
        size_t start = scratch->length;
        append_number(out, (uint64_t)text->length << 1 | !text->plain);
        if (text->plain)
            continue;
        json_escape(scratch, (struct text){text->data, text->length});
        escaped[field] = scratch->length - start;
        append_number(out, escaped[field]);
    }
    append_number(out, card->has_second_key);
    size_t at = 0;
    for (int field = 0; field < CARD_FIELDS; field++) {
        const struct bundle_text *text = &card->texts[field];
        buffer_append(out, text->data, text->length);
        if (text->plain)
            continue;
        buffer_append(out, scratch->data + at, escaped[field]);
        at += escaped[field];
    }
}

bool card_read(struct card *card, const uint8_t *bytes, size_t length)
{
    struct number_reader reader = {bytes, bytes + length, false};
    for (int field = 0; field < CARD_FIELDS; field++) {
        uint32_t number = number_take(&reader, UINT32_MAX);
        struct bundle_text *text = &card->texts[field];
        text->length = number >> 1;
        text->plain = !(number & 1);
        text->json_length = text->plain ? text->length : number_take(&reader, UINT32_MAX);
    }
    card->has_second_key = number_take(&reader, 1);
    for (int field = 0; field < CARD_FIELDS; field++) {
        struct bundle_text *text = &card->texts[field];
        text->data = number_take_bytes(&reader, text->length).data;
        if (!text->plain)
            number_take_bytes(&reader, text->json_length);
    }
    return !reader.failed && reader.at == reader.end;
}
