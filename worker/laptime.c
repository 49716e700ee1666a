#include "worker/laptime.h"

#include <stdbool.h>

#include "common/board.h"

#define SECOND_US      UINT64_C(1000000)
#define DIGITS_MOST    9 /* of a whole number; keeps every product far below 2^64 */
#define FRACTION_PLACE 100000

static const char *skip_spaces(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number in millionths. False if there is none. */
static bool read_number(const char **at, uint64_t *micros)
{
    uint64_t whole = 0;
    int digits = 0;
    for (; is_digit(**at); (*at)++, digits++)
        whole = digits < DIGITS_MOST ? whole * 10 + (uint64_t)(**at - '0') : UINT32_MAX;
    *micros = whole * SECOND_US;
    if (**at == '.') {
        (*at)++;
        for (uint64_t place = FRACTION_PLACE; is_digit(**at); (*at)++, place /= 10, digits++)
            *micros += (uint64_t)(**at - '0') * place;
    }
    return digits > 0 && digits < 2 * DIGITS_MOST;
}

static uint64_t unit_factor(char unit)
{
    return unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 's' ? 1 : 0;
}

uint64_t laptime_gap_us(const char *string)
{
    const char *at = skip_spaces(string);
    uint64_t total = 0, last_factor = UINT64_MAX;
    if (*at == '+')
        at = skip_spaces(at + 1);
    while (*at) {
        uint64_t micros;
        if (!read_number(&at, &micros))
            return 0;
        uint64_t factor = unit_factor(*at);
        if (factor == 0 || factor >= last_factor)
            return 0;
        last_factor = factor;
        total += micros * factor;
        at = skip_spaces(at + 1);
    }
    return total <= BOARD_TIME_DIFF_MAX ? total : 0;
}
