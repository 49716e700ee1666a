/* A Retry-After field at any time of day (the first eight bytes): nobody waits longer than a day, and a date
 * is nearer when more time has gone. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "worker/retry_after.h"

#define YEAR_MS (INT64_C(366) * 86400 * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t wall_ms;
    if (size < sizeof wall_ms)
        return 0;
    memcpy(&wall_ms, data, sizeof wall_ms);
    wall_ms = wall_ms % (200 * YEAR_MS);
    char *text = malloc(size - sizeof wall_ms + 1);
    assert(text);
    memcpy(text, data + sizeof wall_ms, size - sizeof wall_ms);
    text[size - sizeof wall_ms] = '\0';
    uint64_t wait_ms = retry_after_ms(text, wall_ms);
    assert(wait_ms <= RETRY_AFTER_MOST_MS);
    assert(retry_after_ms(text, wall_ms + 1000) <= wait_ms);
    free(text);
    return 0;
}
