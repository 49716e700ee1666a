#include "exporter/statistics_average.h"

#include <gmp.h>

#define ONE ((uint64_t)1 << 63) /* 1 in fixed point */

void statistics_average_add(struct statistics_average *average, uint32_t position, uint32_t total_entries)
{
    if (total_entries < 2)
        return;
    average->count++;
    int64_t bested = (int64_t)total_entries - position;
    uint64_t others = total_entries - 1;
    if (position == 1) {
        average->sum += ONE;
        return;
    }
    average->sum += bested * (statistics_fixed)(ONE / others);
    if (others & (others - 1))
        average->error += (uint64_t)(bested < 0 ? -bested : bested);
}

void statistics_average_join(struct statistics_average *average, const struct statistics_average *other)
{
    average->sum += other->sum;
    average->error += other->error;
    average->count += other->count;
}

/* Rounds a mean in fixed point. Never falls as the mean grows, so a mean between two others that are rounded
 * to the same is too. */
static int64_t rounded(statistics_fixed mean)
{
    statistics_fixed magnitude = mean < 0 ? -mean : mean;
    if (mean > 0 && magnitude * 10000 < (statistics_fixed)ONE)
        return (int64_t)((magnitude * 1000000 + ONE / 2) / ONE);
    int64_t hundredths = (int64_t)((magnitude * 10000 + ONE / 2) / ONE);
    return mean < 0 ? -100 * hundredths : 100 * hundredths;
}

bool statistics_average_published(const struct statistics_average *average, int64_t *published)
{
    statistics_fixed mean = average->sum / average->count;
    bool cut = mean * average->count != average->sum;
    statistics_fixed error = (statistics_fixed)average->error + cut;
    *published = rounded(mean - error);
    return !error || *published == rounded(mean + error);
}

/* sum += bested / others, all but reduced: the denominator stays the least common one of the rows. */
static void add_fraction(mpz_t numerator, mpz_t denominator, mpz_t scratch, long bested, unsigned long others)
{
    unsigned long shared = mpz_gcd_ui(NULL, denominator, others);
    mpz_divexact_ui(scratch, denominator, shared);
    mpz_mul_si(scratch, scratch, bested);
    mpz_mul_ui(numerator, numerator, others / shared);
    mpz_add(numerator, numerator, scratch);
    mpz_mul_ui(denominator, denominator, others / shared);
}

/* |numerator| / denominator times `scale`, half away from zero. Changes `numerator`. */
static int64_t scaled(mpz_t numerator, const mpz_t denominator, unsigned long scale)
{
    mpz_mul_ui(numerator, numerator, 2 * scale);
    mpz_add(numerator, numerator, denominator);
    mpz_fdiv_q(numerator, numerator, denominator);
    return mpz_get_si(numerator) / 2;
}

static int64_t rounded_exactly(mpz_t numerator, const mpz_t denominator, mpz_t scratch)
{
    int sign = mpz_sgn(numerator);
    mpz_abs(numerator, numerator);
    mpz_mul_ui(scratch, numerator, 10000);
    if (sign > 0 && mpz_cmp(scratch, denominator) < 0)
        return scaled(numerator, denominator, 1000000);
    return 100 * sign * scaled(numerator, denominator, 10000);
}

int64_t statistics_average_exact(const struct statistics_row *rows, uint32_t count)
{
    mpz_t numerator, denominator, scratch;
    unsigned long counted = 0;
    mpz_inits(numerator, denominator, scratch, NULL);
    mpz_set_ui(denominator, 1);
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].total_entries < 2)
            continue;
        long bested = (long)rows[i].total_entries - (long)rows[i].position;
        add_fraction(numerator, denominator, scratch, bested, rows[i].total_entries - 1);
        counted++;
    }
    mpz_mul_ui(denominator, denominator, counted);
    int64_t published = rounded_exactly(numerator, denominator, scratch);
    mpz_clears(numerator, denominator, scratch, NULL);
    return published;
}

void statistics_average_print(int64_t published, struct buffer *out)
{
    char text[32];
    char *end = text + sizeof text, *at = end;
    uint64_t rest = published < 0 ? 0 - (uint64_t)published : (uint64_t)published;
    for (unsigned digit = 0; digit < 4; digit++, rest /= 10) {
        if (at != end || rest % 10)
            *--at = (char)('0' + rest % 10);
    }
    if (at != end)
        *--at = '.';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (published < 0)
        *--at = '-';
    buffer_append(out, at, (size_t)(end - at));
}
