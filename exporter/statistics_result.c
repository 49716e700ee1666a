#include "exporter/statistics_result.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "exporter/json_put.h"
#include "exporter/statistics_average.h"

/* Keys, punctuation and numbers: usually, and more than there can be. */
#define FRAME_BYTES     150u
#define FRAME_BYTES_MAX 320u

#define literal json_put_literal

static uint32_t texts_length(const struct statistics_person *person)
{
    return person->key_json.length + person->name_json.length + person->avatar_json.length +
           person->country_json.length + person->team_json.length + person->rank_json.length;
}

uint32_t statistics_result_size(uint32_t person_bytes)
{
    return FRAME_BYTES + person_bytes;
}

void statistics_result_append(
    const struct statistics_person *person, const struct statistics_score *score, struct buffer *out)
{
    uint8_t *at = buffer_reserve(out, (size_t)FRAME_BYTES_MAX + texts_length(person));
    if (!at)
        return;
    at = json_put_text(literal(at, "{\"driver_key\":\""), person->key_json);
    at = json_put_text(literal(at, "\",\"name\":\""), person->name_json);
    at = json_put_text(literal(at, "\",\"avatar\":\""), person->avatar_json);
    at = json_put_text(literal(at, "\",\"country\":\""), person->country_json);
    at = json_put_text(literal(at, "\",\"team\":\""), person->team_json);
    at = json_put_text(literal(at, "\",\"rank\":\""), person->rank_json);
    at = json_put_uint(literal(at, "\",\"pole_positions\":"), score->poles);
    at = json_put_uint(literal(at, ",\"bested_drivers\":"), score->bested);
    at = json_put_uint(literal(at, ",\"podiums\":"), score->podiums);
    at = literal(at, ",\"avg_bested\":");
    out->length = (size_t)(at - out->data);
    statistics_average_print(statistics_score_average(score), out);
    at = json_put_uint(literal(out->data + out->length, ",\"entries\":"), score->entries);
    *at++ = '}';
    out->length = (size_t)(at - out->data);
}

uint64_t statistics_result_digest(uint64_t person_digest, const struct statistics_score *score)
{
    const uint64_t parts[] = {person_digest, score->bested, (uint64_t)statistics_score_average(score),
        (uint64_t)score->poles << 32 | score->podiums, score->entries};
    return XXH3_64bits(parts, sizeof parts);
}
