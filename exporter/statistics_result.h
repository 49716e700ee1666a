#ifndef R3E_EXPORTER_STATISTICS_RESULT_H
#define R3E_EXPORTER_STATISTICS_RESULT_H
/* One element of `results` (FORMATS, "Sharded layout") as JSON. Written without json_writer: there are
 * hundreds of thousands, and their strings are escaped already. */
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/statistics.h"
#include "exporter/statistics_scores.h"

/* Appends the object. Whether it fitted shows in `out`. */
void statistics_result_append(
    const struct statistics_person *person, const struct statistics_score *score, struct buffer *out);

/* About how many bytes that is, for a person whose published texts have so many. */
uint32_t statistics_result_size(uint32_t person_bytes);

/* A hash of all that the object is made of; `person_digest` is that of the person. */
uint64_t statistics_result_digest(uint64_t person_digest, const struct statistics_score *score);

#endif
