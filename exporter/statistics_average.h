#ifndef R3E_EXPORTER_STATISTICS_AVERAGE_H
#define R3E_EXPORTER_STATISTICS_AVERAGE_H
/* avg_bested: the mean of (N - P) / (N - 1) over the rows with N ≥ 2, in per cent, rounded once to two
 * decimals, half away from zero (to four where it is above zero and below 0.01).
 *
 * Sums are kept in fixed point together with a bound of their error. Where the bound leaves open how to round
 * (next to a half, which a mean over boards of 33 entries, say, often is), the mean is computed again as a
 * fraction, by libgmp. So the published value is exact, and the rows that need the fraction are few.
 *
 * Published values are whole numbers of ten-thousandths of a per cent: 833300 for 83.33. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/statistics.h"

__extension__ typedef __int128 statistics_fixed;

/* All zeroes is the empty one. */
struct statistics_average {
    statistics_fixed sum; /* times 2^63 */
    uint64_t error;       /* the true sum is at most so far from `sum`, in the same unit */
    uint32_t count;       /* rows with N ≥ 2 */
};

/* Takes in one row. Good for 2^24 rows of the largest numbers there can be. */
void statistics_average_add(struct statistics_average *average, uint32_t position, uint32_t total_entries);

/* Adds the rows of `other` to those of `average`. */
void statistics_average_join(struct statistics_average *average, const struct statistics_average *other);

/* The published value of an average with a count above 0; false where the bound does not decide it. */
bool statistics_average_published(const struct statistics_average *average, int64_t *published);

/* The same, exactly, from the rows (of which at least one has N ≥ 2). */
int64_t statistics_average_exact(const struct statistics_row *rows, uint32_t count);

/* Appends a published value as a JSON number without trailing zeroes: 100, 16.5, 83.33, 0.0012. */
void statistics_average_print(int64_t published, struct buffer *out);

#endif
