/* A gap to the leader as the service writes it: within a year, and the same with spaces around it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/board.h"
#include "worker/laptime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 3);
    assert(text);
    text[0] = ' ';
    if (size)
        memcpy(text + 1, data, size);
    text[size + 1] = '\0';
    uint64_t gap_us = laptime_gap_us(text + 1);
    assert(gap_us <= BOARD_TIME_DIFF_MAX);
    assert(laptime_gap_us(text) == gap_us);
    size_t length = strlen(text);
    text[length] = ' ';
    text[length + 1] = '\0';
    assert(laptime_gap_us(text) == gap_us);
    free(text);
    return 0;
}
