#ifndef R3E_EXPORTER_ENTRY_JSON_H
#define R3E_EXPORTER_ENTRY_JSON_H
/* What the index files say of rows and persons, as JSON (FORMATS). Written without json_writer: there are
 * millions of entries, and their texts are escaped already. Whether it
 * fitted shows in `out`. */
#include "common/buffer.h"
#include "exporter/card.h"

/* An entry of driver_index.json.gz, as an object. */
void entry_json_flat(const struct bundle *bundle, const struct bundle_row *row, struct buffer *out);

/* An entry of index/entries/…, as an object. */
void entry_json_sharded(
    const struct card *card, const struct bundle *bundle, const struct bundle_row *row, struct buffer *out);

/* A person in index/people/…, as an object, with the number of his results. */
void entry_json_found(const struct card *card, uint32_t results, struct buffer *out);

/* A person in index/metadata/…, as an object. */
void entry_json_person(const struct card *card, struct buffer *out);

/* A text escaped, without quotes. */
void entry_json_text(const struct bundle_text *text, struct buffer *out);

/* `"text":[` */
void entry_json_key(const struct bundle_text *key, struct buffer *out);

#endif
