/* A bundle and a card of the exporter's ledger, damaged: whatever is read names only what is there. */
#include <assert.h>

#include "exporter/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t length_of(const struct bundle_text *text)
{
    size_t sum = bundle_json(text).length;
    for (uint32_t i = 0; i < text->length; i++) /* each byte is touched */
        sum += text->data[i] == '"';
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle bundle = bundle_make();
    struct card card;
    size_t sum = 0;
    if (bundle_read(&bundle, data, size)) {
        for (uint32_t i = 0; i < bundle.text_count; i++)
            sum += length_of(&bundle.texts[i]);
        for (uint32_t i = 0; i < bundle.row_count; i++) {
            const struct bundle_row *row = &bundle.rows[i];
            assert(row->alias < bundle.alias_count && bundle.aliases[row->alias] < bundle.text_count);
            for (int column = 0; column < BUNDLE_COLUMNS; column++)
                assert(row->texts[column] < bundle.text_count);
            sum += length_of(&row->laptime) + length_of(&row->date_time);
        }
    }
    if (card_read(&card, data, size)) {
        for (int field = 0; field < CARD_FIELDS; field++)
            sum += length_of(&card.texts[field]);
    }
    assert(sum < SIZE_MAX);
    bundle_free(&bundle);
    return 0;
}
