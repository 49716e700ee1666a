#include "exporter/httpd/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits at `*at`; false if there are none. What does not fit becomes the greatest number, which lies behind
 * the end of every file. */
static bool read_number(const char **at, uint64_t *number)
{
    const char *start = *at;
    *number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    return *at != start;
}

static enum range_outcome suffix(const char *at, uint64_t size, struct range *range)
{
    uint64_t count;
    if (!read_number(&at, &count) || *at)
        return RANGE_WHOLE;
    if (count == 0 || size == 0)
        return RANGE_OUTSIDE;
    range->length = count < size ? count : size;
    range->offset = size - range->length;
    return RANGE_PART;
}

enum range_outcome range_parse(const char *header, uint64_t size, struct range *range)
{
    static const char unit[] = "bytes=";
    if (!header || strncasecmp(header, unit, sizeof unit - 1) != 0)
        return RANGE_WHOLE;
    const char *at = header + sizeof unit - 1;
    if (*at == '-')
        return suffix(at + 1, size, range);
    uint64_t first;
    uint64_t last = UINT64_MAX;
    if (!read_number(&at, &first) || *at++ != '-')
        return RANGE_WHOLE;
    if (*at && (!read_number(&at, &last) || *at || last < first))
        return RANGE_WHOLE;
    if (first >= size)
        return RANGE_OUTSIDE;
    range->offset = first;
    range->length = (last < size - 1 ? last : size - 1) - first + 1;
    return RANGE_PART;
}
